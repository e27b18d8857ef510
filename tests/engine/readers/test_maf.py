from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cohort import Cohort
from engine.errors import ImportRefusedError
from tests.engine.readers.inputs import (
    CALL,
    MAF_HEADER,
    TP53,
    account,
    finding,
    findings,
    maf,
    read_text,
)


def only(cohort: Cohort) -> dict[str, object]:
    (row,) = cohort.alterations.to_pylist()
    return row


def test_a_call_is_read_whole(tmp_path: Path) -> None:
    cohort = read_text(tmp_path, "#version 2.4\n" + maf({}))
    assert only(cohort) == {
        "sample_id": "S1", "hugo_symbol": "KRAS", "kind": "missense", "chromosome": "12",
        "start_position": 25398284, "reference_allele": "C", "tumor_allele": "T",
        "indel_length": 0, "vaf": pytest.approx(0.4), "protein_change": "p.G12D",
        "protein_position": 12, "variant_classification": "Missense_Mutation",
    }  # fmt: skip
    assert account(cohort, "calls.maf") == (1, 1, 0, 0)
    assert cohort.study.genome == "GRCh37"


def test_columns_are_found_in_any_case_and_order(tmp_path: Path) -> None:
    header = tuple(reversed(MAF_HEADER))
    text = maf({}, header=header).replace("Start_Position", "Start_position")
    cohort = read_text(tmp_path, text.replace("Hugo_Symbol", "hugo_symbol"))
    assert only(cohort)["start_position"] == 25398284


@pytest.mark.parametrize(
    ("change", "rule", "outcome", "column"),
    [
        ({"Hugo_Symbol": "1-Mar", "Entrez_Gene_Id": ""}, "excel-symbol", "rejected", "Hugo_Symbol"),
        ({"Hugo_Symbol": "2-Sep"}, "excel-symbol", "rejected", "Hugo_Symbol"),
        ({"Hugo_Symbol": "NOGENE9", "Entrez_Gene_Id": ""}, "unknown-gene", "skipped",
         "Hugo_Symbol"),
        ({"Hugo_Symbol": "Unknown", "Entrez_Gene_Id": "0"}, "intergenic", "skipped", "Hugo_Symbol"),
        ({"Hugo_Symbol": "", "Entrez_Gene_Id": ""}, "intergenic", "skipped", "Hugo_Symbol"),
        ({"Variant_Classification": "Odd_Mutation"}, "variant-classification", "rejected",
         "Variant_Classification"),
        ({"Start_Position": "12a"}, "position", "rejected", "Start_Position"),
        ({"Start_Position": "25398284.5"}, "position", "rejected", "Start_Position"),
        ({"Start_Position": "0"}, "position", "rejected", "Start_Position"),
        ({"Start_Position": "-5"}, "position", "rejected", "Start_Position"),
        ({"Start_Position": "999999999"}, "position", "rejected", "Start_Position"),
        ({"Start_Position": "99999999999999999999"}, "position", "rejected", "Start_Position"),
        ({"Chromosome": "27"}, "chromosome", "rejected", "Chromosome"),
        ({"Chromosome": "GL000194.1"}, "chromosome", "rejected", "Chromosome"),
        ({"Reference_Allele": "Q"}, "allele", "rejected", "Reference_Allele"),
        ({"Tumor_Seq_Allele2": "<DEL>"}, "allele", "rejected", "Tumor_Seq_Allele2"),
        ({"Tumor_Seq_Allele2": "C"}, "same-alleles", "rejected", "Tumor_Seq_Allele2"),
        ({"Tumor_Sample_Barcode": ""}, "no-sample", "rejected", "Tumor_Sample_Barcode"),
    ],
)  # fmt: skip
def test_a_bad_row_is_left_out_by_rule(
    tmp_path: Path, change: dict[str, str], rule: str, outcome: str, column: str
) -> None:
    cohort = read_text(tmp_path, maf(TP53, change))
    found = finding(cohort, rule)
    assert (found["outcome"], found["count"], found["line"]) == (outcome, 1, 3)
    assert found["column"] == column
    assert found["value"] == change.get(column, CALL[column]) or not change[column]
    assert only(cohort)["hugo_symbol"] == "TP53"


