"""What a model tells of a tumor beside its place, and whether it may be interpreted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from engine.heads import OK, OUT_OF_DISTRIBUTION, PREDICTIONS, Circumstances, Heads
from engine.ood import OodDetector, Strangeness
from engine.progress import Progress
from engine.readout import Readout
from engine.survival import RiskHead

if TYPE_CHECKING:
    from engine.embed import Encoder
    from engine.tokens import TumorTokens

STRANGENESS, UNLIKE_REFERENCE = "strangeness", "unlike the reference"
"""Task and class of the rows that say how strange a tumor is."""


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """Everything that predicts on top of an encoder.

    Attributes:
        encoder: The encoder.
        heads: Its heads.
        risk: Its survival head; None where the model has none.
        detector: What tells strange tumors; None where the model has none.
    """

    encoder: Encoder
    heads: Heads
    risk: RiskHead | None = None
    detector: OodDetector | None = None

    @classmethod
    def installed(cls, encoder: Encoder) -> Predictor | None:
        """Build the predictor of an encoder; None when its model folder holds no heads.

        Raises:
            WeightsError: If something of it cannot be read.
        """
        heads = Heads.parse(encoder.contents)
        if heads is None:
            return None
        return cls(
            encoder=encoder,
            heads=heads,
            risk=RiskHead.parse(encoder.contents),
            detector=OodDetector.parse(encoder.contents),
        )

    def predict(
        self,
        tokens: TumorTokens,
        readout: Readout,
        cancer_types: Sequence[str | None],
        progress: Progress,
    ) -> pa.Table:
        """Predict every task for every tumor.

        Args:
            tokens: N tumors.
            readout: The same, as the encoder tells them.
            cancer_types: Stated type of each tumor, name or code, None where not known.
            progress: Told the number of tumors done.

        Returns:
            Rows of `engine.heads.PREDICTIONS`, sorted by `row`.
        """
        strange = self.detector and self.detector.score(tokens, readout)
        nobody = np.zeros(len(tokens), dtype=bool)
        known = Circumstances(
            cancer_types=cancer_types,
            out_of_distribution=strange.out_of_distribution if strange else nobody,
            num_genes=tokens.num_genes,
        )
        tables = [self.heads.predict(readout, known, progress=progress)]
        if strange:
            tables.append(strangeness_rows(strange))
        if self.risk is not None:
            codes, probabilities = self.heads.cancer_types(readout)
            tables.append(self.risk.predict(readout, known, codes, probabilities))
        return pa.concat_tables(tables).combine_chunks().sort_by("row")


def strangeness_rows(strange: Strangeness) -> pa.Table:
    """Write how strange tumors are as rows of `engine.heads.PREDICTIONS`.

    Args:
        strange: Scores and flags of N tumors.

    Returns:
        One row per tumor: its score in the place of a probability, without an interval.
    """
    number = len(strange.scores)
    flags = np.where(strange.out_of_distribution, OUT_OF_DISTRIBUTION, OK)
    columns = {
        "row": np.arange(number),
        "task": [STRANGENESS] * number,
        "class": [UNLIKE_REFERENCE] * number,
        "probability": strange.scores.astype(np.float32),
        "lower": pa.nulls(number, pa.float32()),
        "upper": pa.nulls(number, pa.float32()),
        "flag": flags.tolist(),
    }
    return pa.table(columns, schema=PREDICTIONS)
