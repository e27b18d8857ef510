"""Put the tumors of a file on the current map without moving anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cache.store import Store
from dashboard.outcomes import Neighbor, PlacedTumor, PlaceOutcome, Prediction
from dashboard.predicting import installed_heads
from dashboard.published_map import PublishedMap, load_map
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from engine.cohort import Cohort
    from engine.embed import Encoder
    from engine.heads import Heads
    from engine.placement import Placement


@dataclass(frozen=True, kw_only=True)
class Placer:
    """Encoder and map in memory: places tumors within a running dashboard.

    Attributes:
        encoder: The encoder.
        map: The map.
        heads: What tells classes; None when no heads are shipped.
    """

    encoder: Encoder
    map: PublishedMap
    heads: Heads | None

    @classmethod
    def load(cls, store: Store, encoder: Encoder) -> Placer:
        """Load the current map for an encoder.

        Args:
            store: The store.
            encoder: The encoder whose digest the map must carry.

        Raises:
            NoMapError: If there is no map, or only one of another model.
        """
        published = load_map(store, encoder.digest)
        return cls(encoder=encoder, map=published, heads=installed_heads(encoder.digest))

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
        predictions = self._predictions(cohort, vectors, placement)
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
                predictions=tuple(predictions[i]),
            )
            for i, sample_id in enumerate(tokens.sample_ids)
        )

    def _neighbors(self, placement: Placement) -> list[tuple[Neighbor, ...]]:
        num_tumors, num_neighbors = placement.neighbors.shape
        rows = self.map.tumors.take(pa.array(placement.neighbors.ravel())).to_pylist()
        distances = placement.distances.ravel().tolist()
        flat = [Neighbor(distance=d, **row) for d, row in zip(distances, rows, strict=True)]
        starts = range(0, num_tumors * num_neighbors, num_neighbors)
        return [tuple(flat[start : start + num_neighbors]) for start in starts]

    def _predictions(
        self, cohort: Cohort, vectors: npt.NDArray[np.float32], placement: Placement
    ) -> list[list[Prediction]]:
        told: list[list[Prediction]] = [[] for _ in vectors]
        if self.heads is None:
            return told
        types = cohort.samples["cancer_type"].to_pylist()
        table = self.heads.predict(vectors, types, placement.out_of_distribution)
        for row in table.rename_columns({"class": "class_name"}).to_pylist():
            told[row.pop("row")].append(Prediction(**row))
        return told


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

    notes = cohort.notes
    if placer.map.synthetic:
        names = ", ".join(placer.map.synthetic)
        notes += (f"The map holds synthetic tumors ({names}), which are nobody.",)
    return PlaceOutcome(
        tumors=tumors,
        layout=placer.map.name,
        layout_id=placer.map.layout_id,
        model_digest=placer.map.model_digest,
        rule=OOD_RULE,
        saved_as=cohort.study.study_id if saved else None,
        files=cohort.report.files,
        findings=cohort.report.findings,
        notes=notes,
        elapsed_s=elapsed_s,
    )


def count_alterations(cohort: Cohort) -> dict[str, int]:
    """Count the alterations of each tumor that has any."""
    counts = cohort.alterations["sample_id"].value_counts().to_pylist()
    return {row["values"]: row["counts"] for row in counts}
