"""Outcome heads: from study folders or stored studies to response and survival."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.training import TrainingStudy
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.training.outcomes import OutcomeCohort
    from engine.vocabulary import Vocabulary


def fit_study_outcomes(
    directory: Path,
    studies: Mapping[str, TrainingStudy],
    treated: Mapping[str, TrainingStudy],
    progress: Progress,
) -> None:
    """Fit the heads of response and survival, and write them beside the others.

    Args:
        directory: Folder of the encoder.
        studies: Studies with overall survival, by name.
        treated: Cohorts of patients who were given checkpoint blockade, by name.
        progress: Told how far the work is.

    Raises:
        TrainingError: If there are too few patients for one of them.
    """
    from engine.training.outcomes import fit_outcomes
    from engine.weights import load_model

    vocabulary = load_model(directory).vocabulary
    cohorts = [outcome_cohort({name: study}, vocabulary) for name, study in treated.items()]
    fit_outcomes(directory, outcome_cohort(studies, vocabulary), cohorts, progress=progress)


def outcome_cohort(studies: Mapping[str, TrainingStudy], vocabulary: Vocabulary) -> OutcomeCohort:
    """Join all tumors of some studies with the attributes that outcomes are read from.

    Args:
        studies: Studies by name.
        vocabulary: Vocabulary of the encoder.
    """
    from engine.tokens import concatenate, tokenize
    from engine.training.outcomes import ATTRIBUTES, OutcomeCohort

    samples = {name: study.tables.samples for name, study in studies.items()}
    columns: dict[str, list[str | None]] = {name: [] for name in ATTRIBUTES}
    for name, study in studies.items():
        known = _attributes(study)
        for attribute, column in columns.items():
            values = known.get(attribute, {})
            column += [values.get(sample) for sample in samples[name]["sample_id"].to_pylist()]
    return OutcomeCohort(
        tokens=concatenate([tokenize(study.tables, vocabulary) for study in studies.values()]),
        study_ids=[name for name, table in samples.items() for _ in range(table.num_rows)],
        patient_ids=[p for table in samples.values() for p in table["patient_id"].to_pylist()],
        cancer_types=[t for table in samples.values() for t in table["cancer_type"].to_pylist()],
        attributes=columns,
    )


def _attributes(study: TrainingStudy) -> dict[str, dict[str, str]]:
    """Read the clinical attributes: by name, the value of each sample that has one."""
    found: dict[str, dict[str, str]] = {}
    for row in study.clinical.to_pylist():
        found.setdefault(row["attribute"], {})[row["sample_id"]] = row["value"]
    return found
