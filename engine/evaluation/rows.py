"""Rows of the evidence: one figure of ours, the same of each baseline, and their difference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1
HIGHER, LOWER = "higher", "lower"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure with its 95% interval; the ends are None where none can be told."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the evidence.

    Args:
        task: What was asked, for example `pam50`.
        view: What of the tumors was seen, for example `mutations only`.
        part: Whose patients: `test`, `validation`, or an external cohort.
        metric: `accuracy`, `AUROC` and so on.
        ours: The shipped model.
        baselines: The same figure of each baseline, on the same tumors.
        best_baseline: The best of them; None where there is none.
        difference: Ours minus the best baseline, paired by patient.
        num_tumors: Tumors measured on.
        reach: The figure that was aimed at; None where none was stated.
        better: `higher` or `lower`.
        note: What must be known to read it.
    """

    task: str
    view: str
    part: str
    metric: str
    ours: Estimate
    num_tumors: int
    baselines: Mapping[str, Estimate] = field(default_factory=dict)
    best_baseline: str | None = None
    difference: Estimate | None = None
    reach: float | None = None
    better: str = HIGHER
    note: str = ""

    @property
    def is_reached(self) -> bool | None:
        """Whether the figure aimed at was reached; None where none was stated."""
        if self.reach is None:
            return None
        value = self.ours.value
        return value >= self.reach if self.better == HIGHER else value <= self.reach


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """All rows of one run.

    Args:
        model_digest: The model.
        data_digest: What it was measured on.
        rows: The evidence.
        slices: Rows by cancer type, sex, age group or panel, under the name of the slice.
        ablations: By variant of the encoder, its figures on validation patients.
        facts: Hardware, versions, elapsed seconds and whatever else describes the run.
    """

    model_digest: str
    data_digest: str
    rows: tuple[Row, ...]
    slices: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    ablations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """Write the evaluation as JSON text."""
        document = {"schema_version": SCHEMA_VERSION} | asdict(self)
        return json.dumps(document, indent=1, allow_nan=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> Evaluation:
        """Read what `to_json` wrote."""
        document = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            model_digest=document["model_digest"],
            data_digest=document["data_digest"],
            rows=tuple(_row(row) for row in document["rows"]),
            slices={name: tuple(map(_row, rows)) for name, rows in document["slices"].items()},
            ablations=document["ablations"],
            facts=document["facts"],
        )


def _row(document: dict[str, Any]) -> Row:
    estimates = {
        "ours": Estimate(**document["ours"]),
        "baselines": {name: Estimate(**told) for name, told in document["baselines"].items()},
        "difference": document["difference"] and Estimate(**document["difference"]),
    }
    return Row(**document | estimates)