@pytest.mark.parametrize("written", ["1.7", "-0.1", "170%", "many"])
def test_an_allele_fraction_outside_0_to_1_rejects_the_row(tmp_path: Path, written: str) -> None:
    header = (*(name for name in MAF_HEADER if not name.startswith("t_")), "t_vaf")
    cohort = read_text(tmp_path, maf({**TP53, "t_vaf": "25%"}, {"t_vaf": written}, header=header))
    assert findings(cohort, "rejected") == {"vaf-range": 1}
    assert only(cohort)["vaf"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("ref", "alt", "vaf"), [("0", "10", 1.0), ("0", "0", None), ("", "5", None), ("9", "", None)]
)
def test_allele_fraction_from_counts(tmp_path: Path, ref: str, alt: str, vaf: float | None) -> None:
    cohort = read_text(tmp_path, maf({"t_ref_count": ref, "t_alt_count": alt}))
    assert only(cohort)["vaf"] == vaf
    assert findings(cohort) == {}


def test_a_negative_count_costs_the_fraction_not_the_call(tmp_path: Path) -> None:
    cohort = read_text(tmp_path, maf({"t_ref_count": "-1"}))
    assert findings(cohort) == {"read-count": 1}
    assert only(cohort)["vaf"] is None


def test_depth_stands_in_for_the_reference_count(tmp_path: Path) -> None:
    header = (*MAF_HEADER, "t_depth")
    cohort = read_text(tmp_path, maf({"t_ref_count": "", "t_depth": "80"}, header=header))
    assert only(cohort)["vaf"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("written", "chromosome"),
    [
        ("chr12", "12"),
        ("23", "X"),
        ("24", "Y"),
        ("M", "MT"),
        ("chrM", "MT"),
        ("x", "X"),
        ("", None),
    ],
)
def test_chromosome_names(tmp_path: Path, written: str, chromosome: str | None) -> None:
    assert only(read_text(tmp_path, maf({"Chromosome": written})))["chromosome"] == chromosome


@pytest.mark.parametrize(
    ("reference", "tumor", "length"),
    [("C", "T", 0), ("-", "GG", 2), ("ACG", "-", -3), ("AC", "GT", 0), ("ACG", "A", -2),
     ("", "T", None), ("a", "t", 0), ("-", "-", None)],
)  # fmt: skip
def test_indel_length(tmp_path: Path, reference: str, tumor: str, length: int | None) -> None:
    call = {"Reference_Allele": reference, "Tumor_Seq_Allele2": tumor}
    assert only(read_text(tmp_path, maf(call)))["indel_length"] == length


@pytest.mark.parametrize(
    ("first", "second", "tumor"), [("C", "T", "T"), ("T", "C", "T"), ("T", "", "T"), ("", "T", "T")]
)
def test_the_tumor_allele_is_the_one_that_differs(
    tmp_path: Path, first: str, second: str, tumor: str
) -> None:
    call = {"Tumor_Seq_Allele1": first, "Tumor_Seq_Allele2": second}
    cohort = read_text(tmp_path, maf(call, header=(*MAF_HEADER, "Tumor_Seq_Allele1")))
    assert only(cohort)["tumor_allele"] == tumor


@pytest.mark.parametrize(
    ("classification", "consequence", "change", "kind"),
    [
        ("", "", "", "unknown consequence"),
        ("", "", "p.R273H", "missense"),
        ("", "", "p.Arg342Ter", "truncating"),
        ("", "splice_donor_variant", "p.R273H", "splice"),
        ("", "odd_variant", "p.P53=", "silent"),
        ("NA", "", "p.K803del", "in-frame"),
        ("5'Flank", "", "", "promoter"),
        ("DE_NOVO_START_OUT_FRAME", "", "", "noncoding"),
        ("missense_variant", "", "", "missense"),
    ],
)
def test_the_kind_of_a_call(
    tmp_path: Path, classification: str, consequence: str, change: str, kind: str
) -> None:
    call = {
        "Variant_Classification": classification,
        "Consequence": consequence,
        "HGVSp_Short": change,
    }
    cohort = read_text(tmp_path, maf(call, header=(*MAF_HEADER, "Consequence")))
    assert only(cohort)["kind"] == kind


def test_a_consequence_column_stands_in_for_the_classification(tmp_path: Path) -> None:
    text = maf({"Variant_Classification": "stop_gained"})
    cohort = read_text(tmp_path, text.replace("Variant_Classification", "Consequence"))
    assert only(cohort)["kind"] == "truncating"


