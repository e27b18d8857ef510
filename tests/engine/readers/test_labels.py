from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from engine.readers.labels import read_labels


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_tabs_and_commas(tmp_path: Path, delimiter: str) -> None:
    lines = ["# made by hand", "Sample_ID,study_id,label,note", "A,one,R,", "B,,NR,x", "", "C,,NA,"]
    file = _write(tmp_path / "my.txt", "\ufeff" + "\n".join(lines).replace(",", delimiter) + "\n")
    found = read_labels(file)
    assert [(r.line, r.sample_id, r.study_id, r.label) for r in found.rows] == [
        (3, "A", "one", "R"),
        (4, "B", None, "NR"),
    ]
    assert found.num_unlabeled == 1
    assert len(found.digest) == 64


def test_gzip_is_read(tmp_path: Path) -> None:
    file = tmp_path / "my.tsv.gz"
    file.write_bytes(gzip.compress(b"sample_id\tlabel\nA\tR\n"))
    assert read_labels(file).rows[0].label == "R"


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("\n\n", "empty-file", None),
        ("sample_id,class\nA,R\n", "missing-column", 1),
        ("sample_id,label,label\nA,R,R\n", "repeated-column", 1),
        ("sample_id,label\nA,R,x\n", "wrong-number-of-columns", 2),
        ("sample_id,label\n,R\n", "missing-sample", 2),
        ("sample_id,label\nA,R\nA,NR\n", "repeated-sample", 3),
        (f"sample_id,label\nA,{'x' * 61}\n", "bad-label", 2),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, rule: str, line: int | None) -> None:
    with pytest.raises(ImportRefusedError, match=rule) as caught:
        read_labels(_write(tmp_path / "my.csv", text))
    assert (caught.value.file, caught.value.rule, caught.value.line) == ("my.csv", rule, line)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "my.csv"
    file.write_bytes("sample_id,label\nA,größer\n".encode("latin-1"))
    with pytest.raises(ImportRefusedError, match="not-utf-8"):
        read_labels(file)
