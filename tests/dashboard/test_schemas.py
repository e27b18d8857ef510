"""Engine and cache never import each other; what both declare must agree."""

from __future__ import annotations

import pyarrow as pa
import pytest

from cache import schema
from engine import cohort, kinds

PAIRS = {
    "SAMPLES": (schema.SAMPLES, cohort.SAMPLES),
    "ALTERATIONS": (schema.ALTERATIONS, cohort.ALTERATIONS),
    "CLINICAL": (schema.CLINICAL, cohort.CLINICAL),
    "PANELS": (schema.PANELS, cohort.PANELS),
    "ATTRIBUTES": (schema.ATTRIBUTES, cohort.ATTRIBUTES),
    "REPORT_FILES": (schema.REPORT_FILES, cohort.REPORT_FILES),
    "REPORT_FINDINGS": (schema.REPORT_FINDINGS, cohort.REPORT_FINDINGS),
}


@pytest.mark.parametrize("name", PAIRS)
def test_tables_agree(name: str) -> None:
    stored, read = PAIRS[name]
    assert stored.equals(read)
    assert isinstance(stored, pa.Schema)


@pytest.mark.parametrize("name", ["MUTATION_KINDS", "COPY_NUMBER_KINDS", "ALTERING_KINDS"])
def test_kinds_agree(name: str) -> None:
    assert getattr(schema, name) == tuple(str(kind) for kind in getattr(kinds, name))
