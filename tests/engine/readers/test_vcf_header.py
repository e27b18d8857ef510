from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from engine.readers.options import Limits
from engine.readers.vcf_header import parse_header, parse_pairs
from tests.engine.readers.inputs import account
from tests.engine.readers.vcfs import ANN_META, KRAS, META, ann, read_vcf_text, rows, vcf

LENGTH_38 = "##contig=<ID=chr1,length=248956422>"


@pytest.mark.parametrize(
    ("text", "rule", "message"),
    [
        ("##fileformat=\n#CHROM\tPOS\n", "fileformat", "does not state version 4"),
        ("##fileformat=VCFv3.3\n#CHROM\tPOS\n", "fileformat", "does not state version 4"),
        ("##fileformat=VCFv4.2\n##reference=x\n", "header-line", "column names is missing"),
        ("##fileformat=VCFv4.2\n12\t1\t.\tA\tT\t.\t.\t.\n", "header-line", "names is missing"),
        (vcf().replace("POS", "POSITION"), "header-line", "column names are wrong"),
        (vcf().replace("#CHROM\t", "#CHROM "), "header-line", "separated by tabs"),
        (vcf(samples=()).rstrip() + "\tFORMAT\n", "header-line", "no sample column"),
        (vcf(KRAS, samples=["TUMOR", "TUMOR"]), "repeated-sample", "repeated or has no name"),
        (vcf(samples=["TUMOR", ""]), "repeated-sample", "repeated or has no name"),
        (vcf(samples=["NORMAL"]), "no-tumor", "every sample column is a normal"),
    ],
)  # fmt: skip
def test_files_that_are_no_vcf_are_refused(
    tmp_path: Path, text: str, rule: str, message: str
) -> None:
    with pytest.raises(ImportRefusedError, match=message) as caught:
        read_vcf_text(tmp_path, text)
    assert (caught.value.rule, caught.value.file) == (rule, "calls.vcf")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ImportRefusedError, match="the file is empty"):
        parse_header("calls.vcf", [], Limits())


def test_too_many_samples_are_refused() -> None:
    lines = vcf(samples=[f"S{n}" for n in range(20)]).splitlines()
    with pytest.raises(ImportRefusedError, match="29 columns; expected at most 25"):
        parse_header("calls.vcf", lines, Limits(max_columns=25))


@pytest.mark.parametrize(
    ("line", "genome"),
    [
        ("##contig=<ID=1,length=249250621>", "GRCh37"),
        ("##contig=<ID=chr1,length=249250621,assembly=hg19>", "GRCh37"),
        (LENGTH_38, "GRCh38"),
        ("##reference=file:///ref/human_g1k_v37.fasta", "GRCh37"),
        ("##reference=file:///ref/hs37d5.fa", "GRCh37"),
        ("##reference=GRCh38.d1.vd1.fa", "GRCh38"),
        ("##assembly=ftp://host/hg38.fa", "GRCh38"),
        ('##VEP="v110" cache="/c/110_GRCh38" assembly="GRCh38.p14"', "GRCh38"),
        ('##SnpEffCmd="SnpEff  GRCh37.75 in.vcf "', "GRCh37"),
    ],
)
def test_the_genome_is_read_from_the_header(tmp_path: Path, line: str, genome: str) -> None:
    cohort = read_vcf_text(tmp_path, vcf(KRAS, meta=(line, *META[1:])))
    assert cohort.study.genome == genome
    assert not any("was assumed. State it with --genome" in note for note in cohort.notes)


def test_a_genome_that_nobody_states_is_assumed_and_noted(tmp_path: Path) -> None:
    cohort = read_vcf_text(tmp_path, vcf(KRAS, meta=META[1:]))
    assert cohort.study.genome == "GRCh37"
    assert any("GRCh37 was assumed" in note for note in cohort.notes)


def test_the_stated_genome_stands_where_the_header_is_silent(tmp_path: Path) -> None:
    cohort = read_vcf_text(tmp_path, vcf(KRAS, meta=META[1:]), genome="hg38")
    assert cohort.study.genome == "GRCh38"


def test_a_header_against_the_stated_genome_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="header says GRCh37, but GRCh38 is stated"):
        read_vcf_text(tmp_path, vcf(KRAS), genome="GRCh38")


