"""A tumor under a pseudonym: no id of a sample, a patient or a study is left in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.cases import Case, Test
from dashboard.queries import MapData
from dashboard.wording import FIRST_LABELS, FIRST_NUMBERS
from engine.study_effects import StudyEffect

if TYPE_CHECKING:
    from engine.cohort import Cohort

KEPT_FACTS = {*FIRST_LABELS, *FIRST_NUMBERS} - {"SUBTYPE", "MSI"}
"""Clinical attributes with values from short lists, or numbers; free text may name anybody."""

FILE_NAME = re.compile(r"\S+\.(?:maf|vcf|txt|tsv|csv)(?:\.gz)?\b", re.IGNORECASE)
ANY_STUDY, ANY_PANEL = "one study", "one panel"


def mask_case(case: Case, pseudonym: str, study_ids: Sequence[str] = ()) -> Case:
    """Show a tumor under a pseudonym.

    Args:
        case: The tumor.
        pseudonym: What it is called instead.
        study_ids: Names that must not appear either, such as within the name of a panel.

    Returns:
        The same tumor without its id and study; facts in free text and notes about its file are
        left out.
    """
    hidden = [name for name in (case.sample_id, case.study, *study_ids) if name]
    facts = {key: value for key, value in case.clinical.items() if key in KEPT_FACTS}
    return replace(
        case,
        sample_id=pseudonym,
        study=None,
        tests=tuple(_mask_test(test, hidden) for test in case.tests),
        clinical={k: v for k, v in facts.items() if not any(name in v for name in hidden)},
        notes=tuple(note for note in case.notes if not _names_something(note, hidden)),
    )


def _mask_test(test: Test, hidden: Sequence[str]) -> Test:
    names_it = test.panel is not None and any(name in test.panel for name in hidden)
    return replace(test, panel=ANY_PANEL) if names_it else test


def _names_something(note: str, hidden: Sequence[str]) -> bool:
    return FILE_NAME.search(note) is not None or any(name in note for name in hidden)


def mask_data(data: MapData) -> MapData:
    """Call the studies of a map by numbers, for captions that list them."""
    studies = {
        study_id: replace(study, name=f"study {number}")
        for number, (study_id, study) in enumerate(data.studies.items(), 1)
    }
    return replace(data, studies=studies)


def mask_effects(effects: Sequence[StudyEffect]) -> tuple[StudyEffect, ...]:
    """Leave out which study or panel explains a neighborhood."""
    return tuple(
        replace(effect, source=ANY_STUDY if effect.kind == "study" else ANY_PANEL)
        for effect in effects
    )


def mask_cohort(cohort: Cohort, sample_id: str, pseudonym: str) -> Cohort:
    """Keep one tumor of a file, under a pseudonym.

    Args:
        cohort: What was read.
        sample_id: The tumor.
        pseudonym: What it is called instead.
    """
    return replace(
        cohort,
        samples=_rename(cohort.samples, sample_id, pseudonym),
        alterations=_rename(cohort.alterations, sample_id, pseudonym),
        clinical=_rename(cohort.clinical, sample_id, pseudonym),
        notes=(),
    )


def _rename(table: pa.Table, sample_id: str, pseudonym: str) -> pa.Table:
    own = table.filter(pc.equal(table["sample_id"], sample_id))
    for name in ("sample_id", "patient_id"):
        if name in own.column_names:
            values = pa.array([pseudonym] * own.num_rows, pa.string())
            own = own.set_column(own.column_names.index(name), name, values)
    return own
