"""Overall survival, told relative to tumors of the same type: percentile of risk, hazard ratio."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save_file

from engine.errors import WeightsError
from engine.head_tasks import APPLIES_FROM, NOT_STATED
from engine.heads import PREDICTIONS, Circumstances, flags_of, not_applicable
from engine.oncotree import type_names
from engine.readout import Readout

RISK, RISK_CARD = "risk.safetensors", "risk.json"
OS_RISK = "os_risk"
NUM_LEVELS = 101
"""Percentiles of risk that are kept of each tumor type: 0, 1, .. 100."""

BLOCK_TUMORS = 4096
"""Tumors told at once: 50 replicates of 128 numbers take 105 MB."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Risks:
    """Risk of N tumors, each against the median of its own type.

    Args:
        percentile: Share of the type's tumors of lower risk, 0..1, and its 95% interval, (N, 3):
            told, lower, upper.
        hazard_ratio: Hazard against the type's median tumor, in the same form; 1 is the median.
    """

    percentile: Floats
    hazard_ratio: Floats


@dataclass(frozen=True, kw_only=True)
class RiskHead:
    """Stratified proportional hazards on K components of D numbers per tumor.

    Hazards are comparable within a tumor type only: nothing is said of one type against another,
    nor of stage, age or treatment, which the head does not know.

    Args:
        reads: Which fields of a `Readout` it reads, one after another.
        types: Names of the tumor types, T: codes, and main types of the OncoTree.
        projection: Numbers of a tumor and a 1 to components of unit variance, (K, D + 1).
        weights: Components and a 1 to the log hazard ratio against the type's median, (T, K + 1).
        replicates: The same of B refits to reweighted patients, (B, T, K + 1), float16.
        levels: Log hazard ratio of the training tumors of each type at each percentile,
            (T, `NUM_LEVELS`), ascending.
        card: What the head was fitted on, JSON values.
    """

    reads: tuple[str, ...]
    types: tuple[str, ...]
    projection: Floats
    weights: Floats
    replicates: NDArray[np.float16]
    levels: Floats
    card: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, contents: Mapping[str, bytes]) -> RiskHead | None:
        """Read the head of a model.

        Args:
            contents: Verified files of the model, by name.

        Returns:
            The head; None where the model has none.

        Raises:
            WeightsError: If a file is missing or says something else than it should.
        """
        if RISK not in contents:
            return None
        try:
            card = json.loads(contents[RISK_CARD])
            arrays = parse_safetensors(contents[RISK])
            return cls(
                reads=tuple(card["reads"]),
                types=tuple(card["types"]),
                card=card,
                projection=arrays["projection"],
                weights=arrays["weights"],
                replicates=arrays["replicates"],
                levels=arrays["levels"],
            )
        except (ValueError, KeyError, SafetensorError) as error:
            raise WeightsError(
                f"The survival head of the model cannot be read ({type(error).__name__}). "
                "Reinstall TumorXY or fit the heads again."
            ) from error

    def save(self, directory: Path) -> None:
        """Write the head beside the weights; `engine.weights.seal` comes after.

        Args:
            directory: Folder of the model.
        """
        arrays = {
            name: np.ascontiguousarray(getattr(self, name))
            for name in ("projection", "weights", "replicates", "levels")
        }
        save_file(arrays, directory / RISK)
        card = self.card | {"reads": list(self.reads), "types": list(self.types)}
        text = json.dumps(card, indent=1)
        (directory / RISK_CARD).write_text(text + "\n", encoding="utf-8")

    def type_of(self, stated: str | None) -> int | None:
        """Find the type that a tumor is compared with.

        Args:
            stated: Name or code of its type.

        Returns:
            Row of `types`: the name itself, or else its code, or else its main type; None where
            none is known.
        """
        known = {name.lower(): row for row, name in enumerate(self.types)}
        names = type_names(stated or "")
        return next((known[name.lower()] for name in names if name.lower() in known), None)

    def log_hazard_ratios(self, readout: Readout, rows: NDArray[np.int64]) -> Floats:
        """Tell the risk of tumors against the median of their type.

        Args:
            readout: N tumors as the encoder tells them.
            rows: Type of each tumor, (N,), rows of `types`.

        Returns:
            Log hazard ratios, (N,); higher is a higher hazard of death, 0 the type's median.
        """
        ratios: Floats = np.einsum("nk,nk->n", self._components(readout), self.weights[rows])
        return ratios

    def risks(self, readout: Readout, rows: NDArray[np.int64]) -> Risks:
        """Tell risk and interval of tumors.

        Args:
            readout: N tumors as the encoder tells them.
            rows: Type of each tumor, (N,), rows of `types`.

        Returns:
            The risks. The intervals tell how far they would move with other training patients, not
            how long a patient lives.
        """
        components = self._components(readout)
        told = np.einsum("nk,nk->n", components, self.weights[rows])
        refits = [
            np.einsum("nk,nk->n", components, replicate[rows].astype(np.float32))
            for replicate in self.replicates
        ]
        lower, upper = np.quantile(refits, [0.025, 0.975], axis=0)
        ratios = np.column_stack([told, np.minimum(lower, told), np.maximum(upper, told)])
        return Risks(
            percentile=self._percentiles(ratios, rows),
            hazard_ratio=np.exp(ratios).astype(np.float32),
        )

    def predict(
        self,
        readout: Readout,
        known: Circumstances,
        codes: Sequence[str] = (),
        probabilities: Floats | None = None,
    ) -> pa.Table:
        """Tell the risk of every tumor whose type is known or likely.

        Args:
            readout: N tumors as the encoder tells them.
            known: What else is known of them.
            codes: Codes of cancer types that were predicted, C.
            probabilities: Predicted probability of each, (N, C); used where no type is stated.

        Returns:
            `engine.heads.PREDICTIONS`, one row per tumor of the task `OS_RISK`: the class is the
            type compared with, the probability the percentile of risk within it, 0..1, higher is
            a higher hazard of death. `uncertain` where the interval holds the type's median.

        Raises:
            WeightsError: If the readout is not as wide as the one that the head was fitted on.
        """
        self._check_width(readout)
        likely = _likeliest(codes, probabilities, len(readout))
        names = [
            guess if _says_nothing(stated) else stated
            for stated, guess in zip(known.cancer_types, likely, strict=True)
        ]
        found = {name: self.type_of(name) for name in set(names)}
        types = [found[name] for name in names]
        tables = [PREDICTIONS.empty_table()]
        for start in range(0, len(readout), BLOCK_TUMORS):
            block = np.arange(start, min(start + BLOCK_TUMORS, len(readout)))
            told = np.array([i for i in block if types[i] is not None], dtype=np.int64)
            rows = np.array([types[i] for i in told], dtype=np.int64)
            others = np.setdiff1d(block, told)
            tables.append(self._table(readout.take(told), known.take(told), rows, told))
            tables.append(not_applicable(OS_RISK, others))
        return pa.concat_tables(tables).combine_chunks().sort_by("row")

    def _components(self, readout: Readout) -> Floats:
        values = read_fields(readout, self.reads)
        components = values @ self.projection[:, :-1].T + self.projection[:, -1]
        ones = np.ones((len(values), 1), dtype=np.float32)
        joined: Floats = np.concatenate([components, ones], axis=1)
        return joined

    def _percentiles(self, ratios: NDArray[Any], rows: NDArray[np.int64]) -> Floats:
        grid = np.linspace(0, 1, NUM_LEVELS)
        told = np.empty(ratios.shape, dtype=np.float32)
        for row in np.unique(rows):
            of_type = rows == row
            told[of_type] = np.interp(ratios[of_type], self.levels[row], grid)
        return told

    def _check_width(self, readout: Readout) -> None:
        found = sum(getattr(readout, name).shape[1] for name in self.reads)
        expected = self.projection.shape[1] - 1
        if found != expected:
            raise WeightsError(
                f"The survival head found {found} features ({' and '.join(self.reads)}), expected "
                f"{expected} as it was fitted on. Use the heads that belong to the encoder."
            )

    def _table(
        self,
        readout: Readout,
        known: Circumstances,
        rows: NDArray[np.int64],
        tumors: NDArray[np.int64],
    ) -> pa.Table:
        if not len(tumors):
            return PREDICTIONS.empty_table()
        risks = self.risks(readout, rows)
        ratio = risks.hazard_ratio
        flags = flags_of(known, (ratio[:, 1] <= 1) & (ratio[:, 2] >= 1))
        columns = {
            "row": tumors,
            "task": [OS_RISK] * len(tumors),
            "class": [self.types[row] for row in rows],
            "probability": risks.percentile[:, 0],
            "lower": risks.percentile[:, 1],
            "upper": risks.percentile[:, 2],
            "flag": flags.tolist(),
        }
        return pa.table(columns, schema=PREDICTIONS)


def read_fields(readout: Readout, reads: Sequence[str]) -> Floats:
    """Join fields of a readout, (N, D)."""
    joined: Floats = np.concatenate([getattr(readout, name) for name in reads], axis=1)
    return joined


def _says_nothing(stated: str | None) -> bool:
    return stated is None or stated.strip().lower() in NOT_STATED


def _likeliest(
    codes: Sequence[str], probabilities: Floats | None, num_tumors: int
) -> list[str | None]:
    """Name the predicted type of each tumor; None where none is likelier than not."""
    if probabilities is None:
        return [None] * num_tumors
    best = probabilities.argmax(axis=1)
    sure = probabilities.max(axis=1) >= APPLIES_FROM
    return [codes[i] if enough else None for i, enough in zip(best, sure, strict=True)]
