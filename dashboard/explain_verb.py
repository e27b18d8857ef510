"""Explain a stored tumor: from the store where it is there already, else computed and stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from cache.reader import Reader
from cache.store import Store
from dashboard.errors import ExplainError, NothingToDoError
from dashboard.explaining import Explainer, tables_of_sample
from dashboard.explanations import RISK, Asked, Explanation, from_rows, to_rows
from dashboard.predictions import NOT_APPLICABLE, NOT_INTERPRETED, STRANGENESS, TITLES
from dashboard.stored import choose_studies, require_unchanged
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from dashboard.service import Service

DEFAULT_TASK = "cancer_type"


def explain_stored(
    service: Service,
    tumor: tuple[str, str],
    asked: Asked,
    progress: Progress = no_progress,
) -> Explanation:
    """Explain a number of a stored tumor, once.

    Args:
        service: The verbs, for store and model.
        tumor: Its study and sample.
        asked: The number.
        progress: Told how far the work is.

    Raises:
        ExplainError: If there is no such tumor or number.
        NoMapError: If there is no map of the installed model.
    """
    digest = service.model_digest
    with service.store.read() as reader:
        known = from_rows(reader.attributions(digest, *tumor), asked)
        if known is not None and known.pairs is not None:
            return known
        tables = tables_of_sample(reader, *tumor)
        studies = choose_studies(reader, [tumor[0]])
    explainer = Explainer.of(service.placer())
    told = explainer.explain(explainer.placer.encoder.tokenize(tables), asked, progress)
    with service.store.write(purpose=f"explain {tumor[1]}") as writer:
        require_unchanged(service.store, studies)
        writer.add_attributions(digest, to_rows(*tumor, told))
    return told


def find_stored(store: Store, sample_id: str, study_id: str | None) -> tuple[str, str]:
    """Find the study of a tumor.

    Args:
        store: The store.
        sample_id: The tumor.
        study_id: Its study; needed where several studies have a tumor of this name.

    Returns:
        Study and sample.

    Raises:
        NothingToDoError: If nothing is imported.
        ExplainError: If no study, or more than one, has a tumor of this name.
    """
    if not store.exists():
        raise NothingToDoError(
            "A tumor of an imported study is explained, and none is imported. Begin with `tumorxy "
            "import PATH` or `tumorxy demo`."
        )
    with store.read() as reader:
        samples = reader.samples(None if study_id is None else [study_id])
    found = samples.filter(pc.equal(samples["sample_id"], sample_id))
    studies = found["study_id"].to_pylist()
    if len(studies) == 1:
        return studies[0], sample_id
    if studies:
        raise ExplainError(
            f"{sample_id!r} is a tumor of {', '.join(studies)}. Choose one with `--study`."
        )
    raise ExplainError(f"No imported study has a tumor {sample_id!r}. See `tumorxy list`.")


def choose_asked(
    reader: Reader,
    digest: str,
    tumor: tuple[str, str],
    task: str | None,
    wanted: str | None,
    versions: Mapping[str, str] | None = None,
) -> Asked:
    """Choose what to explain of a stored tumor: the likeliest class of a task.

    Args:
        reader: The store.
        digest: The model.
        tumor: Study and sample.
        task: The task; the cancer type when None.
        wanted: The class; the likeliest when None.
        versions: By task, which head of that name the user has trained, as
            `dashboard.own_cards.head_versions` tells it.

    Raises:
        ExplainError: If the task is not told of this tumor, or must not be interpreted.
    """
    study_id, sample_id = tumor
    rows = reader.predictions(digest, [study_id])
    told = [r for r in rows.to_pylist() if r["sample_id"] == sample_id]
    known = sorted({r["task"] for r in told} - {STRANGENESS})
    name = task or DEFAULT_TASK
    mine = [r for r in told if r["task"] == name]
    if not mine:
        raise ExplainError(
            f"Nothing is predicted of {name!r} for {sample_id}. Choose one of "
            f"{', '.join(known) or 'no task: run `tumorxy embed`'}."
        )
    _require_interpretable(name, sample_id, mine[0]["flag"])
    classes = [r["class"] for r in sorted(mine, key=lambda r: -r["probability"])]
    if wanted is not None and wanted not in classes:
        raise ExplainError(f"{name} has no class {wanted!r}. Choose one of {', '.join(classes)}.")
    chosen = classes[0] if wanted is None or name == RISK else wanted
    version = (versions or {}).get(name)
    return Asked(task=name, class_name=f"{chosen}@{version}" if version else chosen)


def _require_interpretable(task: str, sample_id: str, flag: str) -> None:
    if flag in (*NOT_INTERPRETED, NOT_APPLICABLE):
        raise ExplainError(
            f"{TITLES.get(task, task)} of {sample_id} is not explained, since it must not be "
            f"interpreted: {flag.replace('_', ' ')}."
        )
