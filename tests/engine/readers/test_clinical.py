from __future__ import annotations

from pathlib import Path

import pytest

from engine.cohort import Cohort
from engine.errors import ImportRefusedError
from tests.engine.readers.inputs import (
    account,
    clinical,
    finding,
    findings,
    read,
    table,
    write_study,
)


def values(cohort: Cohort, attribute: str) -> dict[str, str]:
    rows = cohort.clinical.to_pylist()
    return {row["sample_id"]: row["value"] for row in rows if row["attribute"] == attribute}


def patients(folder: Path, attribute: str, datatype: str, *stated: str) -> Cohort:
    """Read a study whose patients P1 (two samples) and P2 have the stated values."""
    columns = {"PATIENT_ID": "STRING", attribute: datatype}
    rows = [[f"P{n}", value] for n, value in enumerate(stated, start=1)]
    return read(write_study(folder / "study", data_clinical_patient=clinical(columns, rows)))


def test_attributes_of_a_patient_stand_at_each_sample(tmp_path: Path) -> None:
    cohort = patients(tmp_path, "SEX", "STRING", "Female", "Male")
    assert values(cohort, "SEX") == {"S1": "Female", "S2": "Female", "S3": "Male"}
    assert values(cohort, "CANCER_TYPE") == {"S1": "Melanoma", "S2": "Melanoma"}


def test_attributes_are_described_by_the_header_lines(tmp_path: Path) -> None:
    text = (
        "#Patient\tSex at birth\n#Id\tAs in the record\n#STRING\tstring\n#1\t1\n"
        "PATIENT_ID\tsex\nP1\tFemale\nP2\tMale\n"
    )
    cohort = read(write_study(tmp_path / "study", data_clinical_patient=text))
    assert cohort.attributes.to_pylist()[0] == {
        "attribute": "SEX", "display_name": "Sex at birth", "description": "As in the record",
        "datatype": "STRING", "level": "patient",
    }  # fmt: skip


@pytest.mark.parametrize("word", ["", "NA", "na", "[Not Available]", "[Unknown]", "NaN"])
def test_words_for_no_value_are_left_out(tmp_path: Path, word: str) -> None:
    cohort = patients(tmp_path, "SMOKER", "STRING", word, "yes")
    assert values(cohort, "SMOKER") == {"S3": "yes"}
    assert findings(cohort) == {}


def test_a_number_that_is_none_is_left_out_and_told(tmp_path: Path) -> None:
    cohort = patients(tmp_path, "SCORE", "NUMBER", "1,5", "1e-3")
    assert values(cohort, "SCORE") == {"S3": "1e-3"}
    found = finding(cohort, "not-a-number")
    assert (found["outcome"], found["line"], found["column"]) == ("warning", 6, "SCORE")
    assert found["value"] == "1,5"


@pytest.mark.parametrize(
    ("attribute", "written", "kept"),
    [
        ("OS_STATUS", "LIVING", "0:LIVING"),
        ("OS_STATUS", "1:DECEASED", "1:DECEASED"),
        ("OS_STATUS", "deceased", "1:DECEASED"),
        ("OS_STATUS", "maybe", None),
        ("OS_STATUS", "2:LOST", None),
        ("PFS_STATUS", "0:Not Progressed", "0:Not Progressed"),
        ("PFS_STATUS", "Progressed", "1:PROGRESSION"),
        ("PFS_STATUS", "maybe", None),
        ("DFS_STATUS", "DiseaseFree", "0:DiseaseFree"),
    ],
)
def test_event_status(tmp_path: Path, attribute: str, written: str, kept: str | None) -> None:
    cohort = patients(tmp_path, attribute, "STRING", written, "")
    assert values(cohort, attribute).get("S1") == kept
    rule = "os-status" if attribute == "OS_STATUS" else "event-status"
    assert findings(cohort).get(rule, 0) == (kept is None)


def test_identifiers_are_dropped_and_their_values_never_shown(tmp_path: Path) -> None:
    cohort = patients(tmp_path, "SRC_DATE_BIRTH", "STRING", "28/03/1968", "")
    assert "SRC_DATE_BIRTH" not in cohort.attributes["attribute"].to_pylist()
    assert values(cohort, "SRC_DATE_BIRTH") == {}
    found = finding(cohort, "safe-harbor")
    assert (found["line"], found["value"]) == (5, "SRC_DATE_BIRTH")
    assert "1968" not in str(cohort.report.findings.to_pylist())


def test_ages_over_89_become_90_plus_and_are_not_shown(tmp_path: Path) -> None:
    cohort = patients(tmp_path, "AGE", "NUMBER", "93", "89")
    assert values(cohort, "AGE") == {"S1": "90+", "S2": "90+", "S3": "89"}
    assert finding(cohort, "age-over-89")["value"] is None
    assert "93" not in str(cohort.report.findings.to_pylist())


