"""Predictions of the shipped heads, computed once per tumor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cache.reader import Reader
from cache.store import Store
from dashboard.rows import find_rows
from dashboard.stored import choose_studies, require_unchanged, tables_of
from engine.predictor import Predictor
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.embed import Encoder


def predict_missing(
    store: Store, encoder: Encoder, study_ids: Sequence[str], progress: Progress
) -> int:
    """Predict embedded tumors that have no predictions.

    Args:
        store: The store; something must be published.
        encoder: The encoder of the embeddings.
        study_ids: Studies to look at.
        progress: Told how far the work is.

    Returns:
        Tumors predicted; 0 when no heads are shipped.
    """
    predictor = Predictor.installed(encoder)
    if predictor is None:
        return 0
    with store.read() as reader:
        studies = choose_studies(reader, study_ids)
        parts = [_predict_study(reader, predictor, study, progress) for study in studies]
    found = [part for part in parts if part.num_rows]
    if not found:
        return 0
    predictions = pa.concat_tables(found)
    progress("Publishing predictions", 0, 1)
    with store.write(purpose="predict") as writer:
        require_unchanged(store, studies)
        writer.add_predictions(encoder.digest, predictions)
    progress("Publishing predictions", 1, 1)
    return int(predictions.group_by(["study_id", "sample_id"]).aggregate([]).num_rows)


def _predict_study(
    reader: Reader, predictor: Predictor, study: dict[str, Any], progress: Progress
) -> pa.Table:
    digest, study_id = predictor.encoder.digest, study["study_id"]
    stored = reader.predictions(digest, [study_id])
    tables = tables_of(reader, study)
    inputs = reader.inputs(digest, [study_id])
    known = stored.group_by(["study_id", "sample_id"]).aggregate([])
    is_missing = (find_rows(tables.samples, known) < 0) & (find_rows(tables.samples, inputs) >= 0)
    if not is_missing.any():
        return stored.slice(0, 0)
    rows = np.flatnonzero(is_missing)
    tokens = predictor.encoder.tokenize(tables).take(rows)
    samples = tables.samples.take(pa.array(rows))
    readout = predictor.encoder.read(tokens, progress=progress)
    told = predictor.predict(tokens, readout, samples["cancer_type"].to_pylist(), progress)
    return with_tumors(told, samples)


def with_tumors(told: pa.Table, tumors: pa.Table) -> pa.Table:
    """Put the names of the tumors in the place of their row numbers.

    Args:
        told: Rows of `engine.heads.PREDICTIONS`.
        tumors: `study_id` and `sample_id`, one row per vector.

    Returns:
        Rows as the store keeps them.
    """
    named = tumors.select(["study_id", "sample_id"]).take(told["row"])
    for name in told.column_names[1:]:
        named = named.append_column(name, told[name])
    return named
