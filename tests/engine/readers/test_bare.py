from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ImportRefusedError
from engine.readers.bare import study_id_of_file
from tests.engine.readers.inputs import TP53, findings, maf, read_text


@pytest.mark.parametrize(
    ("name", "study_id"),
    [("a.maf", "a"), ("A b.maf.gz", "A_b"), ("x.y.vcf.gz", "x.y"), ("é.txt", "import"),
     ("..maf", "import"), ("plain", "plain"), ("-a-.tsv", "a")],
)  # fmt: skip
def test_the_id_of_a_study_of_one_file(name: str, study_id: str) -> None:
    assert study_id_of_file(Path(name), None) == study_id
    assert study_id_of_file(Path(name), "mine") == "mine"


def test_each_sample_is_a_patient(tmp_path: Path) -> None:
    text = maf({"Tumor_Sample_Barcode": "Z"}, {"Tumor_Sample_Barcode": "A"})
    cohort = read_text(tmp_path, text, cancer_type="Melanoma")
    assert cohort.samples["sample_id"].to_pylist() == ["A", "Z"]
    assert cohort.samples["patient_id"].to_pylist() == ["A", "Z"]
    assert cohort.samples["cancer_type"].to_pylist() == ["Melanoma", "Melanoma"]
    assert cohort.clinical.num_rows == 0


def test_a_sample_whose_rows_are_all_skipped_has_no_alteration(tmp_path: Path) -> None:
    call = {"Hugo_Symbol": "Unknown", "Entrez_Gene_Id": "", "Tumor_Sample_Barcode": "S2"}
    cohort = read_text(tmp_path, maf({}, call))
    assert cohort.samples["sample_id"].to_pylist() == ["S1", "S2"]
    assert cohort.alterations["sample_id"].to_pylist() == ["S1"]


def test_a_sample_whose_rows_are_all_rejected_is_no_sample(tmp_path: Path) -> None:
    cohort = read_text(tmp_path, maf({}, {"Start_Position": "x", "Tumor_Sample_Barcode": "S2"}))
    assert cohort.samples["sample_id"].to_pylist() == ["S1"]


def test_a_file_without_any_sound_row_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="no row can be taken in, mostly") as caught:
        read_text(
            tmp_path, maf({"Chromosome": "99"}, {"Start_Position": "x"}, {"Chromosome": "98"})
        )
    assert (caught.value.rule, caught.value.line) == ("chromosome", 2)


def test_a_stated_panel_is_taken_and_calls_off_it_are_skipped(tmp_path: Path) -> None:
    ttn = {"Hugo_Symbol": "TTN", "Entrez_Gene_Id": "7273", "Chromosome": "2"}
    cohort = read_text(tmp_path, maf(TP53, ttn), panel="impact468")
    assert findings(cohort) == {"off-panel": 1}
    assert cohort.samples["mutation_panel"].to_pylist() == ["IMPACT468"]
    assert not any("assumed" in note for note in cohort.notes)


def test_a_panel_that_is_not_stated_is_guessed_and_told(tmp_path: Path) -> None:
    ttn = {"Hugo_Symbol": "TTN", "Entrez_Gene_Id": "7273", "Chromosome": "2"}
    cohort = read_text(tmp_path, maf(TP53, ttn))
    assert cohort.samples["mutation_panel"].to_pylist() == ["exome"]
    assert any("whole exome was assumed" in note for note in cohort.notes)


def test_copy_number_and_fusions_of_a_maf_were_not_looked_for(tmp_path: Path) -> None:
    cohort = read_text(tmp_path, maf({}))
    assert cohort.samples["cna_panel"].to_pylist() == [None]
    assert cohort.samples["fusion_panel"].to_pylist() == [None]
    assert any("no copy number and no fusions" in note for note in cohort.notes)
