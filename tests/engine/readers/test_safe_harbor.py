from __future__ import annotations

import pyarrow as pa
import pytest

from engine.readers.safe_harbor import cap_age, is_identifying


@pytest.mark.parametrize(
    "name",
    ["NAME", "PATIENT_NAME", "LAST_NAME", "SURNAME", "DATE_OF_BIRTH", "SRC_DATE_BIRTH", "DOB",
     "BIRTH_YEAR", "MRN", "MEDICAL_RECORD_NUMBER", "PHONE", "HOME_PHONE_NUMBER", "FAX", "EMAIL",
     "E_MAIL", "ADDRESS", "STREET", "CITY", "ZIP", "ZIP_CODE", "POSTCODE", "SSN",
     "SOCIAL_SECURITY_NUMBER", "HEALTH_PLAN_NUMBER", "ACCOUNT_NUMBER", "LICENSE_NUMBER",
     "VEHICLE_ID", "DEVICE_SERIAL", "URL", "IP_ADDRESS", "FINGERPRINT", "PHOTO"],
)  # fmt: skip
def test_names_of_identifiers(name: str) -> None:
    assert is_identifying(name, pa.array(["x", None]))


@pytest.mark.parametrize(
    "name",
    ["SEX", "AGE", "CANCER_TYPE", "DRUG_NAME", "STUDY_NAME", "TUMOR_PURITY", "CELLULARITY",
     "DAYS_TO_DEATH", "OS_MONTHS", "DATE_OFFSET", "SPECIFICITY", "SRC_STUDY_SITE", "IRB",
     "ETHNICITY", "INSTITUTE", "STAGE", "MUTATION_RATE", "UPDATED"],
)  # fmt: skip
def test_names_of_other_attributes(name: str) -> None:
    assert not is_identifying(name, pa.array(["12", "3.5", None]))


@pytest.mark.parametrize(
    "value",
    ["28/03/1968", "1968-03-28", "1968/3/28", "28.03.1968", "03-28-1968", "14/03/15", "14-Mar-15",
     "March 14, 2015", "14th March 2015", "2015-03-14T10:00:00", "seen 2015-03-14 in clinic",
     "someone@example.org", "123-45-6789", "(212) 555-0123", "https://example.org/1", "10.0.0.1"],
)  # fmt: skip
def test_values_that_identify(value: str) -> None:
    assert is_identifying("COMMENT", pa.array(["fine", None, value]))


@pytest.mark.parametrize(
    "value",
    ["2015", "1/2", "31-50", ">71", "1.5.2", "HLA-A02:01", "T2N1M0", "20010101", "12:30", "0.5",
     "p.G12D", "1968", "3/4 cores", "2010-2012", "May respond", "RP-1458_RCCBMS-00103-T_v2"],
)  # fmt: skip
def test_values_that_do_not_identify(value: str) -> None:
    assert not is_identifying("COMMENT", pa.array(["fine", None, value]))


@pytest.mark.parametrize(
    ("values", "identifies"),
    [(["2015", "-120", "3650.5", None], False), (["Mar-2015", None], True), (["20150314"], True),
     (["42077"], True)],
)  # fmt: skip
def test_a_date_attribute_may_hold_years_and_offsets_only(
    values: list[str | None], *, identifies: bool
) -> None:
    assert is_identifying("DIAGNOSIS_DATE", pa.array(values)) is identifies


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("AGE", ["89", "90", "104.2", "89.0", None, "old"],
         ["89", "90+", "90+", "89.0", None, "old"]),
        ("SRC_AGE_START", ["91"], ["90+"]),
        ("AGE_IN_DAYS", ["32000", "33000"], ["32000", "90+"]),
        ("AGE_MONTHS", ["1000", "1100"], ["1000", "90+"]),
        ("AGE_GROUP", [">71", ">90", "31-50"], [">71", "90+", "31-50"]),
        ("STAGE", ["95"], ["95"]),
        ("PERCENTAGE", ["95"], ["95"]),
    ],
)  # fmt: skip
def test_ages_over_89(name: str, values: list[str | None], expected: list[str | None]) -> None:
    capped, changed = cap_age(name, pa.array(values, pa.string()))
    assert capped.to_pylist() == expected
    assert changed.to_pylist() == [a != b for a, b in zip(values, expected, strict=True)]
