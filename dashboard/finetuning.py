"""Heads of a user's own: trained on a labels file, kept under the home, predicting every tumor."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cache.store import Store
from dashboard.errors import FinetuneError
from dashboard.label_matching import LabeledTumor, match_labels
from dashboard.outcomes import FinetuneOutcome
from dashboard.own_cards import cards_in, read_summary, trained_on
from dashboard.predicting import with_tumors
from dashboard.rows import find_rows
from dashboard.settings import make_private
from dashboard.stored import choose_studies, require_unchanged, tables_of
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from cache.reader import Reader
    from engine.embed import Encoder
    from engine.finetune import OwnHead
    from engine.own_heads import OwnHeads
    from engine.readers.labels import LabelFile
    from engine.training.few_labels import FewLabels

FEWEST_LABELED = 25
"""Labeled tumors from which on a head is trained."""
MOST_CLASSES = 12
"""Different labels of one head; more are rather numbers, or names, than classes."""


def finetune(
    store: Store,
    encoder: Encoder,
    folder: Path,
    labels: Path,
    task: str,
    progress: Progress = no_progress,
) -> FinetuneOutcome:
    """Train a head on a user's labels, keep it and predict every embedded tumor with it.

    Args:
        store: The store; something must be published.
        encoder: The encoder.
        folder: Folder of the heads.
        labels: The labels file.
        task: Name of the head; a head of that name gives way.
        progress: Told how far the work is.

    Returns:
        What is behind the head, and how well it does.

    Raises:
        FinetuneError: If the name is taken or not a name.
        ImportRefusedError: If the labels cannot be used.
        WeightsError: If the model cannot be finetuned.
    """
    started = time.monotonic()
    _check_name(task)
    head, notes = _train(store, encoder, labels, progress)
    _forget(store, encoder.digest, folder / task)
    replace(head, task=task).save(make_private(folder) / task)
    return FinetuneOutcome(
        head=read_summary(folder / task),
        num_predicted=predict_own(store, encoder, folder, None, progress),
        notes=notes,
        directory=folder / task,
        elapsed_s=time.monotonic() - started,
    )


def remove_head(store: Store, model_digest: str, folder: Path, task: str) -> None:
    """Delete a head with all that it predicted.

    Raises:
        FinetuneError: If there is no head of that name.
    """
    names = [card.parent.name for card in cards_in(folder)]
    if task not in names:
        known = ", ".join(names)
        raise FinetuneError(
            f"There is no head {task!r} to remove; there are: {known or 'none'}. See them with "
            "`tumorxy finetune --list`."
        )
    _forget(store, model_digest, folder / task)
    shutil.rmtree(folder / task)


def predict_own(
    store: Store,
    encoder: Encoder,
    folder: Path,
    study_ids: Sequence[str] | None,
    progress: Progress,
) -> int:
    """Predict embedded tumors that have no prediction of one of the user's heads.

    Args:
        store: The store.
        encoder: The encoder of the embeddings.
        folder: Folder of the heads.
        study_ids: Studies to look at; all when None.
        progress: Told how far the work is.

    Returns:
        Tumors predicted; 0 where there is no head of this encoder.
    """
    from engine.own_heads import OwnHeads

    own = OwnHeads.load(folder, encoder)
    if not own.heads or not store.exists():
        return 0
    with store.read() as reader:
        studies = choose_studies(reader, study_ids)
        parts = [_predict_study(reader, encoder, own, study, progress) for study in studies]
    found = [part for part in parts if part.num_rows]
    if not found:
        return 0
    predictions = pa.concat_tables(found)
    with store.write(purpose="predict") as writer:
        require_unchanged(store, studies)
        writer.add_predictions(encoder.digest, predictions)
    return int(predictions.group_by(["study_id", "sample_id"]).aggregate([]).num_rows)


def _train(
    store: Store, encoder: Encoder, labels: Path, progress: Progress
) -> tuple[OwnHead, tuple[str, ...]]:
    """Train a head without a name, with its card; and tell what labels were not used."""
    from engine.readers.labels import read_labels

    file = read_labels(labels)
    with store.read() as reader:
        matched = match_labels(reader, file)
        _check_enough(file.name, matched.tumors)
        data, classes = _features(reader, encoder, matched.tumors, progress)
    head = _fit(data, classes, matched.tumors, progress)
    facts = _facts(encoder, file) | _behind(matched.tumors) | head.card
    return replace(head, card=facts), matched.notes


def _check_name(task: str) -> None:
    from engine.finetune import TAKEN, TASK_NAME

    if not TASK_NAME.fullmatch(task):
        raise FinetuneError(
            f"{task[:40]!r} cannot be the name of a head: use 2 to 40 lower-case letters, digits "
            "and `_`, beginning with a letter."
        )
    if task in TAKEN:
        raise FinetuneError(f"{task!r} is the name of a shipped head. Choose another.")


def _check_enough(file: str, tumors: Sequence[LabeledTumor]) -> None:
    from engine.errors import ImportRefusedError
    from engine.training.few_labels import FEWEST_PATIENTS

    def refusal(
        rule: str, problem: str, value: str, advice: str = "Label more tumors"
    ) -> ImportRefusedError:
        return ImportRefusedError(
            problem, file=file, rule=rule, column="label", value=value, advice=advice
        )

    if len(tumors) < FEWEST_LABELED:
        problem = f"too few labeled tumors are in the store; expected {FEWEST_LABELED} or more"
        advice = "Label more tumors, or import the study that they are in"
        raise refusal("too-few-labels", problem, str(len(tumors)), advice)
    patients: dict[str, set[str]] = {}
    for tumor in tumors:
        patients.setdefault(tumor.label, set()).add(tumor.patient_id)
    if not 2 <= len(patients) <= MOST_CLASSES:
        problem = f"expected 2 to {MOST_CLASSES} different labels"
        advice = "Label by class: numbers must be divided into classes first"
        raise refusal("number-of-classes", problem, str(len(patients)), advice)
    rarest = min(patients, key=lambda label: len(patients[label]))
    if len(patients[rarest]) < FEWEST_PATIENTS:
        problem = f"each label needs {FEWEST_PATIENTS} patients or more to be cross-validated"
        raise refusal("too-few-of-a-class", problem, f"{rarest}: {len(patients[rarest])}")


def _features(
    reader: Reader, encoder: Encoder, tumors: Sequence[LabeledTumor], progress: Progress
) -> tuple[FewLabels, tuple[str, ...]]:
    """Read the labeled tumors, in the order of `tumors`."""
    from engine.few_features import read_blocks
    from engine.own_heads import directions_of
    from engine.tokens import concatenate
    from engine.training.few_labels import FewLabels

    directions = directions_of(encoder)
    ids = list(dict.fromkeys(tumor.study_id for tumor in tumors))
    parts, places = [], dict[int, int]()
    for study in choose_studies(reader, ids):
        tables = tables_of(reader, study)
        row_of = {name: row for row, name in enumerate(tables.samples["sample_id"].to_pylist())}
        wanted = [i for i, tumor in enumerate(tumors) if tumor.study_id == study["study_id"]]
        rows = np.array([row_of[tumors[i].sample_id] for i in wanted], dtype=np.int64)
        start = len(places)
        places |= {i: start + number for number, i in enumerate(wanted)}
        parts.append(encoder.tokenize(tables).take(rows))
    tokens = concatenate(parts).take(np.array([places[i] for i in range(len(tumors))]))
    blocks = read_blocks(tokens, encoder.read(tokens, progress=progress), directions)
    classes, truth = np.unique([tumor.label for tumor in tumors], return_inverse=True)
    patients = np.array([tumor.patient_id for tumor in tumors])
    data = FewLabels(blocks=blocks, truth=truth.astype(np.int64), patients=patients)
    return data, tuple(classes.tolist())


def _fit(
    data: FewLabels, classes: tuple[str, ...], tumors: Sequence[LabeledTumor], progress: Progress
) -> OwnHead:
    """Fit a head without a name; its card says how well it does."""
    from engine.evaluation.few_label_card import gather_evidence
    from engine.finetune import own_types
    from engine.training.few_labels import fit_few

    evidence = gather_evidence(data, progress=progress)
    progress("Fitting the head", 0, 1)
    stated = {tumor.cancer_type for tumor in tumors if tumor.cancer_type}
    types = frozenset(name for found in stated for name in own_types(found))
    head = replace(fit_few(data, classes), types=types, card=evidence.to_card())
    progress("Fitting the head", 1, 1)
    return head


def _facts(encoder: Encoder, file: LabelFile) -> dict[str, Any]:
    return {
        "model_digest": encoder.digest,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "labels_file": file.name,
        "labels_sha256": file.digest,
    }


def _behind(tumors: Sequence[LabeledTumor]) -> dict[str, Any]:
    from engine.type_names import NOT_STATED

    def counted(values: Sequence[str]) -> dict[str, int]:
        return dict(sorted(Counter(values).items()))

    return {
        "num_tumors": len(tumors),
        "num_patients": len({tumor.patient_id for tumor in tumors}),
        "num_by_class": counted([tumor.label for tumor in tumors]),
        "num_by_study": counted([tumor.study_id for tumor in tumors]),
        "num_by_type": counted([tumor.cancer_type or NOT_STATED for tumor in tumors]),
    }


def _forget(store: Store, model_digest: str, directory: Path) -> None:
    """Delete what a head of this name predicted, on this model and on the one it was trained on."""
    if store.exists():
        with store.write(purpose=f"remove {directory.name}") as writer:
            for digest in {model_digest, trained_on(directory) or model_digest}:
                writer.remove_predictions(digest, directory.name)


def _predict_study(
    reader: Reader, encoder: Encoder, own: OwnHeads, study: dict[str, Any], progress: Progress
) -> pa.Table:
    from engine.own_heads import circumstances

    study_id = study["study_id"]
    tasks = pa.array([head.task for head in own.heads])
    stored = reader.predictions(encoder.digest, [study_id])
    told = stored.filter(pc.is_in(stored["task"], value_set=tasks))
    counts = told.group_by(["study_id", "sample_id"]).aggregate([("task", "count_distinct")])
    full = counts.filter(pc.equal(counts["task_count_distinct"], len(own.heads)))
    tables = tables_of(reader, study)
    inputs = reader.inputs(encoder.digest, [study_id])
    missing = (find_rows(tables.samples, full) < 0) & (find_rows(tables.samples, inputs) >= 0)
    if not missing.any():
        return stored.slice(0, 0)
    rows = np.flatnonzero(missing)
    tokens = encoder.tokenize(tables).take(rows)
    samples = tables.samples.take(pa.array(rows))
    readout = encoder.read(tokens, progress=progress)
    told = stored.append_column("row", pa.array(find_rows(stored, samples)))
    told = told.filter(pc.greater_equal(told["row"], 0))
    known = circumstances(tokens, samples["cancer_type"].to_pylist(), told)
    return with_tumors(own.predict(tokens, readout, known), samples)
