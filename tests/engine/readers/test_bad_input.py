"""Each bad input that a user may bring: refused or accounted for in one sentence."""

from __future__ import annotations

import gzip
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from tests.engine.readers.inputs import (
    MAF_HEADER,
    TP53,
    account,
    findings,
    maf,
    read,
    table,
    write_study,
)

SOUND = maf(*({"Start_Position": str(25_398_000 + n)} for n in range(1000)))


@dataclass(frozen=True)
class Refused:
    """A file that is refused as a whole."""

    name: str
    content: bytes
    rule: str
    sentence: str
    line: int | None = None


def comma(text: str) -> str:
    return text.replace("\t", ",")


REFUSED = [
    Refused("empty file", b"", "empty-file", "the file is empty"),
    Refused("blank lines only", b"\n\n\n", "empty-file", "the file is empty"),
    Refused("header only", maf().encode(), "header-only", "there is a header and no row", None),
    Refused("commas", comma(maf({})).encode(), "wrong-delimiter", "11 commas and no tab", 1),
    Refused("semicolons", maf({}).replace("\t", ";").encode(), "wrong-delimiter", "semicolons", 1),
    Refused("blanks", maf({}).replace("\t", " ").encode(), "wrong-delimiter", "spaces", 1),
    Refused("UTF-16", maf({}).encode("utf-16"), "encoding", "UTF-16"),
    Refused("UTF-16 without mark", maf({}).encode("utf-16-le"), "encoding", "UTF-16"),
    Refused("latin-1", maf({}, {"HGVSp_Short": "é"}).encode("latin-1"), "encoding", "UTF-8", 3),
    Refused("CR only", maf({}, {}).replace("\n", "\r").encode(), "line-breaks", "line feeds", 1),
    Refused("truncated gzip", gzip.compress(SOUND.encode())[:-900], "truncated-gzip", "too early"),
    Refused(
        "gzip bomb", gzip.compress(maf({}).encode() + b"A\t" * (1 << 24)), "expansion", "100 times"
    ),
    Refused(
        "missing required column",
        maf({}, header=[c for c in MAF_HEADER if c != "Hugo_Symbol"]).encode(),
        "missing-column",
        "the column Hugo_Symbol is missing",
        1,
    ),
    Refused(
        "misspelled column",
        maf({}).replace("Variant_Classification", "Variant_Clasification").encode(),
        "missing-column",
        "Rename the column 'Variant_Clasification'",
        1,
    ),
    Refused(
        "repeated column", maf({}).replace("HGVSp_Short", "Chromosome").encode(),
        "repeated-column", "stands twice", 1,
    ),
    Refused(
        "broken rows", (maf({}, {}) + "KRAS\t1\n" * 3).encode(), "column-count", "3 of 5 rows", 4
    ),
    Refused(
        "mixed builds", maf({}, {"NCBI_Build": "GRCh38"}).encode(), "mixed-genomes",
        "expected one genome build", 3,
    ),
    Refused("a zip archive", b"PK\x03\x04" + b"x" * 99, "archive", "zip archive"),
    Refused(
        "a line of 17 MiB", maf({}, {"HGVSp_Short": "x" * (17 << 20)}).encode(),
        "line-too-long", "longer than 16 MiB", 3,
    ),
    Refused(
        "10,001 columns",
        maf({}, header=[*MAF_HEADER, *(f"c{n}" for n in range(10_001 - len(MAF_HEADER)))]).encode(),
        "too-many-columns", "10,001 columns", 1,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED, ids=[case.name for case in REFUSED])
def test_a_file_is_refused_in_one_sentence_and_quickly(tmp_path: Path, case: Refused) -> None:
    path = tmp_path / "upload.maf"
    path.write_bytes(case.content)
    started = time.perf_counter()
    with pytest.raises(ImportRefusedError, match=case.sentence) as caught:
        read(path)
    assert time.perf_counter() - started < 2
    assert caught.value.rule == case.rule
    assert caught.value.file == "upload.maf"
    assert case.line in (None, caught.value.line)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.advice


ACCOUNTED: list[tuple[str, str, dict[str, int], tuple[int, int, int, int]]] = [
    ("a quote that closes 900 rows later",
     SOUND.replace("p.G12D", '"p.G12D', 1)[:-200] + SOUND[-200:].replace("p.G12D", 'p.G12D"', 1),
     {"stray-quote": 2}, (1000, 1000, 0, 0)),
    ("quotes around fields", maf({"Hugo_Symbol": '"KRAS"', "HGVSp_Short": '"p.G12D"'}),
     {"quoted-field": 2}, (1, 1, 0, 0)),
    ("a line that is cut", SOUND + "KRAS\t3845", {"column-count": 1}, (1001, 1000, 1, 0)),
    ("blank lines", maf({}) + "\n\n" + maf(TP53).split("\n", 1)[1] + "\n",
     {"blank-line": 3}, (5, 2, 0, 3)),
    ("gene symbols damaged by Excel", maf({}, {"Hugo_Symbol": "1-Mar"}, {"Hugo_Symbol": "2-Sep"}),
     {"excel-symbol": 2}, (3, 1, 2, 0)),
    ("Windows line breaks", maf({}, TP53).replace("\n", "\r\n"), {}, (2, 2, 0, 0)),
    ("a UTF-8 mark", "\ufeff" + maf({}), {}, (1, 1, 0, 0)),
    ("no last line break", maf({}, TP53).rstrip("\n"), {}, (2, 2, 0, 0)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "expected", "lines"),
    [case[1:] for case in ACCOUNTED],
    ids=[case[0] for case in ACCOUNTED],
)
def test_every_line_of_a_damaged_file_is_accounted_for(
    tmp_path: Path, content: str, expected: dict[str, int], lines: tuple[int, int, int, int]
) -> None:
    path = tmp_path / "upload.maf"
    path.write_bytes(content.encode())
    cohort = read(path)
    assert findings(cohort) == expected
    assert account(cohort, "upload.maf") == lines


def test_samples_without_clinical_rows(tmp_path: Path) -> None:
    text = maf({}, {"Tumor_Sample_Barcode": "X1"}, {"Tumor_Sample_Barcode": "X2"})
    cohort = read(write_study(tmp_path / "s", data_mutations=text))
    assert findings(cohort) == {"sample-not-in-clinical": 2}


def test_an_unknown_panel(tmp_path: Path) -> None:
    matrix = table(["SAMPLE_ID", "mutations"], [["S1", "ACME7"]])
    with pytest.raises(ImportRefusedError, match="ACME7"):
        read(write_study(tmp_path / "s", data_gene_panel_matrix=matrix))


def test_a_tumor_with_no_alteration_and_one_with_20_000(tmp_path: Path) -> None:
    calls = [{"Start_Position": str(25_300_000 + n)} for n in range(20_000)]
    cohort = read(write_study(tmp_path / "s", data_mutations=maf(*calls)))
    assert cohort.samples["sample_id"].to_pylist() == ["S1", "S2", "S3"]
    assert cohort.alterations["sample_id"].unique().to_pylist() == ["S1"]
    assert cohort.alterations.num_rows == 20_000
