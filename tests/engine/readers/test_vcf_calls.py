from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers.vcf_calls import Alleles, maf_alleles
from tests.engine.readers.inputs import findings
from tests.engine.readers.vcfs import META, read_vcf_text, rows, vcf

DNA = st.text("ACGT", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("reference", "alternative", "expected"),
    [
        ("C", "T", Alleles(100, "C", "T", 0)),
        ("c", "t", Alleles(100, "C", "T", 0)),
        ("CA", "TG", Alleles(100, "CA", "TG", 0)),
        ("CA", "TA", Alleles(100, "C", "T", 0)),
        ("CA", "C", Alleles(101, "A", "-", -1)),
        ("C", "CAT", Alleles(100, "-", "AT", 2)),
        ("GAAGA", "GGA", Alleles(101, "AA", "-", -2)),
        ("TAC", "TGGC", Alleles(101, "A", "GG", 1)),
    ],
)
def test_alleles_are_written_as_in_a_maf(
    reference: str, alternative: str, expected: Alleles
) -> None:
    assert maf_alleles(100, reference, alternative) == expected


@given(before=DNA, after=DNA, reference=DNA, alternative=DNA)
def test_shared_bases_around_do_not_change_a_variant(
    before: str, after: str, reference: str, alternative: str
) -> None:
    padded = maf_alleles(100, before + reference + after, before + alternative + after)
    assert padded.indel_length == len(alternative) - len(reference)
    assert padded.indel_length == len(padded.tumor.strip("-")) - len(padded.reference.strip("-"))
    assert 99 <= padded.start <= 100 + len(before + reference + after)


@pytest.mark.parametrize(
    ("keys", "values", "vaf"),
    [
        ("GT:AF:AD", "0/1:0.31:60,40", 0.31),  # Mutect2
        ("GT:FA:AD", "0:0.07:13,1", 0.07),  # Mutect 1
        ("GT:AD:DP", "0/1:60,40:100", 0.4),
        ("GT:AD:DP", "0/1:.,21:54", 21 / 54),
        ("GT:AD", "0/1:30,10", 0.25),
        ("GT:RD:AD:FREQ", "0/1:30:10:38.46%", 0.3846),  # VarScan
        ("GT:RD:AD", "0/1:30:10", 0.25),
        ("DP:AU:CU:GU:TU", "50:0,0:30,31:0,0:10,12", 0.25),  # Strelka substitution
        ("DP:TAR:TIR", "50:30,31:10,12", 0.25),  # Strelka indel
        ("GT:RO:AO", "0/1:30:10", 0.25),  # FreeBayes
        ("GT:NR:NV", "0/1:40:10", 0.25),  # Platypus
        ("GT:DP4", "0/1:20,10,6,4", 0.25),  # samtools
        ("GT:AD:DP", "0/1:0,0:0", None),
        ("GT", "0/1", None),
    ],
)
def test_the_allele_fraction_is_read_as_callers_write_it(
    tmp_path: Path, keys: str, values: str, vaf: float | None
) -> None:
    meta = (*META[:4], *([] if "RD" in keys else META[4:]))
    text = vcf({"FORMAT": keys, "NORMAL": ".", "TUMOR": values}, meta=meta)
    (found,) = rows(read_vcf_text(tmp_path, text), "vaf")
    assert found == (None if vaf is None else pytest.approx(vaf),)


def test_without_sample_columns_the_strand_counts_tell_the_fraction(tmp_path: Path) -> None:
    text = vcf({"INFO": "DP=40;DP4=20,10,6,4"}, samples=())
    assert rows(read_vcf_text(tmp_path, text), "vaf") == [(0.25,)]


def test_an_impossible_fraction_is_told_and_left_out(tmp_path: Path) -> None:
    text = vcf({"FORMAT": "GT:AF", "NORMAL": "0/0:0", "TUMOR": "0/1:40"})
    cohort = read_vcf_text(tmp_path, text)
    assert rows(cohort, "vaf") == [(None,)]
    assert findings(cohort, "warning") == {"vaf-range": 1}


@pytest.mark.parametrize(
    ("samples", "tumor", "num_calls"),
    [
        (["NORMAL", "TUMOR"], "0/0:43,4:47", 1),  # pindel calls so against the normal
        (["NORMAL", "TUMOR"], "./.:43,4:47", 1),
        (["NORMAL", "TUMOR"], "0/0:43,0:43", 0),
        (["TUMOR"], "0/0:43,4:47", 0),
        (["TUMOR"], "0|1:43,4:47", 1),
        (["TUMOR"], "1:43,4:47", 1),
    ],
)
def test_the_genotype_tells_whether_a_tumor_carries_the_allele(
    tmp_path: Path, samples: list[str], tumor: str, num_calls: int
) -> None:
    cohort = read_vcf_text(tmp_path, vcf({"TUMOR": tumor}, samples=samples))
    assert cohort.alterations.num_rows == num_calls
    assert findings(cohort, "skipped") == ({} if num_calls else {"not-called": 1})


def test_the_filter_and_status_of_a_single_sample_count(tmp_path: Path) -> None:
    lines = [
        {"FORMAT": "GT:FT", "NORMAL": "0/0:PASS", "TUMOR": "0/1:weak"},
        {"FORMAT": "GT:SS", "NORMAL": "0/0:.", "TUMOR": "0/1:1", "POS": "25398285"},
        {"FORMAT": "GT:SS", "NORMAL": "0/0:.", "TUMOR": "0/1:2", "POS": "25398286"},
    ]
    cohort = read_vcf_text(tmp_path, vcf(*lines))
    assert rows(cohort, "start_position") == [(25398286,)]
    assert findings(cohort, "skipped") == {"filter": 1, "not-somatic": 1}
