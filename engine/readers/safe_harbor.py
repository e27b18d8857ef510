"""Keep direct identifiers of patients out: the 18 classes of the HIPAA safe harbor.

An attribute is recognized by the words of its name, or by values that are dates, addresses of
people or numbers of persons. It is dropped as a whole, and no value of it is ever shown.

References:
    45 CFR 164.514(b)(2).
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.readers.findings import Rule
from engine.readers.table import as_mask

SAFE_HARBOR = Rule(
    "safe-harbor",
    "The attribute identifies patients (a name, date, place or number of a person) and was "
    "dropped with all its values.",
)
AGE_LIMIT = Rule("age-over-89", "Ages over 89 identify patients; they were changed to 90+.")
OLDEST = "90+"

_IDENTIFYING_WORDS = frozenset(
    {
        "ADDRESS", "BENEFICIARY", "BIOMETRIC", "BIRTH", "BIRTHDATE", "BIRTHDAY", "BIRTHPLACE",
        "CITY", "COUNTY", "DOB", "EMAIL", "FAX", "FINGERPRINT", "FIRSTNAME", "FORENAME",
        "FULLNAME", "GEOCODE", "INITIALS", "LASTNAME", "LATITUDE", "LONGITUDE", "MAIDENNAME",
        "MOBILE", "MRN", "PASSPORT", "PATIENTNAME", "PHONE", "PHOTO", "PHOTOGRAPH", "PLATE",
        "POSTAL", "POSTCODE", "SSN", "STREET", "SURNAME", "TELEPHONE", "URL", "VEHICLE", "VIN",
        "VOICEPRINT", "WEBSITE", "ZIP", "ZIPCODE",
    }
)  # fmt: skip
"""Any of these words in a name is enough."""

_IDENTIFYING_PAIRS = (
    {"NAME", "PATIENT"}, {"NAME", "FIRST"}, {"NAME", "LAST"}, {"NAME", "MIDDLE"},
    {"NAME", "FULL"}, {"NAME", "FAMILY"}, {"NAME", "GIVEN"}, {"NAME", "MAIDEN"},
    {"NAME", "PHYSICIAN"}, {"NAME", "DOCTOR"}, {"MEDICAL", "RECORD"}, {"HOSPITAL", "NUMBER"},
    {"SOCIAL", "SECURITY"}, {"HEALTH", "PLAN"}, {"INSURANCE", "NUMBER"}, {"INSURANCE", "ID"},
    {"ACCOUNT", "NUMBER"}, {"ACCOUNT", "ID"}, {"LICENSE", "NUMBER"}, {"CERTIFICATE", "NUMBER"},
    {"DEVICE", "ID"}, {"DEVICE", "SERIAL"}, {"SERIAL", "NUMBER"}, {"IP", "ADDRESS"},
    {"NATIONAL", "ID"}, {"NHS", "NUMBER"}, {"FACE", "IMAGE"}, {"E", "MAIL"}, {"ZIP", "CODE"},
)  # fmt: skip
"""Any of these pairs of words in a name is enough."""

_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_BEGIN, _END = r"(^|[^0-9])", r"([^0-9]|$)"
_IDENTIFYING_VALUES = "(?i)" + "|".join(
    (
        rf"{_BEGIN}(19|20)\d\d[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01]){_END}",  # 2015-03-14
        rf"{_BEGIN}\d{{1,2}}[-/.]\d{{1,2}}[-/.](19|20)\d\d{_END}",  # 14/03/2015
        r"^\s*\d{1,2}/\d{1,2}/\d\d\s*$",  # 14/03/15
        rf"{_BEGIN}\d{{1,2}}(st|nd|rd|th)?[-. ]?{_MONTH}[-., ]+(19|20)?\d\d{_END}",  # 14-Mar-15
        rf"\b{_MONTH}\.? \d{{1,2}}(st|nd|rd|th)?,? (19|20)\d\d{_END}",  # March 14, 2015
        r"[a-z0-9._%+-]+@[a-z0-9-]+\.[a-z]{2,}",  # someone@example.org
        rf"{_BEGIN}\d{{3}}-\d{{2}}-\d{{4}}{_END}",  # a social security number
        r"^\s*(\+?1[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}\s*$",  # a telephone number
        r"https?://|\bwww\.",
        r"^\s*(\d{1,3}\.){3}\d{1,3}\s*$",  # an IP address
    )
)
_PLAIN_NUMBER = r"^\s*-?\d+(\.\d+)?\s*$"
# A year or an offset in days; longer ones are dates as spreadsheets store them.
_YEAR_OR_OFFSET = r"^\s*-?\d{1,4}(\.\d+)?\s*$"
_YEARS_IN = {"DAYS": 365.25, "WEEKS": 52.18, "MONTHS": 12.0}


def is_identifying(name: str, values: pa.Array) -> bool:
    """Tell whether an attribute identifies patients.

    Args:
        name: Attribute, for example `DATE_OF_BIRTH`.
        values: What it holds, null where nothing is stated, (N,).

    Returns:
        True if it must not be taken in.
    """
    words = _words(name)
    if words & _IDENTIFYING_WORDS or words == {"NAME"}:
        return True
    if any(pair <= words for pair in _IDENTIFYING_PAIRS):
        return True
    if as_mask(pc.match_substring_regex(values, _IDENTIFYING_VALUES)).any():
        return True
    if "DATE" not in words:
        return False
    harmless = pc.match_substring_regex(values, _YEAR_OR_OFFSET)
    return bool(pc.any(pc.invert(harmless)).as_py())


def cap_age(name: str, values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Change ages over 89 years to `90+`.

    Args:
        name: Attribute; one with the word AGE holds ages, in the unit its name states or years.
        values: Text, null where nothing is stated, (N,).

    Returns:
        The values, and which were changed, (N,), bool.
    """
    words = _words(name)
    if "AGE" not in words:
        return values, pa.array(np.zeros(len(values), dtype=np.bool_))
    in_a_year = next((n for unit, n in _YEARS_IN.items() if unit in words), 1.0)
    stated = pc.replace_substring_regex(values, r"^\s*[>≥]=?\s*", "")
    number = pc.match_substring_regex(stated, _PLAIN_NUMBER)
    years = pc.divide(pc.cast(pc.if_else(number, stated, None), pa.float64()), in_a_year)
    old = pc.coalesce(pc.greater(years, 89.0), pa.scalar(value=False))
    return pc.if_else(old, OLDEST, values), old


def _words(name: str) -> frozenset[str]:
    return frozenset(re.split(r"[^A-Z0-9]+", name.upper()))