def test_an_unknown_datatype_is_read_as_text(tmp_path: Path) -> None:
    cohort = patients(tmp_path, "SCORE", "FLOAT", "x", "y")
    assert finding(cohort, "attribute-datatype")["value"] == "FLOAT"
    assert values(cohort, "SCORE")["S3"] == "y"


@pytest.mark.parametrize("num_lines", [0, 1, 3])
def test_missing_header_lines_are_refused(tmp_path: Path, num_lines: int) -> None:
    text = clinical({"PATIENT_ID": "STRING", "SEX": "STRING"}, [["P1", "Male"]])
    lines = text.splitlines(keepends=True)
    study = write_study(tmp_path / "s", data_clinical_patient="".join(lines[4 - num_lines :]))
    with pytest.raises(ImportRefusedError, match="four lines that begin with '#'") as caught:
        read(study)
    assert (caught.value.rule, caught.value.line) == ("clinical-header", num_lines + 1)


def test_a_header_line_with_another_number_of_columns_is_refused(tmp_path: Path) -> None:
    text = clinical({"PATIENT_ID": "STRING", "SEX": "STRING"}, [["P1", "Male"]])
    study = write_study(tmp_path / "s", data_clinical_patient=text.replace("#1\t1", "#1"))
    with pytest.raises(ImportRefusedError, match="another number of columns") as caught:
        read(study)
    assert caught.value.line == 4


def test_a_missing_id_column_is_refused(tmp_path: Path) -> None:
    text = clinical({"PATIENT_ID": "STRING", "SAMPLE": "STRING"}, [["P1", "S1"]])
    with pytest.raises(ImportRefusedError, match="the column SAMPLE_ID is missing"):
        read(write_study(tmp_path / "s", data_clinical_sample=text))


def test_rows_without_a_place_are_accounted_for(tmp_path: Path) -> None:
    columns = {"PATIENT_ID": "STRING", "SEX": "STRING"}
    rows = [["P1", "Female"], ["P1", "Male"], ["P9", "Male"], ["", "Male"]]
    cohort = read(write_study(tmp_path / "s", data_clinical_patient=clinical(columns, rows)))
    assert account(cohort, "data_clinical_patient.txt") == (4, 1, 2, 1)
    assert findings(cohort, "rejected") == {"duplicate-id": 1, "no-id": 1}
    assert findings(cohort, "skipped") == {"patient-without-sample": 1}
    assert findings(cohort, "warning") == {"patient-not-in-file": 1}
    assert values(cohort, "SEX") == {"S1": "Female", "S2": "Female"}


def test_a_repeated_sample_is_rejected(tmp_path: Path) -> None:
    columns = {"PATIENT_ID": "STRING", "SAMPLE_ID": "STRING", "X": "STRING"}
    rows = [["P1", "S1", "a"], ["P2", "S1", "b"], ["P2", "S2", "c"], ["P2", "S3", "d"]]
    cohort = read(write_study(tmp_path / "s", data_clinical_sample=clinical(columns, rows)))
    assert cohort.samples["sample_id"].to_pylist() == ["S1", "S2", "S3"]
    assert cohort.samples["patient_id"].to_pylist() == ["P1", "P2", "P2"]
    assert finding(cohort, "duplicate-id")["line"] == 7


def test_the_sample_file_wins_over_the_patient_file(tmp_path: Path) -> None:
    cohort = patients(tmp_path, "CANCER_TYPE", "STRING", "Glioma", "Glioma")
    assert values(cohort, "CANCER_TYPE") == {"S1": "Melanoma", "S2": "Melanoma"}
    assert finding(cohort, "attribute-in-both-files")["value"] == "CANCER_TYPE"


def test_a_harmonised_table_wins_over_the_patient_file(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s")
    rows = [["P1", "1:DECEASED", "3.5"], ["P8", "0:LIVING", "1"]]
    text = table(["PATIENT_ID", "OS_STATUS", "OS_MONTHS"], rows)
    (study / "clinical_harmonised.tsv").write_text(text)
    cohort = read(study)
    assert values(cohort, "OS_STATUS") == {"S1": "1:DECEASED", "S2": "1:DECEASED"}
    assert account(cohort, "clinical_harmonised.tsv") == (2, 1, 0, 1)
    described = {row["attribute"]: row["datatype"] for row in cohort.attributes.to_pylist()}
    assert (described["OS_STATUS"], described["OS_MONTHS"]) == ("STRING", "NUMBER")