def test_a_header_against_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="names both GRCh37 and GRCh38") as caught:
        read_vcf_text(tmp_path, vcf(KRAS, meta=(*META, LENGTH_38)))
    assert caught.value.line == len(META) + 2


def test_mixed_names_of_chromosomes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="with and without 'chr'") as caught:
        read_vcf_text(tmp_path, vcf(KRAS, {"CHROM": "chr12"}))
    assert (caught.value.rule, caught.value.line) == ("mixed-contigs", len(META) + 4)


def test_annotated_genes_that_lie_elsewhere_are_refused(tmp_path: Path) -> None:
    calls = [
        {
            "CHROM": "17", "POS": str(7_674_220 + n),  # TP53 in GRCh38
            "INFO": "ANN=" + ann(Annotation="missense_variant", Gene_Name="TP53"),
        }
        for n in range(6)
    ]  # fmt: skip
    text = vcf(*calls, meta=(*META[1:], ANN_META))
    with pytest.raises(ImportRefusedError, match=r"where GRCh38 has them.*State --genome GRCh38"):
        read_vcf_text(tmp_path, text)
    assert account(read_vcf_text(tmp_path, text, genome="GRCh38"), "calls.vcf") == (6, 6, 0, 0)


@pytest.mark.parametrize(
    ("samples", "meta", "tumors"),
    [
        (["NORMAL", "TUMOR"], (), ["calls"]),
        (["TUMOR", "NORMAL"], (), ["calls"]),
        (["P1", "P2"], ("##tumor_sample=P2", "##normal_sample=P1"), ["P2"]),
        (["P1", "P2"], ("##normal_sample=P1",), ["P2"]),
        (["P1_normal", "P1_tumor"], (), ["P1_tumor"]),
        (["P1_blood", "P1_met"], (), ["P1_met"]),
        (["TCGA-AA-0001-10A-01D", "TCGA-AA-0001-01A-01D"], (), ["TCGA-AA-0001-01A-01D"]),
        (["DNA_NORMAL", "DNA_TUMOR", "RNA_TUMOR"], (), ["calls"]),
        (["TUMOR"], ("##SAMPLE=<ID=TUMOR,NAME=TCGA-AA-0001-01A>",), ["TCGA-AA-0001-01A"]),
        (["A", "B"], (), ["A", "B"]),
        ([], (), ["calls"]),
    ],
)  # fmt: skip
def test_tumor_columns_are_found(
    tmp_path: Path, samples: list[str], meta: tuple[str, ...], tumors: list[str]
) -> None:
    call = {**KRAS, **dict.fromkeys(samples, "0/1:60,40:100")}
    cohort = read_vcf_text(tmp_path, vcf(call, samples=samples, meta=(*META, *meta)))
    assert cohort.samples["sample_id"].to_pylist() == tumors
    assert sorted(cohort.alterations["sample_id"].to_pylist()) == tumors
    assert any("Read as tumor" in note or "no sample column" in note for note in cohort.notes)


def test_each_tumor_of_a_file_has_its_own_calls(tmp_path: Path) -> None:
    call = {"A": "0/1:60,40:100", "B": "0/0:50,0:50", "C": "./.:.:."}
    text = vcf(call, {**call, "POS": "25398285", "C": "1/1:0,9:9"}, samples=["A", "B", "C"])
    cohort = read_vcf_text(tmp_path, text)
    assert rows(cohort, "sample_id", "start_position", "vaf") == [
        ("A", 25398284, pytest.approx(0.4)),
        ("A", 25398285, pytest.approx(0.4)),
        ("C", 25398285, 1.0),
    ]
    assert cohort.samples["sample_id"].to_pylist() == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("<ID=A,Number=1>", {"ID": "A", "Number": "1"}),
        ('<ID=A,Description="a, \\"b\\" <c>">', {"ID": "A", "Description": '"a, \\"b\\" <c>"'}),
        ("<ID=A,>", None),
        ("<ID=A,B>", None),
        ("<>", None),
        ("ID=A", None),
    ],
)
def test_structured_values_are_parsed(value: str, pairs: dict[str, str] | None) -> None:
    assert parse_pairs(value) == pairs
