from __future__ import annotations

import pytest

from dashboard.errors import UploadRefusedError
from dashboard.typed_tumor import (
    COPY_NUMBER,
    MOST_ROWS,
    THESE_GENES,
    TypedRow,
    TypedTumor,
    gene_choices,
    read_typed,
    say_findings,
)
from engine.genes import GeneTable

KRAS = TypedRow(gene="KRAS", kind="missense", protein_change="p.G12C")
GENES = GeneTable.load()


def a_tumor(*rows: TypedRow, **other: object) -> TypedTumor:
    return TypedTumor(name="T1", rows=rows or (KRAS,), **other)  # type: ignore[arg-type]


def test_only_what_was_typed_counts_as_looked_at() -> None:
    cohort = read_typed(a_tumor(KRAS, unaltered=("TP53", "p53x")), GENES)
    assert cohort.panels.to_pylist() == [
        {"panel_id": THESE_GENES, "hugo_symbol": "KRAS"},
        {"panel_id": THESE_GENES, "hugo_symbol": "TP53"},
    ]
    [sample] = cohort.samples.to_pylist()
    assert sample["mutation_panel"] == THESE_GENES
    assert sample["cna_panel"] is None
    assert sample["fusion_panel"] is None
    assert "every other gene is unknown" in " ".join(cohort.notes)


def test_a_known_panel_says_what_else_was_looked_at() -> None:
    cohort = read_typed(a_tumor(panel="IMPACT468", looked_for=(COPY_NUMBER,)), GENES)
    [sample] = cohort.samples.to_pylist()
    assert (sample["mutation_panel"], sample["cna_panel"]) == ("IMPACT468", "IMPACT468")
    assert sample["cna_levels"] == 3
    assert sample["fusion_panel"] is None
    assert cohort.panels.num_rows > 400


def test_other_names_are_resolved_and_told() -> None:
    cohort = read_typed(a_tumor(TypedRow(gene="HER2", kind="amplification")), GENES)
    [row] = cohort.alterations.to_pylist()
    assert (row["hugo_symbol"], row["kind"]) == ("ERBB2", "amplification")
    assert cohort.samples["cna_panel"].to_pylist() == [THESE_GENES]
    [said] = say_findings(cohort)
    assert said.startswith("Row 1 “HER2”: A former symbol")


def test_the_rules_of_files_hold_for_rows() -> None:
    rows = (KRAS, TypedRow(gene="NOTAGENE", kind="missense"), TypedRow(gene="TP53", kind="odd"))
    cohort = read_typed(a_tumor(*rows), GENES)
    assert cohort.alterations["hugo_symbol"].to_pylist() == ["KRAS"]
    said = "\n".join(say_findings(cohort))
    assert "Row 2 “NOTAGENE”: The gene symbol is in no table of genes" in said
    assert "Row 3 “odd”: The kind of alteration is not known" in said


def test_a_gene_off_the_stated_panel_is_left_out_and_told() -> None:
    rows = (KRAS, TypedRow(gene="OR4F5", kind="missense"))
    cohort = read_typed(a_tumor(*rows, panel="IMPACT468"), GENES)
    assert cohort.alterations["hugo_symbol"].to_pylist() == ["KRAS"]
    assert any(said.startswith("Row 2 “OR4F5”") for said in say_findings(cohort))


def test_when_no_row_can_be_used_it_is_refused_with_the_reason() -> None:
    with pytest.raises(
        UploadRefusedError, match=r"None of the typed rows.*Row 1.*spreadsheet.*1-Mar"
    ):
        read_typed(a_tumor(TypedRow(gene="1-Mar", kind="missense")), GENES)


def test_a_cell_cannot_break_out_of_its_row() -> None:
    row = TypedRow(gene="KRAS\tmissense\nT2\tTP53", kind="missense")
    assert a_tumor(row).content.count(b"\n") == 2
    with pytest.raises(UploadRefusedError, match="None of the typed rows"):
        read_typed(a_tumor(row), GENES)


@pytest.mark.parametrize("name", ["", "../x", "#T1", "a b", '"T1"'])
def test_a_name_that_no_file_could_carry_is_refused(name: str) -> None:
    with pytest.raises(UploadRefusedError, match="cannot be used"):
        TypedTumor(name=name, rows=(KRAS,))


def test_a_tumor_without_rows_is_refused() -> None:
    with pytest.raises(UploadRefusedError, match="No alteration was typed"):
        TypedTumor(name="T1", rows=())


def test_an_age_above_89_is_not_told() -> None:
    facts = {
        age: {row["attribute"]: row["value"] for row in told.clinical.to_pylist()}
        for age in (61, 93)
        for told in [read_typed(a_tumor(sex="Female", age=age), GENES)]
    }
    assert facts == {61: {"SEX": "Female", "AGE": "61"}, 93: {"SEX": "Female", "AGE": "90+"}}


def test_genes_worth_offering_come_first_and_other_names_follow() -> None:
    choices = list(gene_choices(GENES, ["ERBB2", "KRAS"]))
    assert choices[:2] == ["ERBB2", "KRAS"]
    assert "HER2, now ERBB2" in choices
    assert choices.index("HER2, now ERBB2") < choices.index("OR4F5")
    assert gene_choices(GENES, ["ERBB2"])["HER2, now ERBB2"] == "ERBB2"


def test_more_rows_than_a_form_is_for_are_refused() -> None:
    row = TypedRow(gene="KRAS", kind="missense")
    with pytest.raises(UploadRefusedError, match="Upload them as a file"):
        TypedTumor(name="typed", rows=(row,) * (MOST_ROWS + 1))
    assert len(TypedTumor(name="typed", rows=(row,) * MOST_ROWS).content.splitlines()) == 1_001
