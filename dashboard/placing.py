"""Put the tumors of a file on the current map without moving anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from cache.store import Store
from dashboard.outcomes import Neighbor, PlacedTumor, PlaceOutcome, Prediction
from dashboard.published_map import PublishedMap, load_map
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.cohort import Cohort
    from engine.embed import Encoder
    from engine.own_heads import OwnHeads
    from engine.placement import Placement
    from engine.predictor import Predictor
    from engine.readout import Readout
    from engine.tokens import TumorTokens


@dataclass(frozen=True, kw_only=True)
class Placer:
    """Encoder and map in memory: places tumors within a running dashboard.

    Attributes:
        encoder: The encoder.
        map: The map.
        predictor: What tells classes; None when no heads are shipped.
        own: The heads that the user trained; None where they were not asked for.
    """

    encoder: Encoder
    map: PublishedMap
    predictor: Predictor | None
    own: OwnHeads | None = None

    @classmethod
    def load(cls, store: Store, encoder: Encoder, heads_folder: Path | None = None) -> Placer:
        """Load the current map for an encoder.

        Args:
            store: The store.
            encoder: The encoder whose digest the map must carry.
            heads_folder: Folder of the heads that the user trained; it need not exist.

        Raises:
            NoMapError: If there is no map, or only one of another model.
        """
        from engine.predictor import Predictor

        published = load_map(store, encoder.digest)
        own = None
        if heads_folder is not None and heads_folder.is_dir():
            from engine.own_heads import OwnHeads

            own = OwnHeads.load(heads_folder, encoder)
        return cls(encoder=encoder, map=published, predictor=Predictor.installed(encoder), own=own)

    def place(self, cohort: Cohort, progress: Progress = no_progress) -> tuple[PlacedTumor, ...]:
        """Place every tumor of a cohort; each result is independent of the others.

        Args:
            cohort: One or many tumors, as a reader returned them.
            progress: Told how far the work is.

        Returns:
            The placed tumors, in the order of `cohort.samples`.
        """
        from engine.placement import place

        tokens = self._tokens(cohort)
        readout = self.encoder.read(tokens, progress=progress)
        placement = place(readout.embeddings, self.map.reference, progress=progress)
        neighbors = self._neighbors(placement)
        predictions = self._predictions(cohort, tokens, readout)
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

    def vectors(self, cohort: Cohort) -> npt.NDArray[np.float32]:
        """Return the embeddings of the tumors of a cohort, (N, D), in the order of its samples."""
        return self.encoder.read(self._tokens(cohort)).embeddings

    def _tokens(self, cohort: Cohort) -> TumorTokens:
        from engine.tokens import Tables

        return self.encoder.tokenize(
            Tables(
                genome=cohort.study.genome,
                samples=cohort.samples,
                alterations=cohort.alterations,
                panels=cohort.panels,
            )
        )

    def _neighbors(self, placement: Placement) -> list[tuple[Neighbor, ...]]:
        num_tumors, num_neighbors = placement.neighbors.shape
        rows = self.map.tumors.take(pa.array(placement.neighbors.ravel())).to_pylist()
        distances = placement.distances.ravel().tolist()
        flat = [Neighbor(distance=d, **row) for d, row in zip(distances, rows, strict=True)]
        starts = range(0, num_tumors * num_neighbors, num_neighbors)
        return [tuple(flat[start : start + num_neighbors]) for start in starts]

    def predict(
        self, tokens: TumorTokens, readout: Readout, cancer_types: Sequence[str | None]
    ) -> pa.Table:
        """Predict tumors with the shipped heads, and with those that the user trained.

        Args:
            tokens: N tumors.
            readout: The same, as the encoder tells them.
            cancer_types: Stated type of each tumor, None where not known.

        Returns:
            Rows of `engine.heads.PREDICTIONS`.
        """
        from engine.heads import PREDICTIONS
        from engine.own_heads import circumstances

        table = PREDICTIONS.empty_table()
        if self.predictor is not None:
            table = self.predictor.predict(tokens, readout, cancer_types, no_progress)
        if self.own is not None:
            known = circumstances(tokens, cancer_types, table)
            table = pa.concat_tables([table, self.own.predict(tokens, readout, known)])
        return table

    def _predictions(
        self, cohort: Cohort, tokens: TumorTokens, readout: Readout
    ) -> list[list[Prediction]]:
        told: list[list[Prediction]] = [[] for _ in tokens.sample_ids]
        table = self.predict(tokens, readout, cohort.samples["cancer_type"].to_pylist())
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
