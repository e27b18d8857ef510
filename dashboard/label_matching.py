"""Find the tumors of a labels file in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import ImportRefusedError
from engine.readers.labels import PATIENT, SAMPLE, STUDY, LabelFile, LabelRow

if TYPE_CHECKING:
    from cache.reader import Reader


@dataclass(frozen=True, kw_only=True)
class LabeledTumor:
    """A stored tumor with a user's label."""

    study_id: str
    sample_id: str
    patient_id: str
    cancer_type: str | None
    label: str


@dataclass(frozen=True, kw_only=True)
class MatchedLabels:
    """The tumors that were found, and what became of the other rows, one sentence each."""

    tumors: tuple[LabeledTumor, ...]
    notes: tuple[str, ...]


def match_labels(reader: Reader, file: LabelFile) -> MatchedLabels:
    """Find the tumors of a labels file in the store.

    Args:
        reader: The store.
        file: The labels.

    Returns:
        The tumors in the order of the file. Samples that are in no imported study are left out,
        and a note counts them.

    Raises:
        ImportRefusedError: If a study is not in the store, a sample is in several studies and its
            study is not given, or a patient is not the one that the study states.
    """
    stored: dict[str, dict[str, dict[str, str | None]]] = {}
    studies = {row["study_id"] for row in reader.list_studies().to_pylist()}
    for row in reader.samples().to_pylist():
        stored.setdefault(row["sample_id"], {})[row["study_id"]] = row
    tumors, strangers = [], []
    for label in file.rows:
        _check_study(file.name, label, studies)
        found = {
            study: row
            for study, row in stored.get(label.sample_id, {}).items()
            if label.study_id in (None, study)
        }
        _check_single(file.name, label, found)
        if found:
            tumors.append(_tumor(file.name, label, next(iter(found.values()))))
        else:
            strangers.append(label)
    return MatchedLabels(tumors=tuple(tumors), notes=_notes(file, strangers))


def _tumor(file: str, label: LabelRow, row: dict[str, str | None]) -> LabeledTumor:
    stated = row["patient_id"]
    if label.patient_id and stated and label.patient_id != stated:
        raise ImportRefusedError(
            f"the study {row['study_id']} states another patient, {stated}",
            file=file,
            rule="other-patient",
            line=label.line,
            column=PATIENT,
            value=label.patient_id,
            advice="Correct the file, or leave the column out",
        )
    return LabeledTumor(
        study_id=str(row["study_id"]),
        sample_id=label.sample_id,
        patient_id=stated or label.patient_id or f"{row['study_id']} {label.sample_id}",
        cancer_type=row["cancer_type"],
        label=label.label,
    )


def _check_study(file: str, label: LabelRow, studies: set[str]) -> None:
    if label.study_id is not None and label.study_id not in studies:
        raise ImportRefusedError(
            f"no such study is imported; there are: {', '.join(sorted(studies)) or 'none'}",
            file=file,
            rule="unknown-study",
            line=label.line,
            column=STUDY,
            value=label.study_id,
            advice="Import it with `tumorxy import`, or correct the file",
        )


def _check_single(file: str, label: LabelRow, found: dict[str, dict[str, str | None]]) -> None:
    if len(found) > 1:
        raise ImportRefusedError(
            f"the sample is in several studies: {', '.join(sorted(found))}",
            file=file,
            rule="ambiguous-sample",
            line=label.line,
            column=SAMPLE,
            value=label.sample_id,
            advice=f"Add a column {STUDY}",
        )


def _notes(file: LabelFile, strangers: list[LabelRow]) -> tuple[str, ...]:
    notes = []
    if file.num_unlabeled:
        notes.append(f"Rows without a label, left out: {file.num_unlabeled}.")
    if strangers:
        first = strangers[0]
        notes.append(
            f"Labeled samples that are in no imported study, left out: {len(strangers)}, the first "
            f"{first.sample_id} in line {first.line}."
        )
    return tuple(notes)
