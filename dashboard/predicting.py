"""Predictions of the shipped heads: computed once per tumor, and again when its flag changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cache.reader import Reader
from cache.store import Store
from dashboard.published_map import newest_layout
from dashboard.rows import find_rows, vectors_of
from engine.errors import WeightsError
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.heads import Heads


def installed_heads(model_digest: str) -> Heads | None:
    """Load the heads that are shipped with the weights.

    Args:
        model_digest: The encoder that they must belong to.

    Returns:
        The heads; None when none are shipped.

    Raises:
        WeightsError: If they are damaged or were fitted on another encoder.
    """
    from engine.heads import HEADS, Heads
    from engine.weights import SHIPPED

    if not (SHIPPED / HEADS).is_file():
        return None
    heads = Heads.load(SHIPPED)
    fitted_on = heads.card.get("model_digest")
    if fitted_on != model_digest:
        raise WeightsError(
            f"The heads were fitted on the model {str(fitted_on)[:8]}; the installed one is "
            f"{model_digest[:8]}. Reinstall TumorXY, or fit the heads again."
        )
    return heads


def predict_missing(
    store: Store, model_digest: str, study_ids: Sequence[str], progress: Progress
) -> int:
    """Predict embedded tumors that have no predictions, or whose flag no longer fits the map.

    A tumor is flagged out of distribution when the newest map says so; those that the map was
    fitted to, and all where there is no map, are not.

    Args:
        store: The store; something must be published.
        model_digest: Model of the embeddings.
        study_ids: Studies to look at.
        progress: Told how far the work is.

    Returns:
        Tumors predicted; 0 when no heads are shipped.
    """
    heads = installed_heads(model_digest)
    if heads is None:
        return 0
    with store.read() as reader:
        parts = [
            _predict_study(reader, heads, model_digest, study_id, progress)
            for study_id in study_ids
        ]
    found = [part for part in parts if part.num_rows]
    if not found:
        return 0
    predictions = pa.concat_tables(found)
    progress("Publishing predictions", 0, 1)
    with store.write(purpose="predict") as writer:
        writer.add_predictions(model_digest, predictions)
    progress("Publishing predictions", 1, 1)
    return int(predictions.group_by(["study_id", "sample_id"]).aggregate([]).num_rows)


def _predict_study(
    reader: Reader, heads: Heads, model_digest: str, study_id: str, progress: Progress
) -> pa.Table:
    tumors = reader.embeddings(model_digest, [study_id])
    is_strange = _out_of_distribution(reader, model_digest, study_id, tumors)
    stale = _stale(reader.predictions(model_digest, [study_id]), tumors, is_strange)
    tumors, is_strange = tumors.filter(pa.array(stale)), is_strange[stale]
    if tumors.num_rows == 0:
        return reader.predictions(model_digest, [study_id]).slice(0, 0)
    samples = reader.samples([study_id])
    types = samples["cancer_type"].take(find_rows(tumors, samples)).to_pylist()
    told = heads.predict(vectors_of(tumors), types, is_strange, progress=progress)
    return with_tumors(told, tumors)


def _out_of_distribution(
    reader: Reader, model_digest: str, study_id: str, tumors: pa.Table
) -> npt.NDArray[np.bool_]:
    flags = np.zeros(tumors.num_rows, dtype=bool)
    layout = newest_layout(reader)
    if layout is None or layout["model_digest"] != model_digest:
        return flags
    coordinates = reader.coordinates(layout["layout_id"], [study_id])
    rows = find_rows(tumors, coordinates)
    stated = pc.fill_null(coordinates["out_of_distribution"], fill_value=False).to_numpy()
    flags[rows >= 0] = stated[rows[rows >= 0]]
    return flags


def _stale(
    predictions: pa.Table, tumors: pa.Table, is_strange: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Tell which tumors have no predictions, or predictions with another flag, (N,)."""
    from engine.heads import OUT_OF_DISTRIBUTION

    flagged = predictions.filter(pc.equal(predictions["flag"], OUT_OF_DISTRIBUTION))
    keys = ["study_id", "sample_id"]
    known, strange = (table.group_by(keys).aggregate([]) for table in (predictions, flagged))
    stale: npt.NDArray[np.bool_] = (find_rows(tumors, known) < 0) | (
        (find_rows(tumors, strange) >= 0) != is_strange
    )
    return stale


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
