from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.readers.options import ReadOptions
from engine.readers.read import read_input
from tests.engine.readers.inputs import clinical, maf, read, read_text, table, write_study

VCF = (
    "##fileformat=VCFv4.2\n##reference=GRCh37\n##contig=<ID=12>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n12\t25398284\t.\tC\tT\t.\tPASS\t.\n"
)


@pytest.mark.parametrize("name", ["a.maf", "a.txt", "a.tsv", "a", "a.vcf"])
def test_a_maf_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    assert read_text(tmp_path, maf({}), name=name).alterations.num_rows == 1


@pytest.mark.parametrize("name", ["a.vcf", "a.txt", "a.maf"])
def test_a_vcf_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    cohort = read_text(tmp_path, VCF, name=name)
    assert cohort.alterations["hugo_symbol"].to_pylist() == ["KRAS"]


@pytest.mark.parametrize("content", [maf({}), VCF], ids=["maf", "vcf"])
def test_compressed_files_are_read(tmp_path: Path, content: str) -> None:
    cohort = read_text(tmp_path, gzip.compress(content.encode()), name="a.gz")
    assert cohort.alterations["hugo_symbol"].to_pylist() == ["KRAS"]


def test_a_plain_table_is_told_by_its_columns(tmp_path: Path) -> None:
    text = table(["sample", "gene", "kind"], [["A", "KRAS", "missense"]])
    assert read_text(tmp_path, text).alterations.num_rows == 1


def test_a_folder_with_data_files_is_a_study(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s")
    (study / "meta_study.txt").unlink()
    assert read(study).samples.num_rows == 3


def test_another_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").touch()
    with pytest.raises(ImportRefusedError, match=r"neither meta_study\.txt nor") as caught:
        read(tmp_path)
    assert (caught.value.rule, caught.value.value) == ("unknown-format", "x.pdf")


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="there is no such file"):
        read(tmp_path / "nothing.maf")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (clinical({"PATIENT_ID": "STRING", "SEX": "STRING"}, [["P", "F"]]), "a clinical file"),
        (table(["SAMPLE_ID", "mutations"], [["S1", "IMPACT341"]]), "a panel matrix"),
        (table(["Hugo_Symbol", "S1", "S2"], [["KRAS", "0", "2"]]), "a matrix of genes"),
        (table(["x", "y"], [["1", "2"]]), "a table with other columns"),
    ],
)
def test_other_tables_are_refused_by_what_they_are(
    tmp_path: Path, content: str, found: str
) -> None:
    with pytest.raises(ImportRefusedError, match=found) as caught:
        read_text(tmp_path, content)
    assert "a cBioPortal study folder, a MAF, a VCF" in caught.value.problem


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    read_input(
        write_study(tmp_path / "s"), ReadOptions(), GeneTable.load(), lambda *s: told.append(s)
    )
    assert [done for _, done, _ in told] == [0, 1, 2, 3, 4, 5]
    assert told[0] == ("Reading clinical data", 0, 5)
