"""The heads of a user's own, beside the shipped ones: loaded together, predicting together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.directions import Directions
from engine.errors import WeightsError
from engine.few_features import Floats, read_blocks
from engine.finetune import CARD, OwnHead
from engine.heads import OUT_OF_DISTRIBUTION, PREDICTIONS, Circumstances
from engine.readout import Readout

if TYPE_CHECKING:
    from engine.embed import Encoder
    from engine.tokens import TumorTokens

BLOCK_TUMORS = 2048
"""Tumors predicted at once: the genes of each take 16 kB."""


@dataclass(frozen=True, kw_only=True)
class OwnHeads:
    """The heads that a user trained on one encoder.

    Args:
        heads: The heads, by name.
        directions: Directions of the encoder.
    """

    heads: tuple[OwnHead, ...]
    directions: Directions

    @classmethod
    def load(cls, folder: Path, encoder: Encoder) -> OwnHeads:
        """Read the heads of a home; those of another encoder are left out.

        Args:
            folder: Folder of the heads, one folder each; it need not exist.
            encoder: The encoder.

        Raises:
            WeightsError: If a head is damaged, or the encoder has no directions to read.
        """
        heads = load_heads(folder, encoder.digest)
        directions = directions_of(encoder) if heads else Directions(blocks={})
        return cls(heads=heads, directions=directions)

    def predict(self, tokens: TumorTokens, readout: Readout, known: Circumstances) -> pa.Table:
        """Predict every task for every tumor.

        Args:
            tokens: N tumors.
            readout: The same, as the encoder tells them.
            known: What else is known of them.

        Returns:
            Rows of `engine.heads.PREDICTIONS`, sorted by `row`.
        """
        tables = [PREDICTIONS.empty_table()]
        if self.heads:
            for start in range(0, len(tokens), BLOCK_TUMORS):
                rows = np.arange(start, min(start + BLOCK_TUMORS, len(tokens)))
                blocks = read_blocks(tokens.take(rows), readout.take(rows), self.directions)
                tables += [self._one(head, blocks, known.take(rows), start) for head in self.heads]
        return pa.concat_tables(tables).combine_chunks().sort_by("row")

    def _one(
        self, head: OwnHead, blocks: dict[str, Floats], known: Circumstances, start: int
    ) -> pa.Table:
        told = head.predict(blocks, known)
        rows = pa.array(told["row"].to_numpy() + start, pa.int64())
        return told.set_column(0, PREDICTIONS.field("row"), rows)


def circumstances(
    tokens: TumorTokens, cancer_types: Sequence[str | None], told: pa.Table
) -> Circumstances:
    """Tell what must be known of tumors, with the flag that the shipped heads gave them.

    Args:
        tokens: N tumors.
        cancer_types: Stated type of each tumor, None where not known.
        told: What the shipped heads told: rows of `engine.heads.PREDICTIONS`.
    """
    strange = np.zeros(len(tokens), dtype=bool)
    flagged = pc.equal(told["flag"], OUT_OF_DISTRIBUTION)
    strange[told["row"].filter(flagged).to_numpy()] = True
    return Circumstances(
        cancer_types=cancer_types, out_of_distribution=strange, num_genes=tokens.num_genes
    )


def directions_of(encoder: Encoder) -> Directions:
    """Read the directions of an encoder.

    Args:
        encoder: The encoder.

    Raises:
        WeightsError: If it has none.
    """
    directions = Directions.parse(encoder.contents)
    if directions is None:
        raise WeightsError(
            "The model has no directions for few labels. Train it with `tumorxy pretrain` on "
            "studies that state cancer types, or use the shipped weights."
        )
    return directions


def load_heads(folder: Path, model_digest: str | None = None) -> tuple[OwnHead, ...]:
    """Read the heads of a home.

    Args:
        folder: Folder of the heads, one folder each; it need not exist.
        model_digest: Only heads that were trained on this model; all when None.

    Returns:
        The heads, by name.

    Raises:
        WeightsError: If one of them is damaged.
    """
    found = sorted(folder.glob(f"[a-z]*/{CARD}")) if folder.is_dir() else []
    heads = [OwnHead.load(card.parent) for card in found]
    chosen = [h for h in heads if model_digest in (None, h.card.get("model_digest"))]
    return tuple(chosen)
