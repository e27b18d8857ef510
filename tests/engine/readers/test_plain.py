from __future__ import annotations

from pathlib import Path

import pytest

from engine.kinds import Kind
from engine.readers.plain import kind_of_word
from tests.engine.readers.inputs import account, finding, findings, read_text, table


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_is_known_by_its_own_name(kind: Kind) -> None:
    assert kind_of_word(kind.value) is kind
    assert kind_of_word(kind.value.upper().replace(" ", "_")) is kind


@pytest.mark.parametrize(
    ("word", "kind"),
    [("amp", Kind.AMPLIFICATION), ("HOMDEL", Kind.DEEP_DELETION), ("del", Kind.DEEP_DELETION),
     ("-2", Kind.DEEP_DELETION), ("-1", Kind.SHALLOW_DELETION), ("1", Kind.GAIN),
     ("mutation", Kind.UNKNOWN), ("nonsense", Kind.TRUNCATING), ("frameshift", Kind.TRUNCATING),
     ("Missense_Mutation", Kind.MISSENSE), ("stop_gained", Kind.TRUNCATING),
     ("rearrangement", Kind.FUSION), ("0", None), ("odd", None)],
)  # fmt: skip
def test_common_words(word: str, kind: Kind | None) -> None:
    assert kind_of_word(word) is kind


def test_a_table_with_everything(tmp_path: Path) -> None:
    header = ["Sample", "GENE", "Kind", "protein_change", "chromosome", "position", "ref", "alt",
              "vaf"]  # fmt: skip
    rows = [
        ["A", "KRAS", "missense", "G12D", "12", "25398284", "C", "T", "0.4"],
        ["A", "CDKN2A", "homdel", "", "", "", "", "", ""],
        ["B", "EML4", "fusion", "", "", "", "", "", ""],
        ["B", "TP53", "mutation", "p.R342*", "", "", "", "", ""],
    ]
    cohort = read_text(tmp_path, table(header, rows), name="my table.tsv")
    assert cohort.study.study_id == "my_table"
    assert cohort.alterations["kind"].to_pylist() == [
        "missense", "deep deletion", "fusion", "truncating",
    ]  # fmt: skip
    assert cohort.alterations.to_pylist()[0]["protein_change"] == "p.G12D"
    panels = [cohort.samples[f"{kind}_panel"].to_pylist() for kind in ("mutation", "cna", "fusion")]
    assert panels[0] == panels[1] == panels[2]
    assert cohort.samples["cna_levels"].to_pylist() == [3, 3]


def test_what_the_table_does_not_hold_was_not_looked_for(tmp_path: Path) -> None:
    cohort = read_text(
        tmp_path, table(["sample_id", "hugo_symbol", "alteration"], [["A", "KRAS", "gain"]])
    )
    assert cohort.samples["cna_levels"].to_pylist() == [5]
    assert cohort.samples["mutation_panel"].to_pylist() == [None]
    assert any("no mutations and no fusions" in note for note in cohort.notes)


@pytest.mark.parametrize("word", ["", "none", "WT", "wild type", "no alteration"])
def test_a_sample_without_an_alteration(tmp_path: Path, word: str) -> None:
    rows = [["A", "KRAS", "missense"], ["B", "", word]]
    cohort = read_text(tmp_path, table(["sample", "gene", "kind"], rows))
    assert cohort.samples["sample_id"].to_pylist() == ["A", "B"]
    assert findings(cohort) == {"no-alteration": 1}


def test_a_table_of_one_sample_without_an_alteration(tmp_path: Path) -> None:
    cohort = read_text(tmp_path, table(["sample", "gene", "kind"], [["A", "", "none"]]))
    assert cohort.samples["mutation_panel"].null_count == 0
    assert cohort.alterations.num_rows == 0


def test_an_unknown_kind_is_rejected(tmp_path: Path) -> None:
    rows = [["A", "KRAS", "missense"], ["A", "TP53", "loss"], ["A", "EGFR", ""]]
    cohort = read_text(tmp_path, table(["sample", "gene", "kind"], rows))
    found = finding(cohort, "unknown-kind")
    assert (found["outcome"], found["line"], found["value"]) == ("rejected", 3, "loss")
    assert account(cohort, "calls.maf") == (3, 1, 2, 0)


def test_the_same_gene_by_two_kinds_is_no_repetition(tmp_path: Path) -> None:
    rows = [["A", "KRAS", "missense"], ["A", "KRAS", "amp"], ["A", "KRAS", "AMP"]]
    cohort = read_text(tmp_path, table(["sample", "gene", "kind"], rows))
    assert cohort.alterations["kind"].to_pylist() == ["missense", "amplification"]
    assert findings(cohort) == {"duplicate": 1}
