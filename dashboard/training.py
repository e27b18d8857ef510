"""What an encoder and its heads are trained on: imported studies, or study folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from cache.store import Store
from dashboard.errors import NothingToDoError, SourceNotFoundError
from dashboard.stored import choose_studies, tables_of
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.tokens import Tables
    from engine.training.fit_model import LabeledCohort
    from engine.vocabulary import Vocabulary

DEFAULT_STUDIES = ("tcga_pancan", "msk_met_2021", "msk_impact_2017")
"""Studies that the shipped weights were trained on."""

TREATED_STUDIES = (
    "samstein_2019",
    "vanallen_2015",
    "braun_2020",
    "roh_2017",
    "riaz_2017",
    "hugo_2016",
    "snyder_2017",
    "jung_2019",
    "rizvi_2018",
)
"""Cohorts of patients under checkpoint blockade: the first four train, the others test."""


@dataclass(frozen=True, kw_only=True)
class TrainingStudy:
    """A study with the labels that heads are fitted on."""

    tables: Tables
    clinical: pa.Table  # columns sample_id, attribute, value


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Which studies to train or evaluate on, and where they are.

    Args:
        study_ids: Studies for the encoder and the heads of subtypes.
        treated: Cohorts under checkpoint blockade, for the heads of outcome.
        data: Folder of study folders; None takes the studies from the store.
    """

    study_ids: Sequence[str]
    treated: Sequence[str] = ()
    data: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Material:
    """What was read of `Sources`.

    Args:
        studies: Studies for the encoder and the heads of subtypes, by name.
        treated: Cohorts under checkpoint blockade, by name.
        cell_lines: Folder of cell lines beside the study folders; None where there is none.
    """

    studies: Mapping[str, TrainingStudy]
    treated: Mapping[str, TrainingStudy]
    cell_lines: Path | None = None


def read_sources(store: Store, sources: Sources, progress: Progress) -> Material:
    """Read the studies from the store or from their folders.

    Args:
        store: The store.
        sources: What to read.
        progress: Told how far the work is.

    Raises:
        NothingToDoError: If nothing is imported.
        StudyNotFoundError: If a study is not in the store.
        SourceNotFoundError: If a folder is not there.
        ImportRefusedError: If a study is refused.
    """
    names = [*sources.study_ids, *sources.treated]
    if sources.data is None:
        found = stored_studies(store, names)
    else:
        found = study_folders(sources.data, names, progress)
    return Material(
        studies={name: found[name] for name in sources.study_ids},
        treated={name: found[name] for name in sources.treated},
        cell_lines=_cell_lines(sources.data),
    )


def _cell_lines(data: Path | None) -> Path | None:
    folder = data / "cell_lines" if data else None
    return folder if folder and folder.is_dir() else None


def stored_studies(store: Store, study_ids: Sequence[str]) -> dict[str, TrainingStudy]:
    """Read studies from the store.

    Args:
        store: The store.
        study_ids: Studies.

    Raises:
        NothingToDoError: If nothing is imported.
        StudyNotFoundError: If a study is not in the store.
    """
    if not store.exists():
        raise NothingToDoError(
            "An encoder is trained on studies, and none is imported. Import some, or point to "
            "their folders with --data DIR."
        )
    from engine.cohort import CLINICAL

    found = {}
    with store.read() as reader:
        for row in choose_studies(reader, study_ids):
            columns = [CLINICAL.empty_table()]
            for attribute in reader.attributes([row["study_id"]])["attribute"].to_pylist():
                values = reader.clinical(attribute, [row["study_id"]]).drop(["study_id"])
                name = pa.array([attribute] * values.num_rows, pa.string())
                told = values.append_column("attribute", name)
                columns.append(told.select(CLINICAL.names).cast(CLINICAL))
            found[row["study_id"]] = TrainingStudy(
                tables=tables_of(reader, row), clinical=pa.concat_tables(columns)
            )
    return found


