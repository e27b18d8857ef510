"""Sets of classes that hold the true one for 95 of 100 tumors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import WeightsError

CONFORMAL = "conformal.json"
COVERAGE = 0.95


@dataclass(frozen=True, kw_only=True)
class ConformalSets:
    """What a class must reach to be in the set of a task.

    Args:
        thresholds: By task, the least probability of a class in the set, 0..1. The likeliest
            class is always in it, so no set is empty, and a head that is right more often than
            95% covers more than 95%.
        num_tumors: By task, the tumors that the threshold was measured on.
    """

    thresholds: Mapping[str, float]
    num_tumors: Mapping[str, int] = field(default_factory=dict)

    def sets(self, task: str, probabilities: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell which classes are in the set of each tumor.

        Args:
            task: Name of the task.
            probabilities: Probabilities of its classes, (N, C).

        Returns:
            Members, (N, C), bool; every row has at least one.

        Raises:
            WeightsError: If there is no threshold of this task.
        """
        if task not in self.thresholds:
            known = ", ".join(sorted(self.thresholds)) or "none"
            raise WeightsError(
                f"There is no conformal threshold of the task {task}; found {known}. Fit the heads "
                "of the model again."
            )
        members = probabilities >= self.thresholds[task]
        members[np.arange(len(members)), probabilities.argmax(axis=1)] = True
        return members

    def save(self, directory: Path) -> None:
        """Write it beside the weights; `engine.weights.seal` comes after."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True)
        (directory / CONFORMAL).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def parse(cls, contents: Mapping[str, bytes]) -> ConformalSets | None:
        """Read the thresholds of a model; None where it has none.

        Raises:
            WeightsError: If the file says something else than it should.
        """
        if CONFORMAL not in contents:
            return None
        try:
            stored = json.loads(contents[CONFORMAL])
            return cls(thresholds=stored["thresholds"], num_tumors=stored["num_tumors"])
        except (ValueError, KeyError) as error:
            raise WeightsError(
                f"The conformal thresholds of the model cannot be read ({type(error).__name__}). "
                "Reinstall TumorXY or fit the heads again."
            ) from error


def conformal_threshold(
    probabilities: NDArray[np.floating], truth: NDArray[np.int64], coverage: float = COVERAGE
) -> float:
    """Choose the least probability of a class in the set.

    Args:
        probabilities: Probabilities of tumors that the head was not fitted on, (N, C).
        truth: Column of the true class, (N,).
        coverage: Share of new tumors whose set shall hold the true class.

    Returns:
        The threshold; 0 where the tumors are too few to promise the coverage.

    References:
        Sadinle et al. 2019, Least ambiguous set-valued classifiers with bounded error levels,
        doi:10.1080/01621459.2017.1395341.
        Angelopoulos and Bates 2021, A gentle introduction to conformal prediction,
        arXiv:2107.07511, section 1.
    """
    told = np.sort(probabilities[np.arange(len(truth)), truth])
    place = math.floor((len(told) + 1) * (1 - coverage)) - 1
    return float(told[place]) if place >= 0 else 0.0
