"""Studies as the store holds them, for what is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cache.errors import StudyNotFoundError
from cache.reader import Reader
from cache.store import Store
from dashboard.errors import StudyChangedError

if TYPE_CHECKING:
    from engine.tokens import Tables


def choose_studies(reader: Reader, study_ids: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the rows of `list_studies` for the wanted studies; of all when None.

    Raises:
        StudyNotFoundError: If a study is not in the store.
    """
    studies = {row["study_id"]: row for row in reader.list_studies().to_pylist()}
    wanted = list(studies) if study_ids is None else list(dict.fromkeys(study_ids))
    missing = [study_id for study_id in wanted if study_id not in studies]
    if missing:
        raise StudyNotFoundError(missing, studies)
    return [studies[study_id] for study_id in wanted]


def tables_of(reader: Reader, study: dict[str, Any]) -> Tables:
    """Read what tokenizing needs of a study.

    Args:
        reader: A reader of the store.
        study: Its row of `list_studies`.
    """
    from engine.tokens import Tables

    ids = [study["study_id"]]
    return Tables(
        genome=study["genome"],
        samples=reader.samples(ids),
        alterations=reader.alterations(ids),
        panels=reader.panels(ids),
    )


def require_unchanged(store: Store, studies: Sequence[dict[str, Any]]) -> None:
    """Refuse to publish what was computed from a study that was imported again meanwhile.

    Args:
        store: The store; the caller holds its writer lock.
        studies: Rows of `list_studies` as they were when the work began.

    Raises:
        StudyChangedError: If one of them was imported again or removed.
    """
    with store.read() as reader:
        now = {row["study_id"]: row for row in reader.list_studies().to_pylist()}
    changed = [row["study_id"] for row in studies if now.get(row["study_id"]) != row]
    if changed:
        raise StudyChangedError(
            f"{', '.join(changed)} changed in the store while this was computed, so nothing was "
            "published. Run it again."
        )
