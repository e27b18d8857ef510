from __future__ import annotations

from pathlib import Path

import pytest

from engine.cohort import Cohort
from engine.errors import ImportRefusedError
from tests.engine.readers.inputs import account, finding, findings, read, table, write_study

HEADER = [
    "Sample_Id", "Site1_Hugo_Symbol", "Site1_Chromosome", "Site1_Position",
    "Site2_Hugo_Symbol", "Site2_Chromosome", "Site2_Position", "SV_Status",
]  # fmt: skip


def sv(sample: str, first: str, second: str, status: str = "SOMATIC") -> list[str]:
    return [sample, first, "2", "29446000", second, "chr2", "42522000", status]


def fusions(folder: Path, *rows: list[str], **files: str) -> Cohort:
    return read(write_study(folder / "study", data_sv=table(HEADER, rows), **files))


def pairs(cohort: Cohort) -> list[tuple[str, str, str]]:
    rows = [row for row in cohort.alterations.to_pylist() if row["kind"] == "fusion"]
    return [(row["sample_id"], row["hugo_symbol"], row["variant_classification"]) for row in rows]


def test_a_fusion_alters_both_genes(tmp_path: Path) -> None:
    cohort = fusions(tmp_path, sv("S1", "ALK", "TMPRSS2"))
    assert pairs(cohort) == [("S1", "ALK", "TMPRSS2"), ("S1", "TMPRSS2", "ALK")]
    fusion = cohort.alterations.to_pylist()[-1]
    assert (fusion["chromosome"], fusion["start_position"]) == ("2", 42522000)
    assert cohort.samples["fusion_panel"].to_pylist() == ["IMPACT341"] * 3


@pytest.mark.parametrize("partner", ["SDHAP3", "NOGENE9"])
def test_a_partner_off_the_panel_is_named_and_not_altered(tmp_path: Path, partner: str) -> None:
    cohort = fusions(tmp_path, sv("S1", "ALK", partner))
    assert pairs(cohort) == [("S1", "ALK", partner)]
    assert findings(cohort) == {}


def test_a_rearrangement_inside_a_gene_is_one_fusion(tmp_path: Path) -> None:
    assert pairs(fusions(tmp_path, sv("S1", "EGFR", "EGFR"))) == [("S1", "EGFR", "EGFR")]


def test_former_symbols_are_brought_up_to_date(tmp_path: Path) -> None:
    cohort = fusions(tmp_path, sv("S1", "MLL", "NOGENE9"))
    assert pairs(cohort) == [("S1", "KMT2A", "NOGENE9")]
    assert any("MLL is KMT2A" in note for note in cohort.notes)


def test_every_line_is_accounted_for(tmp_path: Path) -> None:
    cohort = fusions(
        tmp_path,
        sv("S1", "ALK", "EML4"),
        sv("S1", "ALK", "EML4"),
        sv("S9", "ALK", "EML4"),
        sv("S1", "TTN", "OBSCN"),
        sv("S1", "NOGENE9", ""),
        sv("S2", "RET", "KIF5B", "GERMLINE"),
        [*sv("S2", "RET", "KIF5B")[:3], "1e9", *sv("S2", "RET", "KIF5B")[4:]],
    )
    assert account(cohort, "data_sv.txt") == (7, 1, 2, 4)
    assert findings(cohort, "rejected") == {"sample-not-in-clinical": 1, "position": 1}
    assert findings(cohort, "skipped") == {
        "duplicate": 1, "off-panel": 1, "unknown-gene": 1, "not-somatic": 1,
    }  # fmt: skip
    assert finding(cohort, "off-panel")["line"] == 5


def test_the_matrix_tells_where_fusions_were_looked_for(tmp_path: Path) -> None:
    matrix = table(
        ["SAMPLE_ID", "mutations", "structural_variants"],
        [["S1", "IMPACT341", "IMPACT341"], ["S2", "IMPACT341", "NA"], ["S3", "IMPACT341", ""]],
    )
    rows = (sv("S1", "ALK", "EML4"), sv("S2", "ALK", "EML4"))
    cohort = fusions(tmp_path, *rows, data_gene_panel_matrix=matrix)
    assert cohort.samples["fusion_panel"].to_pylist() == ["IMPACT341", None, None]
    assert findings(cohort, "rejected") == {"sample-not-profiled": 1}


def test_a_case_list_tells_where_fusions_were_looked_for(tmp_path: Path) -> None:
    case_list = "stable_id: tiny_sv\ncase_list_ids: S1\tS3\n"
    cohort = fusions(tmp_path, sv("S1", "ALK", "EML4"), **{"case_lists/cases_sv": case_list})
    assert cohort.samples["fusion_panel"].to_pylist() == ["IMPACT341", None, "IMPACT341"]
    assert any("The study states no panel for fusions" in note for note in cohort.notes)


def test_a_file_without_genes_is_refused(tmp_path: Path) -> None:
    text = table(["Sample_Id", "Class"], [["S1", "DELETION"]])
    with pytest.raises(ImportRefusedError, match="the column Site1_Hugo_Symbol is missing"):
        read(write_study(tmp_path / "study", data_sv=text))