@pytest.mark.parametrize(
    ("symbol", "entrez", "approved"),
    [("MLL2", "", "KMT2D"), ("MLL4", "", "KMT2B"), ("PARK2", "", "PRKN"), ("QQQ", "7157", "TP53"),
     ("KRAS;KRAS", "", "KRAS"), ("NOGENE9;TP53", "", "TP53")],
)  # fmt: skip
def test_former_symbols_are_brought_up_to_date_and_told(
    tmp_path: Path, symbol: str, entrez: str, approved: str
) -> None:
    call = {"Hugo_Symbol": symbol, "Entrez_Gene_Id": entrez}
    cohort = read_text(tmp_path, maf({**call, "Chromosome": "", "Start_Position": ""}))
    assert only(cohort)["hugo_symbol"] == approved
    assert any(f"{symbol} is {approved} (1)" in note for note in cohort.notes)


def test_a_former_symbol_is_a_warning_with_its_line(tmp_path: Path) -> None:
    found = finding(read_text(tmp_path, maf({}, {"Hugo_Symbol": "MLL2"})), "renamed-gene")
    assert (found["outcome"], found["line"], found["value"]) == ("warning", 3, "MLL2")


def test_a_repeated_call_is_skipped_and_others_are_not(tmp_path: Path) -> None:
    cohort = read_text(
        tmp_path,
        maf(
            {}, {}, {"Tumor_Sample_Barcode": "S2"}, {"Tumor_Seq_Allele2": "A"}, {"t_alt_count": "9"}
        ),
    )
    assert findings(cohort) == {"duplicate": 2}
    assert account(cohort, "calls.maf") == (5, 3, 0, 2)


@pytest.mark.parametrize("status", ["Germline", "GERMLINE", "None", "Wildtype", "wild type"])
def test_calls_that_are_not_somatic_are_skipped(tmp_path: Path, status: str) -> None:
    header = (*MAF_HEADER, "Mutation_Status")
    calls = ({"Mutation_Status": "SOMATIC"}, {**TP53, "Mutation_Status": status})
    cohort = read_text(tmp_path, maf(*calls, header=header))
    assert findings(cohort) == {"not-somatic": 1}


def test_mixed_builds_are_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="the row is in GRCh38, but GRCh37") as caught:
        read_text(tmp_path, maf({}, {"NCBI_Build": "37"}, {"NCBI_Build": "hg38"}))
    assert (caught.value.line, caught.value.column) == (4, "NCBI_Build")
    assert (caught.value.rule, caught.value.value) == ("mixed-genomes", "hg38")


def test_a_stated_build_that_contradicts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="the row is in GRCh37, but GRCh38") as caught:
        read_text(tmp_path, maf({}), genome="hg38")
    assert caught.value.line == 2


def test_a_build_of_another_species_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="not supported") as caught:
        read_text(tmp_path, maf({}, {"NCBI_Build": "mm10"}))
    assert (caught.value.rule, caught.value.line) == ("genome-build", 3)


def test_a_build_that_nobody_states_is_assumed_and_told(tmp_path: Path) -> None:
    cohort = read_text(tmp_path, maf({"NCBI_Build": ""}))
    assert cohort.study.genome == "GRCh37"
    assert any("GRCh37 was assumed" in note for note in cohort.notes)


def test_na_is_a_sample_and_no_gene(tmp_path: Path) -> None:
    calls = (
        {"Tumor_Sample_Barcode": "NA"},
        {"Hugo_Symbol": "NA", "Entrez_Gene_Id": "", "Tumor_Sample_Barcode": "S2"},
    )
    cohort = read_text(tmp_path, maf(*calls))
    assert cohort.samples["sample_id"].to_pylist() == ["NA", "S2"]
    assert findings(cohort) == {"unknown-gene": 1}


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    calls = [{"Start_Position": str(25_398_284 + n)} for n in range(4)]
    calls += [TP53, {"Hugo_Symbol": "2-Sep"}]
    cohort = read_text(tmp_path_factory.mktemp("m"), maf(*(calls[n] for n in order)))
    positions = cohort.alterations["start_position"].to_pylist()
    assert sorted(positions) == [7577120, *range(25_398_284, 25_398_288)]
    assert findings(cohort) == {"excel-symbol": 1}
