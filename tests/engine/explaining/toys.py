"""Games whose attributions, Shapley values and interactions are known in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.config import EncoderConfig
from engine.explaining.alterations import Unit
from engine.explaining.game import Game
from engine.explaining.networks import Networks
from engine.kinds import Kind
from engine.model import TumorEncoder
from engine.progress import Progress, no_progress
from engine.tokens import TumorTokens, tokenize
from engine.weights import load_model, save_model
from tests.engine.cohorts import alteration, tables, vocabulary

SMALL = EncoderConfig(width=32, num_layers=2, num_heads=2, hidden=48)


@dataclass(frozen=True, kw_only=True)
class Toy:
    """A formula over gates."""

    num_units: int
    formula: Callable[[Tensor], Tensor]
    name: str = "toy"
    scale: str = "number"

    @property
    def units(self) -> tuple[Unit, ...]:
        names = [f"GENE{i}" for i in range(self.num_units)]
        return tuple(Unit(key=n, label=n, gene=n, kind="missense") for n in names)

    def values(
        self, present: NDArray[np.bool_], *, progress: Progress = no_progress
    ) -> NDArray[np.float64]:
        progress("Explaining", len(present), len(present))
        told: NDArray[np.float64] = self.formula(torch.from_numpy(present).double()).numpy()
        return told

    def smooth(self, gates: Tensor) -> Tensor:
        return self.formula(gates)


def exact_shapley(game: Game) -> NDArray[np.float64]:
    """Average what each unit adds over every order."""
    number = len(game.units)
    sums = np.zeros(number)
    for order in permutations(range(number)):
        rows = np.zeros((number + 1, number), dtype=bool)
        for step, unit in enumerate(order):
            rows[step + 1 :, unit] = True
        sums[list(order)] += np.diff(game.values(rows))
    return sums / factorial(number)


def exact_interaction(game: Game, first: int, second: int) -> float:
    """Shapley interaction index, summed over every set of the others."""
    others = [i for i in range(len(game.units)) if i not in (first, second)]
    total = 0.0
    for code in range(2 ** len(others)):
        chosen = [unit for i, unit in enumerate(others) if code >> i & 1]
        rows = np.zeros((4, len(game.units)), dtype=bool)
        rows[:, chosen] = True
        rows[[0, 1], first] = True
        rows[[0, 2], second] = True
        both, one, other, neither = game.values(rows)
        size, rest = len(chosen), len(others) - len(chosen)
        weight = factorial(size) * factorial(rest) / factorial(len(others) + 1)
        total += weight * (both - one - other + neither)
    return total


def networks(folder: Path, seed: int = 0) -> Networks:
    """Make an encoder with random weights and no adapter."""
    torch.manual_seed(seed)
    words = vocabulary()
    model = TumorEncoder(SMALL, words)
    with torch.no_grad():  # averages as after training, so that the background is one
        model.covariate_mean[0] = 1.5
        model.covariate_scale += 0.5
    save_model(folder, model, words, {"name": "random"})
    return Networks.of(load_model(folder))


PANEL = ("KRAS", "TP53", "STK11", "KEAP1", "MYC", "RAD21", "CDKN2A", "ERBB2", "CDK12", "TERT")


def tumor() -> TumorTokens:
    """One tumor with every kind of unit."""
    mutation: dict[str, Any] = {
        "reference_allele": "C",
        "tumor_allele": "A",
        "vaf": 0.3,
        "indel_length": 0,
    }
    rows = [
        alteration("T", "KRAS", start_position=25398284, protein_position=12, **mutation),
        alteration("T", "TP53", start_position=7577000, protein_position=273, **mutation),
        alteration("T", "TP53", start_position=7578000, protein_position=175, **mutation),
        alteration("T", "TP53", Kind.TRUNCATING, protein_position=213),
        alteration("T", "STK11", Kind.TRUNCATING, vaf=0.5),
        alteration("T", "MYC", Kind.AMPLIFICATION),
        alteration("T", "RAD21", Kind.GAIN),
        alteration("T", "CDKN2A", Kind.DEEP_DELETION),
        alteration("T", "ERBB2", Kind.AMPLIFICATION),
        alteration("T", "CDK12", Kind.AMPLIFICATION),
        alteration("T", "KEAP1", Kind.SHALLOW_DELETION),
        alteration("T", "TTN", Kind.SILENT, **mutation),
    ]
    return tokenize(tables(["T"], rows, panel=PANEL), vocabulary())
