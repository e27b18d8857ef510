"""Put tumors on the current map without moving anybody."""

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
from dashboard.outcomes import Neighbor, PlacedTumor, PlaceOutcome
from dashboard.rows import find_rows, points_of, vectors_of
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from engine.cohort import Cohort
    from engine.embed import Encoder
    from engine.placement import Placement, Reference


@dataclass(frozen=True, kw_only=True)
class PublishedMap:
    """A frozen map in memory.

    Attributes:
        layout_id: Its version.
        name: Its name.
        model_digest: Model of its embeddings.
        tumors: The tumors it was fitted to: study_id, sample_id, cancer_type.
        reference: Their vectors and coordinates, row for row, and the reference of the flag.
    """

    layout_id: int
    name: str
    model_digest: str
    tumors: pa.Table
    reference: Reference


@dataclass(frozen=True, kw_only=True)
class Placer:
    """Encoder and map in memory: places tumors within a running dashboard.

    Attributes:
        encoder: The encoder.
        map: The map.
    """

    encoder: Encoder
    map: PublishedMap

    @classmethod
    def load(cls, store: Store, encoder: Encoder) -> Placer:
        """Load the current map for an encoder.

        Args:
            store: The store.
            encoder: The encoder whose digest the map must carry.

        Raises:
            NoMapError: If there is no map, or only one of another model.
        """
        return cls(encoder=encoder, map=load_map(store, encoder.digest))

    def place(self, cohort: Cohort, progress: Progress = no_progress) -> tuple[PlacedTumor, ...]:
        """Place every tumor of a cohort; each result is independent of the others.

        Args:
            cohort: One or many tumors, as a reader returned them.
            progress: Told how far the work is.

        Returns:
            The placed tumors, in the order of `cohort.samples`.
        """
        from engine.placement import place
        from engine.tokens import Tables

        tokens = self.encoder.tokenize(
            Tables(
                genome=cohort.study.genome,
                samples=cohort.samples,
                alterations=cohort.alterations,
                panels=cohort.panels,
            )
        )
        vectors = self.encoder.embed(tokens, progress=progress)
        placement = place(vectors, self.map.reference, progress=progress)
        neighbors = self._neighbors(placement)
        num_alterations = count_alterations(cohort)
        return tuple(
            PlacedTumor(
                sample_id=sample_id,
                x=float(placement.coordinates[i, 0]),
                y=float(placement.coordinates[i, 1]),
                agreement=float(placement.agreement[i]),
                ood_score=float(placement.ood_score[i]),
                out_of_distribution=bool(placement.out_of_distribution[i]),
                neighbors=neighbors[i],
                num_alterations=num_alterations.get(sample_id, 0),
                num_tokens=int(tokens.lengths[i]),
            )
            for i, sample_id in enumerate(tokens.sample_ids)
        )

    def _neighbors(self, placement: Placement) -> list[tuple[Neighbor, ...]]:
        num_tumors, num_neighbors = placement.neighbors.shape
        rows = self.map.tumors.take(placement.neighbors.ravel()).to_pylist()
        distances = placement.distances.ravel().tolist()
        flat = [
            Neighbor(
                study_id=row["study_id"],
                sample_id=row["sample_id"],
                distance=distance,
                cancer_type=row["cancer_type"],
            )
            for row, distance in zip(rows, distances, strict=True)
        ]
        starts = range(0, num_tumors * num_neighbors, num_neighbors)
        return [tuple(flat[start : start + num_neighbors]) for start in starts]


def place_outcome(
    placer: Placer,
    cohort: Cohort,
    tumors: tuple[PlacedTumor, ...],
    *,
    saved: bool,
    elapsed_s: float,
) -> PlaceOutcome:
    """Put together what `place` returns, with the account of the file's lines."""
    from engine.placement import OOD_RULE

    return PlaceOutcome(
        tumors=tumors,
        layout=placer.map.name,
        layout_id=placer.map.layout_id,
        model_digest=placer.map.model_digest,
        rule=OOD_RULE,
        saved_as=cohort.study.study_id if saved else None,
        files=cohort.report.files,
        findings=cohort.report.findings,
        notes=cohort.notes,
        elapsed_s=elapsed_s,
    )


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
        if layout["model_digest"] != model_digest:
            raise NoMapError(
                f"The map {layout['name']} was made with the model "
                f"{layout['model_digest'][:8]}; the installed one is {model_digest[:8]}. Run "
                "`tumorxy embed` and `tumorxy layout`."
            )
        return _load(reader, layout)


NO_MAP = (
    "There is no map yet, so nothing can be placed. Run `tumorxy demo` for the bundled cohort, or "
    "`tumorxy import`, `tumorxy embed` and `tumorxy layout`."
)


def newest_layout(reader: Reader) -> dict[str, Any] | None:
    """Return the row of the newest map, whatever its name; None when there is none."""
    rows = reader.layouts().to_pylist()
    return max(rows, key=lambda row: int(row["layout_id"])) if rows else None


def _load(reader: Reader, layout: dict[str, Any]) -> PublishedMap:
    """Line up coordinates, vectors and cancer types of the tumors that the map was fitted to."""
    from engine.placement import OodReference, Reference

    coordinates = reader.coordinates(layout["layout_id"])
    fitted = coordinates.filter(pc.invert(coordinates["placed"]))
    embeddings = reader.embeddings(layout["model_digest"])
    rows = find_rows(fitted, embeddings)
    fitted, rows = fitted.filter(pa.array(rows >= 0)), rows[rows >= 0]
    samples = reader.samples()
    cancer_types = samples["cancer_type"].take(find_rows(fitted, samples))
    return PublishedMap(
        layout_id=layout["layout_id"],
        name=layout["name"],
        model_digest=layout["model_digest"],
        tumors=fitted.select(["study_id", "sample_id"]).append_column("cancer_type", cancer_types),
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


def count_alterations(cohort: Cohort) -> dict[str, int]:
    """Count the alterations of each tumor that has any."""
    counts = cohort.alterations["sample_id"].value_counts().to_pylist()
    return {row["values"]: row["counts"] for row in counts}
