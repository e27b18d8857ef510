"""What an encoder and its heads are trained on: imported studies, or study folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cache.store import Store
from dashboard.embedding import choose_studies, tables_of
from dashboard.errors import NothingToDoError, SourceNotFoundError
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.tokens import Tables

DEFAULT_STUDIES = ("tcga_pancan", "msk_met_2021")
"""Studies that the shipped weights were trained on."""


@dataclass(frozen=True, kw_only=True)
class TrainingStudy:
    """A study with the labels that heads are fitted on."""

    tables: Tables
    clinical: pa.Table  # columns sample_id, attribute, value


def stored_studies(store: Store, study_ids: Sequence[str]) -> dict[str, TrainingStudy]:
    """Read studies from the store.

    Args:
        store: The store.
        study_ids: Studies.

    Raises:
        NothingToDoError: If nothing is imported.
        StudyNotFoundError: If a study is not in the store.
    """
    from engine.head_tasks import TASKS

    if not store.exists():
        raise NothingToDoError(
            "An encoder is trained on studies, and none is imported. Import some, or point to "
            "their folders with --data DIR."
        )
    found = {}
    with store.read() as reader:
        for row in choose_studies(reader, study_ids):
            columns = []
            for task in TASKS:
                values = reader.clinical(task.attribute, [row["study_id"]]).drop(["study_id"])
                name = pa.array([task.attribute] * values.num_rows, pa.string())
                columns.append(values.append_column("attribute", name))
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
    """Fit the heads of an encoder and write them beside its weights.

    Args:
        directory: Folder of the encoder.
        studies: What it was trained on.
        progress: Told how far the work is.

    Returns:
        Tasks that got a head: those with labeled tumors enough to fit, choose and report on.
    """
    from engine.embed import Encoder
    from engine.training.fit_heads import LabeledTumors, fit_heads, fittable_tasks

    encoder = Encoder.load(directory)
    labels = {name: _labels(study) for name, study in studies.items()}
    labels = {name: found for name, found in labels.items() if found}
    tasks = sorted({task for found in labels.values() for task in found})
    if not tasks:
        return ()
    vectors, patients, cohorts = [], [], []
    joined: dict[str, list[str | None]] = {task: [] for task in tasks}
    for name, found in labels.items():
        tables = studies[name].tables
        tokens = encoder.tokenize(tables)
        vectors.append(encoder.embed(tokens, progress=progress))
        patients += tables.samples["patient_id"].to_pylist()
        cohorts += [name] * len(tokens)
        for task in tasks:
            joined[task] += found.get(task, [None] * len(tokens))
    chosen = fittable_tasks(joined, patients)
    tumors = LabeledTumors(
        vectors=np.concatenate(vectors),
        patient_ids=patients,
        cohorts=cohorts,
        labels={task: joined[task] for task in chosen},
    )
    fit_heads(tumors, model_digest=encoder.digest, progress=progress).save(directory)
    return chosen


def _labels(study: TrainingStudy) -> dict[str, list[str | None]]:
    """Read the labels of the tasks that a study answers, by sample."""
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
