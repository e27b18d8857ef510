"""How good a head of few labels is: nested cross-validation by patient, simple models beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.evaluation.paired import METRICS, compare
from engine.evaluation.rows import Estimate, Row
from engine.progress import Progress, no_progress
from engine.reliability import CALIBRATED_UP_TO, ReliabilityBin, reliability
from engine.training.few_labels import (
    DEFAULTS,
    FewLabelConfig,
    FewLabels,
    cross_validate,
    folds,
)
from engine.training.head_metrics import measure
from engine.training.simple_models import BURDEN_ALONE, SIMPLE, Model

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FewLabelEvidence:
    """What nested cross-validation says of a head.

    Args:
        figures: Accuracy, AUROC and calibration error of the head, as `head_metrics.measure`.
        baselines: AUROC of each simple model on the same patients.
        differences: AUROC of the head minus that of each simple model, paired by patient.
        bins: Stated and observed frequency of the likeliest class.
        verdict: In one sentence or two, whether the head is worth its trouble.
        beats_simple: Whether it is ahead of each simple model beyond chance.
    """

    figures: dict[str, Any]
    baselines: dict[str, Estimate]
    differences: dict[str, Estimate]
    bins: tuple[ReliabilityBin, ...]
    verdict: str
    beats_simple: bool

    def to_card(self) -> dict[str, Any]:
        """Return the evidence as JSON values for the card of the head."""
        document = asdict(self)
        document["cross_validated"] = document.pop("figures")
        document["calibration"] = document.pop("bins")
        return document


def gather_evidence(
    labels: FewLabels, *, config: FewLabelConfig = DEFAULTS, progress: Progress = no_progress
) -> FewLabelEvidence:
    """Cross-validate the head and the simple models on the same folds of patients.

    Args:
        labels: Features and classes; BURDEN and the raw blocks among them.
        config: How to fit.
        progress: Told the number of models done.

    Returns:
        The evidence.
    """
    progress("Cross-validating", 0, 1 + len(SIMPLE))
    predictions = {"ours": cross_validate(labels, config=config)}
    for i, (name, model) in enumerate(SIMPLE.items()):
        progress("Cross-validating", 1 + i, 1 + len(SIMPLE))
        predictions[name] = _cross_validate_simple(labels, model, config)
    progress("Cross-validating", 1 + len(SIMPLE), 1 + len(SIMPLE))
    rows = {name: _compare(labels, predictions, (name,)) for name in SIMPLE}
    best = _compare(labels, predictions, tuple(SIMPLE))
    told = predictions["ours"]
    figures = measure(told.astype(np.float32), labels.truth, labels.patients.tolist(), config.seed)
    beats = all(_low(row) > 0 for row in rows.values())
    return FewLabelEvidence(
        figures=figures,
        baselines={name: row.baselines[name] for name, row in rows.items()},
        differences={name: row.difference for name, row in rows.items() if row.difference},
        bins=reliability(told, labels.truth),
        verdict=_verdict(rows, best, figures),
        beats_simple=beats,
    )


def _cross_validate_simple(
    labels: FewLabels, model: Model, config: FewLabelConfig
) -> Probabilities:
    told = np.empty((len(labels.truth), int(labels.truth.max()) + 1))
    for train, test in folds(labels.truth, labels.patients, config):
        known = {name: block[train] for name, block in labels.blocks.items()}
        asked = {name: block[test] for name, block in labels.blocks.items()}
        told[test] = model(known, labels.truth[train], asked)
    return told


def _compare(
    labels: FewLabels, predictions: dict[str, Probabilities], names: tuple[str, ...]
) -> Row:
    empty = Row(
        task="",
        view="",
        part="cross-validation",
        metric="AUROC",
        ours=Estimate(value=0.0),
        num_tumors=len(labels.truth),
    )
    chosen = {name: predictions[name] for name in ("ours", *names)}
    return compare(empty, METRICS["AUROC"], chosen, labels.truth, labels.patients.tolist())


def _low(row: Row) -> float:
    low = row.difference.low if row.difference else None
    return -1.0 if low is None else low


def _verdict(rows: dict[str, Row], best: Row, figures: dict[str, Any]) -> str:
    """Say plainly whether the encoder was worth it."""
    told = [_against(name, row) for name, row in rows.items() if _low(row) <= 0]
    if not told:
        first = (
            f"Beats every simple model: AUROC {best.ours.value:.3f} against "
            f"{best.baselines[str(best.best_baseline)].value:.3f} of {best.best_baseline}."
        )
    else:
        first = f"Not shown to beat {'; nor '.join(told)}."
        if BURDEN_ALONE in rows and _low(rows[BURDEN_ALONE]) <= 0:
            first += " Counting mutations may do as well: prefer that."
    ece = figures["ece"]["value"]
    if ece > CALIBRATED_UP_TO:
        first += f" Not calibrated: probabilities are off by {ece:.2f} on average."
    return first


def _against(name: str, row: Row) -> str:
    figures = f"{name} (AUROC {row.ours.value:.3f} against {row.baselines[name].value:.3f}"
    gap = row.difference
    if gap is None:
        return f"{figures})"
    return (
        f"{figures}, difference {gap.value:+.3f}, 95% interval {gap.low:+.3f} to {gap.high:+.3f})"
    )
