"""Explain one task of many stored tumors by integrated gradients; what is stored is not repeated.

No tumor depends on another one, and what is done is published every minute: whoever stops the work,
or kills it, loses a minute of it at most.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.errors import ExplainError, NothingToDoError
from dashboard.explain_verb import DEFAULT_TASK
from dashboard.explaining import Explainer
from dashboard.explanations import GRADIENTS, Asked, Explanation, to_rows
from dashboard.outcomes import ExplainAllOutcome
from dashboard.own_cards import head_versions
from dashboard.predictions import NOT_APPLICABLE, NOT_INTERPRETED
from dashboard.stored import choose_studies, require_unchanged, tables_of
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from cache.reader import Reader
    from dashboard.service import Service
    from engine.tokens import Tables

PUBLISH_EVERY_SECONDS = 60.0

Study = dict[str, Any]
Wanted = Mapping[str, Asked]
"""By sample, what is explained of it."""


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What is asked of the tumors of one study, and how much of it is stored already."""

    study: Study
    missing: Wanted
    num_asked: int


def explain_all(
    service: Service,
    task: str | None = None,
    study_ids: Sequence[str] | None = None,
    progress: Progress = no_progress,
) -> ExplainAllOutcome:
    """Explain the likeliest class of a task for every stored tumor that it may be read for.

    Args:
        service: The verbs, for store and model.
        task: The task; the cancer type when None.
        study_ids: Studies; all when None.
        progress: Told the number of tumors done; what it raises ends the work.

    Returns:
        How many were explained, and how many were stored already.

    Raises:
        NothingToDoError: If nothing is imported.
        ExplainError: If the task is told of no tumor.
        NoMapError: If there is no map of the installed model.
        StudyChangedError: If a study changed meanwhile; what was published before stays.
    """
    started = time.monotonic()
    task = task or DEFAULT_TASK
    if not service.store.exists():
        raise NothingToDoError("Tumors of imported studies are explained, and none is imported.")
    with service.store.read() as reader:
        works = [_work(service, reader, study, task) for study in choose_studies(reader, study_ids)]
    num_asked = sum(work.num_asked for work in works)
    if not num_asked:
        raise ExplainError(
            f"Nothing that may be interpreted is predicted of {task!r}. Choose another task, or "
            "run `tumorxy embed`."
        )
    num_missing = sum(len(work.missing) for work in works)
    return ExplainAllOutcome(
        task=task,
        num_tumors=num_asked,
        num_explained=_explain(service, works, num_missing, progress) if num_missing else 0,
        num_reused=num_asked - num_missing,
        elapsed_s=time.monotonic() - started,
    )


def _work(service: Service, reader: Reader, study: Study, task: str) -> _Work:
    ids = [study["study_id"]]
    version = head_versions(service.heads.folder).get(task)
    suffix = f"@{version}" if version else ""
    asked = {
        row["sample_id"]: Asked(task=task, class_name=f"{row['class']}{suffix}")
        for row in reader.likeliest(service.model_digest, task, ids).to_pylist()
        if row["flag"] not in (*NOT_INTERPRETED, NOT_APPLICABLE)
    }
    stored = reader.explained(service.model_digest, task, GRADIENTS, ids).to_pylist()
    done = {(row["sample_id"], row["class"]) for row in stored}
    missing = {s: a for s, a in asked.items() if (s, a.class_name) not in done}
    return _Work(study=study, missing=missing, num_asked=len(asked))


def _explain(service: Service, works: Sequence[_Work], num_missing: int, progress: Progress) -> int:
    """Explain what is missing, publish it every minute, and return how many were explained."""
    explainer = Explainer.of(service.placer())
    done = num_explained = 0
    for work in works:
        rows: list[pa.Table] = []
        since = time.monotonic()
        for part in _rows_of(service, explainer, work):
            rows += part
            done += 1
            num_explained += len(part)
            progress("Explaining tumors", done, num_missing)
            if time.monotonic() - since > PUBLISH_EVERY_SECONDS:
                _publish(service, work.study, rows)
                rows, since = [], time.monotonic()
        if rows:
            _publish(service, work.study, rows)
    return num_explained


def _rows_of(service: Service, explainer: Explainer, work: _Work) -> Iterator[list[pa.Table]]:
    """Yield what is stored of each tumor, nothing for one of which nothing is known."""
    if not work.missing:
        return
    with service.store.read() as reader:
        tables = _chosen(tables_of(reader, work.study), work.missing)
    tokens = explainer.placer.encoder.tokenize(tables)
    for row, sample_id in enumerate(tokens.sample_ids):
        asked = work.missing[sample_id]
        told = explainer.attribute(tokens.take(np.array([row])), asked)
        whole = None if told is None else Explanation(asked=asked, methods=(told,), pairs=None)
        yield [] if whole is None else [to_rows(work.study["study_id"], sample_id, whole)]


def _chosen(tables: Tables, wanted: Wanted) -> Tables:
    names = pa.array(wanted, pa.string())
    return replace(
        tables,
        samples=tables.samples.filter(pc.is_in(tables.samples["sample_id"], names)),
        alterations=tables.alterations.filter(pc.is_in(tables.alterations["sample_id"], names)),
    )


def _publish(service: Service, study: Study, rows: list[pa.Table]) -> None:
    with service.store.write(purpose=f"explanations of {study['study_id']}") as writer:
        require_unchanged(service.store, [study])
        writer.add_attributions(service.model_digest, pa.concat_tables(rows))