def study_folders(
    data: Path, study_ids: Sequence[str], progress: Progress
) -> dict[str, TrainingStudy]:
    """Read studies from their folders, without importing them.

    Args:
        data: Folder that holds the study folders, itself or in `studies`.
        study_ids: Names of the folders.
        progress: Told how far the work is.

    Raises:
        SourceNotFoundError: If a folder is not there.
        ImportRefusedError: If a study is refused.
    """
    from engine.readers.options import ReadOptions
    from engine.sandbox import read_in_child
    from engine.tokens import Tables

    found = {}
    for study_id in study_ids:
        cohort = read_in_child(_folder(data, study_id), ReadOptions(study_id=study_id), progress)
        tables = Tables(
            genome=cohort.study.genome,
            samples=cohort.samples,
            alterations=cohort.alterations,
            panels=cohort.panels,
        )
        found[study_id] = TrainingStudy(tables=tables, clinical=cohort.clinical)
    return found


def fit_study_heads(
    directory: Path, studies: Mapping[str, TrainingStudy], progress: Progress
) -> tuple[str, ...]:
    """Fit what predicts on top of an encoder and write it beside its weights.

    Args:
        directory: Folder of the encoder.
        studies: What it was trained on.
        progress: Told how far the work is.

    Returns:
        Tasks that got a head: those with labeled tumors enough to fit, choose and report on.
    """
    from engine.training.fit_model import fit_model
    from engine.weights import load_model

    found = {name: labels for name, study in studies.items() if (labels := labels_of(study))}
    if not found:
        return ()
    cohort = labeled_cohort(studies, found, load_model(directory).vocabulary)
    return fit_model(directory, cohort, progress=progress)


def fit_predictors(directory: Path, material: Material, progress: Progress) -> None:
    """Fit everything that predicts on top of an encoder and write it beside its weights.

    Args:
        directory: Folder of the encoder.
        material: What it was trained on, and cohorts for the heads of outcome where there are any.
        progress: Told how far the work is.
    """
    from dashboard.outcome_training import fit_study_outcomes
    from engine.training.dataset import build_dataset
    from engine.training.fit_ood import add_detector
    from engine.weights import load_model

    if not fit_study_heads(directory, material.studies, progress):
        return
    tables = {name: study.tables for name, study in material.studies.items()}
    data = build_dataset(tables, load_model(directory).vocabulary)
    add_detector(directory, data.tokens, data.cancer_types, data.parts, progress=progress)
    if material.treated:
        fit_study_outcomes(directory, material.studies, material.treated, progress)


def labeled_cohort(
    studies: Mapping[str, TrainingStudy],
    labels: Mapping[str, Mapping[str, Sequence[str | None]]],
    vocabulary: Vocabulary,
) -> LabeledCohort:
    """Join the tumors of several studies with their labels.

    Args:
        studies: Studies by name.
        labels: By study that has any, by task, the class of each tumor.
        vocabulary: Vocabulary of the encoder.
    """
    from engine.tokens import concatenate, tokenize
    from engine.training.fit_model import LabeledCohort

    tasks = sorted({task for columns in labels.values() for task in columns})
    tokens, patients, cohorts = [], [], []
    joined: dict[str, list[str | None]] = {task: [] for task in tasks}
    for name, columns in labels.items():
        tables = studies[name].tables
        tokens.append(tokenize(tables, vocabulary))
        patients += tables.samples["patient_id"].to_pylist()
        cohorts += [name] * len(tokens[-1])
        for task in tasks:
            joined[task] += columns.get(task, [None] * len(tokens[-1]))
    return LabeledCohort(
        tokens=concatenate(tokens), patient_ids=patients, cohorts=cohorts, labels=joined
    )


def labels_of(study: TrainingStudy) -> dict[str, list[str | None]]:
    """Read the labels of the tasks that a study answers: by task, the class of each sample."""
    from engine.head_tasks import task_labels

    samples = study.tables.samples["sample_id"].to_pylist()
    values: dict[str, dict[str, str]] = {}
    for row in study.clinical.to_pylist():
        values.setdefault(row["attribute"], {})[row["sample_id"]] = row["value"]
    columns = {name: [known.get(s) for s in samples] for name, known in values.items()}
    return {
        task: found
        for task, found in task_labels(columns).items()
        if any(label is not None for label in found)
    }


def _folder(data: Path, study_id: str) -> Path:
    for folder in (data / study_id, data / "studies" / study_id):
        if folder.is_dir():
            return folder
    raise SourceNotFoundError(
        f"{data.name} holds no study folder {study_id!r}. Name the studies that are there, or "
        "another --data folder."
    )
