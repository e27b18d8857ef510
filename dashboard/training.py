"""What an encoder is trained on: imported studies, or study folders that are not imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cache.store import Store
from dashboard.embedding import choose_studies, tables_of
from dashboard.errors import NothingToDoError, SourceNotFoundError
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.tokens import Tables

DEFAULT_STUDIES = ("tcga_pancan", "msk_met_2021")
"""Studies that the shipped weights were trained on."""


def stored_studies(store: Store, study_ids: Sequence[str]) -> dict[str, Tables]:
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
    with store.read() as reader:
        return {
            row["study_id"]: tables_of(reader, row) for row in choose_studies(reader, study_ids)
        }


def study_folders(data: Path, study_ids: Sequence[str], progress: Progress) -> dict[str, Tables]:
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
        found[study_id] = Tables(
            genome=cohort.study.genome,
            samples=cohort.samples,
            alterations=cohort.alterations,
            panels=cohort.panels,
        )
    return found


def _folder(data: Path, study_id: str) -> Path:
    for folder in (data / study_id, data / "studies" / study_id):
        if folder.is_dir():
            return folder
    raise SourceNotFoundError(
        f"{data.name} holds no study folder {study_id!r}. Name the studies that are there, or "
        "another --data folder."
    )
