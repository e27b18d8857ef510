from __future__ import annotations

from pathlib import Path

import pytest

from engine.cohort import Cohort
from engine.errors import ImportRefusedError
from tests.engine.readers.inputs import account, finding, findings, read, table, write_study

FILE = "data_cna.txt"
HEADER = ["Hugo_Symbol", "Entrez_Gene_Id", "S1", "S2", "S3"]


def matrix_file(*panels: str) -> str:
    rows = [[f"S{n}", "IMPACT341", panel] for n, panel in enumerate(panels, start=1)]
    return table(["SAMPLE_ID", "mutations", "cna"], rows)


def cna(folder: Path, *rows: list[str], panels: tuple[str, ...] | None = None) -> Cohort:
    files = {"data_cna": table(HEADER, rows)}
    if panels is not None:
        files["data_gene_panel_matrix"] = matrix_file(*panels)
        files["gene_panels/TWO"] = "stable_id: TWO\ngene_list:\tTP53\tEGFR\n"
    return read(write_study(folder / "study", **files))


def calls(cohort: Cohort) -> list[tuple[str, str, str, str]]:
    rows = cohort.alterations.to_pylist()
    columns = ("sample_id", "hugo_symbol", "kind", "variant_classification")
    return [tuple(r[c] for c in columns) for r in rows if r["start_position"] is None]  # type: ignore[misc]


def panel_genes(cohort: Cohort, sample: int) -> set[str] | None:
    panel = cohort.samples["cna_panel"][sample].as_py()
    rows = cohort.panels.to_pylist()
    return panel and {row["hugo_symbol"] for row in rows if row["panel_id"] == panel}


def test_each_value_has_its_kind(tmp_path: Path) -> None:
    cohort = cna(tmp_path, ["TP53", "7157", "-2", "-1.5", "-1"], ["EGFR", "1956", "0", "1", "2.0"])
    assert calls(cohort) == [
        ("S1", "TP53", "deep deletion", "-2"),
        ("S2", "TP53", "deep deletion", "-1.5"),
        ("S3", "TP53", "shallow deletion", "-1"),
        ("S2", "EGFR", "gain", "1"),
        ("S3", "EGFR", "amplification", "2"),
    ]
    assert cohort.samples["cna_levels"].to_pylist() == [5, 5, 5]
    assert account(cohort, FILE) == (2, 2, 0, 0)


def test_without_single_copy_calls_there_are_three_levels(tmp_path: Path) -> None:
    cohort = cna(tmp_path, ["TP53", "", "-2", "0", "2"])
    assert cohort.samples["cna_levels"].to_pylist() == [3, 3, 3]


def test_a_value_that_is_none_is_not_profiled_and_told(tmp_path: Path) -> None:
    cohort = cna(tmp_path, ["TP53", "", "3", "0", "amp"], ["EGFR", "", "0", "0", "0"])
    found = finding(cohort, "cna-value")
    assert (found["count"], found["line"], found["column"]) == (2, 2, "S1")
    assert (found["outcome"], found["value"]) == ("warning", "3")
    assert panel_genes(cohort, 0) == {"EGFR"}
    assert panel_genes(cohort, 1) == {"EGFR", "TP53"}


def test_na_is_not_profiled(tmp_path: Path) -> None:
    cohort = cna(tmp_path, ["TP53", "", "NA", "-2", "NA"], ["EGFR", "", "0", "0", ""])
    assert [panel_genes(cohort, n) for n in range(3)] == [{"EGFR"}, {"EGFR", "TP53"}, None]
    assert cohort.samples["cna_levels"].to_pylist() == [3, 3, None]
    assert findings(cohort) == {}


def test_samples_with_the_same_genes_share_a_panel(tmp_path: Path) -> None:
    cohort = cna(tmp_path, ["TP53", "", "NA", "0", "NA"], ["EGFR", "", "0", "0", "1"])
    first, second, third = cohort.samples["cna_panel"].to_pylist()
    assert first == third != second
    assert set(cohort.panels["panel_id"].to_pylist()) == {"IMPACT341", first, second}


def test_the_stated_panel_is_kept_where_every_gene_has_a_value(tmp_path: Path) -> None:
    rows = (["TP53", "", "-2", "0", "0"], ["EGFR", "", "2", "NA", "0"], ["KRAS", "", "2", "0", "0"])
    cohort = cna(tmp_path, *rows, panels=("TWO", "TWO", "NA"))
    assert cohort.samples["cna_panel"][0].as_py() == "TWO"
    assert str(cohort.samples["cna_panel"][1]).startswith("TWO_cna1_")
    assert cohort.samples["cna_panel"][2].as_py() is None
    assert findings(cohort) == {"off-panel": 1, "sample-not-profiled": 1}
    assert finding(cohort, "off-panel")["line"] == 4
    assert [call[1] for call in calls(cohort)] == ["TP53", "EGFR"]


def test_a_column_of_an_unknown_sample_is_left_out(tmp_path: Path) -> None:
    text = table(["Hugo_Symbol", "S1", "S8"], [["TP53", "-2", "-2"]])
    cohort = read(write_study(tmp_path / "study", data_cna=text))
    assert finding(cohort, "sample-not-in-clinical")["column"] == "S8"
    assert cohort.samples["cna_panel"].null_count == 2
    assert len(calls(cohort)) == 1


def test_a_sample_with_a_panel_and_no_column_is_told(tmp_path: Path) -> None:
    files = {
        "data_cna": table(["Hugo_Symbol", "S1"], [["TP53", "-2"]]),
        "data_gene_panel_matrix": matrix_file("IMPACT341", "IMPACT341", "NA"),
    }
    cohort = read(write_study(tmp_path / "study", **files))
    assert finding(cohort, "sample-without-column")["value"] == "S2"
    assert cohort.samples["cna_panel"].null_count == 2


def test_genes_are_accounted_for(tmp_path: Path) -> None:
    cohort = cna(
        tmp_path,
        ["MLL2", "", "-2", "0", "0"],
        ["KMT2D", "", "0", "2", "0"],
        ["2-Sep", "", "0", "2", "0"],
        ["NOGENE9", "", "0", "2", "0"],
        ["QQQ", "1956", "0", "0", "2"],
    )
    assert account(cohort, FILE) == (5, 2, 1, 2)
    assert findings(cohort, "skipped") == {"duplicate-gene": 1, "unknown-gene": 1}
    assert finding(cohort, "duplicate-gene")["value"] == "MLL2"
    assert [call[:2] for call in calls(cohort)] == [("S2", "KMT2D"), ("S3", "EGFR")]


def test_a_matrix_may_have_more_columns_than_a_table(tmp_path: Path) -> None:
    names = [f"X{n}" for n in range(10_500)]
    text = table(["Hugo_Symbol", "S1", *names], [["TP53", "-2", *["0"] * len(names)]])
    cohort = read(write_study(tmp_path / "study", data_cna=text))
    assert len(calls(cohort)) == 1


def test_a_matrix_without_symbols_is_refused(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", data_cna=table(["Gene", "S1"], [["TP53", "-2"]]))
    with pytest.raises(ImportRefusedError, match="the column Hugo_Symbol is missing"):
        read(study)
