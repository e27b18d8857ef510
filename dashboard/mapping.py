"""Fit a map of every embedded tumor and publish it as a new version."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cache.reader import Reader
from cache.store import Store
from dashboard.errors import NothingToDoError
from dashboard.outcomes import LayoutOutcome
from dashboard.rows import find_rows, points_of, vectors_of
from dashboard.stored import require_unchanged
from engine.progress import Progress


def fit_map(store: Store, model_digest: str, name: str, progress: Progress) -> LayoutOutcome:
    """Fit and publish a map.

    Args:
        store: The store; something must be published.
        model_digest: Model whose embeddings are laid out.
        name: Name of the map; the last map of that name lends its orientation.
        progress: Told how far the work is.

    Returns:
        The version, and how faithful it is.

    Raises:
        NothingToDoError: If no tumor is embedded with this model.
    """
    from engine.layout import LayoutConfig, fit_layout

    started = time.monotonic()
    with store.read() as reader:
        studies = reader.list_studies().to_pylist()
        tumors = _embedded(reader, model_digest)
        previous = _previous(reader, name, tumors)
        labels = _cancer_types(reader, tumors)
    config = LayoutConfig()
    layout = fit_layout(
        vectors_of(tumors), config=config, previous=previous, labels=labels, progress=progress
    )
    facts = (config.to_json(), layout.quality.to_json(), layout.ood.to_json())
    progress("Publishing the map", 0, 1)
    with store.write(purpose=f"layout {name}") as writer:
        require_unchanged(store, studies)
        layout_id = writer.add_layout(name, model_digest, *facts)
        writer.add_coordinates(layout_id, fitted_rows(tumors, layout.coordinates))
    progress("Publishing the map", 1, 1)
    return LayoutOutcome(
        layout_id=layout_id,
        name=name,
        num_tumors=tumors.num_rows,
        quality=layout.quality,
        model_digest=model_digest,
        elapsed_s=time.monotonic() - started,
    )


def _embedded(reader: Reader, model_digest: str) -> pa.Table:
    tumors = reader.embeddings(model_digest)
    if tumors.num_rows == 0:
        raise NothingToDoError(
            "No tumor is embedded with the installed model, so there is nothing to lay out. "
            "Run `tumorxy embed` first."
        )
    return tumors


def _previous(reader: Reader, name: str, tumors: pa.Table) -> npt.NDArray[np.float32] | None:
    """Return where the last map of that name shows the tumors, (N, 2), NaN where it does not."""
    versions = [row for row in reader.layouts().to_pylist() if row["name"] == name]
    if not versions:
        return None
    last = max(versions, key=lambda row: int(row["layout_id"]))
    coordinates = reader.coordinates(last["layout_id"])
    found = find_rows(tumors, coordinates)
    if not (found >= 0).any():
        return None
    points = np.full((len(found), 2), np.nan, dtype=np.float32)
    points[found >= 0] = points_of(coordinates)[found[found >= 0]]
    return points


def _cancer_types(reader: Reader, tumors: pa.Table) -> list[str | None]:
    samples = reader.samples()
    types: list[str | None] = samples["cancer_type"].take(find_rows(tumors, samples)).to_pylist()
    return types


def fitted_rows(tumors: pa.Table, points: npt.NDArray[np.float32]) -> pa.Table:
    """Return the coordinates of the tumors that a map was fitted to, as the store keeps them.

    Args:
        tumors: `study_id` and `sample_id`, N rows.
        points: Coordinates, (N, 2).
    """
    nothing = pa.nulls(len(points), pa.float32())
    return pa.table(
        {
            "study_id": tumors["study_id"],
            "sample_id": tumors["sample_id"],
            "x": points[:, 0],
            "y": points[:, 1],
            "placed": pa.array(np.zeros(len(points), dtype=bool)),
            "agreement": nothing,
            "ood_score": nothing,
            "out_of_distribution": pa.nulls(len(points), pa.bool_()),
        }
    )
