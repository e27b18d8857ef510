"""The newest map as it is published, and the tumors that are put on it later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cache.reader import Reader
from cache.store import Store
from dashboard.errors import NoMapError
from dashboard.rows import find_rows, points_of, vectors_of
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.placement import Placement, Reference

NO_MAP = (
    "There is no map yet, so nothing can be placed. Run `tumorxy demo` for the bundled cohort, or "
    "`tumorxy import`, `tumorxy embed` and `tumorxy layout`."
)


@dataclass(frozen=True, kw_only=True)
class PublishedMap:
    """A frozen map in memory.

    Attributes:
        layout_id: Its version.
        name: Its name.
        model_digest: Model of its embeddings.
        tumors: The tumors it was fitted to: study_id, sample_id, cancer_type.
        synthetic: Studies among them whose tumors are synthetic.
        reference: Their vectors and coordinates, row for row, and the reference of the flag.
    """

    layout_id: int
    name: str
    model_digest: str
    tumors: pa.Table
    synthetic: tuple[str, ...]
    reference: Reference


def load_map(store: Store, model_digest: str) -> PublishedMap:
    """Read the newest map.

    Args:
        store: The store.
        model_digest: Model that the map must belong to.

    Raises:
        NoMapError: If there is no map, or the newest is of another model.
    """
    if not store.exists():
        raise NoMapError(NO_MAP)
    with store.read() as reader:
        layout = newest_layout(reader)
        if layout is None:
            raise NoMapError(NO_MAP)
        require_installed(layout["name"], layout["model_digest"], model_digest)
        return _load(reader, layout)


def require_installed(name: str, digest: str, installed: str) -> None:
    """Refuse a map of another model than the installed one.

    Args:
        name: Name of the map.
        digest: Its model.
        installed: The installed model.

    Raises:
        NoMapError: If they differ.
    """
    if digest != installed:
        raise NoMapError(
            f"The map {name} was made with the model {digest[:8]}; the installed one is "
            f"{installed[:8]}. Run `tumorxy embed` and `tumorxy layout`."
        )


def installed_digest() -> str:
    """Return the digest of the shipped model, verified, without building the encoder."""
    from engine.weights import SHIPPED, read_verified

    return read_verified(SHIPPED)[1]


def newest_layout(reader: Reader) -> dict[str, Any] | None:
    """Return the row of the newest map, whatever its name; None when there is none.

    A map whose fitted tumors were all removed has nothing left to place others by.
    """
    rows = sorted(reader.layouts().to_pylist(), key=lambda row: int(row["layout_id"]))
    for row in reversed(rows):
        if not pc.all(reader.coordinates(row["layout_id"])["placed"], min_count=0).as_py():
            return dict(row)
    return None


def _load(reader: Reader, layout: dict[str, Any]) -> PublishedMap:
    """Line up coordinates, vectors and cancer types of the tumors that the map was fitted to."""
    from engine.placement import OodReference, Reference

    coordinates = reader.coordinates(layout["layout_id"])
    fitted = coordinates.filter(pc.invert(coordinates["placed"]))
    embeddings = reader.embeddings(layout["model_digest"])
    rows = find_rows(fitted, embeddings)
    fitted, rows = fitted.filter(pa.array(rows >= 0)), rows[rows >= 0]
    studies = reader.list_studies()
    synthetic = studies.filter(studies["synthetic"])["study_id"].to_pylist()
    samples = reader.samples()
    cancer_types = samples["cancer_type"].take(find_rows(fitted, samples))
    return PublishedMap(
        layout_id=layout["layout_id"],
        name=layout["name"],
        model_digest=layout["model_digest"],
        tumors=fitted.select(["study_id", "sample_id"]).append_column("cancer_type", cancer_types),
        synthetic=tuple(sorted(set(synthetic) & set(fitted["study_id"].unique().to_pylist()))),
        reference=Reference(
            vectors=vectors_of(embeddings)[rows],
            coordinates=points_of(fitted),
            ood=OodReference.from_json(layout["ood"]),
        ),
    )


def place_unplaced(
    store: Store, model_digest: str, study_ids: Sequence[str], progress: Progress
) -> int:
    """Place the embedded tumors that are not on the newest map, and publish their coordinates.

    Args:
        store: The store; something must be published.
        model_digest: Model of the embeddings.
        study_ids: Studies to look at.
        progress: Told how far the work is.

    Returns:
        Tumors placed; 0 when there is no map of this model.
    """
    with store.read() as reader:
        layout = newest_layout(reader)
        if layout is None or layout["model_digest"] != model_digest:
            return 0
        tumors = _unplaced(reader, layout, study_ids)
        if tumors.num_rows == 0:
            return 0
        reference = _load(reader, layout).reference
    from engine.placement import place

    placement = place(vectors_of(tumors), reference, progress=progress)
    with store.write(purpose="place") as writer:
        writer.add_coordinates(layout["layout_id"], placed_rows(tumors, placement))
    return int(tumors.num_rows)


def _unplaced(reader: Reader, layout: dict[str, Any], study_ids: Sequence[str]) -> pa.Table:
    embeddings = reader.embeddings(layout["model_digest"], study_ids)
    coordinates = reader.coordinates(layout["layout_id"], study_ids)
    return embeddings.filter(pa.array(find_rows(embeddings, coordinates) < 0))


def placed_rows(tumors: pa.Table, placement: Placement) -> pa.Table:
    """Return coordinates of placed tumors as the store keeps them.

    Args:
        tumors: `study_id` and `sample_id`, N rows.
        placement: Where they lie, row for row.
    """
    return pa.table(
        {
            "study_id": tumors["study_id"],
            "sample_id": tumors["sample_id"],
            "x": placement.coordinates[:, 0].astype(np.float32),
            "y": placement.coordinates[:, 1].astype(np.float32),
            "placed": np.ones(tumors.num_rows, dtype=bool),
            "agreement": placement.agreement.astype(np.float32),
            "ood_score": placement.ood_score.astype(np.float32),
            "out_of_distribution": placement.out_of_distribution,
        }
    )
