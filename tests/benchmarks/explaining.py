"""Explanations of a real tumor with 60 alterations and of a cohort, against Captum one at a time.

Run: `TUMORXY_DATA=DATA python -m tests.benchmarks.explaining [STUDY]`. Prints a table and writes
tests/benchmarks/results/explaining.csv. Beside wall time stands the time of the processor, summed
over threads, which other work on the machine changes less.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import ShapleyValueSampling

from engine.embed import Encoder
from engine.explaining.alterations import COVARIATE, units_of
from engine.explaining.attribute import integrated_gradients, leave_one_out
from engine.explaining.game import TumorGame
from engine.explaining.interactions import interaction_index, pair_effects
from engine.explaining.networks import Networks
from engine.explaining.shapley import NUM_PERMUTATIONS, shapley_values
from engine.explaining.targets import for_head
from engine.explaining.what_if import Change, changed
from engine.genes import GeneTable
from engine.heads import Head, Heads
from engine.readers.options import ReadOptions
from engine.readers.read import read_input
from engine.tokens import Tables, TumorTokens
from engine.vocabulary import Vocabulary
from engine.weights import SHIPPED, load_model
from tests.benchmarks.harness import Measurement, quantiles, show, write_results

NUM_ALTERATIONS = 60
STUDY = "tcga_pancan"
REPEAT = 7
NUM_COHORT = 100
COHORT = 30_000


def main() -> None:
    study = sys.argv[1] if len(sys.argv) > 1 else STUDY
    folder = Path(os.environ.get("TUMORXY_DATA", "../shared/data")) / "studies" / study
    encoder = Encoder.load()
    tokens = encoder.tokenize(read(folder))
    loaded = load_model(SHIPPED)
    networks = Networks.of(loaded)
    heads = Heads.parse(loaded.contents)
    assert heads is not None  # the shipped model has heads
    head = heads.heads[0]
    one = tokens.take(np.array([nearest(tokens, networks.vocabulary)]))
    game = TumorGame.of(networks, for_head(head, likeliest(networks, head, one)), one)
    rows = [*one_tumor(game), *captum(game), what_if_row(encoder, one)]
    rows.append(cohort_row(networks, game, tokens))
    show(rows)
    print(write_results("explaining", rows))


def read(folder: Path) -> Tables:
    """Read the tables of a study."""
    cohort = read_input(folder, ReadOptions(), GeneTable.load())
    return Tables(
        genome=cohort.study.genome,
        samples=cohort.samples,
        alterations=cohort.alterations,
        panels=cohort.panels,
    )


def nearest(tokens: TumorTokens, vocabulary: Vocabulary) -> int:
    """Find the tumor nearest to 60 alterations, as units and as tokens."""
    counts = [
        sum(unit.kind != COVARIATE for unit in units_of(tokens.take(np.array([i])), vocabulary))
        for i in range(len(tokens))
    ]
    away = np.abs(np.array([counts, tokens.lengths]) - NUM_ALTERATIONS).sum(0)
    return int(away.argmin())


def likeliest(networks: Networks, head: Head, one: TumorTokens) -> str:
    """Name the class that a head finds likeliest."""
    odds = []
    for name in head.classes:
        game = TumorGame.of(networks, for_head(head, name), one)
        odds.append(game.values(np.ones((1, len(game.units)), dtype=bool))[0])
    return head.classes[int(np.argmax(odds))]


def one_tumor(game: TumorGame) -> list[Measurement]:
    """Measure every method on one tumor."""
    altered = sum(unit.kind != COVARIATE for unit in game.units)
    what = f"{altered} alterations, {len(game.tumor.tokens.gene)} tokens, {game.name}"
    told = integrated_gradients(game)
    pairs = pair_effects(game)
    best = pairs.strongest(20)
    return [
        timed("integrated gradients", lambda: integrated_gradients(game), note=what),
        quantiles("integrated gradients, completeness gap", "%", [100 * told.completeness_gap]),
        timed("leave one out", lambda: leave_one_out(game)),
        timed(f"Shapley values, {NUM_PERMUTATIONS} permutations", lambda: shapley_values(game)),
        timed(f"{len(pairs.pairs)} pairs, empty rest", lambda: pair_effects(game)),
        timed("20 pairs, full rest", lambda: pair_effects(game, rest="full", pairs=best)),
        timed("20 pairs, 16 contexts each", lambda: interaction_index(game, best), repeat=3),
    ]


def captum(game: TumorGame) -> list[Measurement]:
    """Measure Captum's sampling of permutations, a forward per step, and ours beside it."""
    number, permutations = len(game.units), 2

    def ask(gates: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(game.values(gates.numpy() > 0.5))

    def peer() -> None:
        ShapleyValueSampling(ask).attribute(
            torch.ones(1, number), baselines=torch.zeros(1, number), n_samples=permutations
        )

    theirs = seconds_of(peer, 3)
    ours = seconds_of(lambda: shapley_values(game), 3)
    per = np.array(theirs) / permutations * NUM_PERMUTATIONS
    ratio = per.min(0) / np.array(ours).min(0)
    note = f"from {permutations} permutations; processor {per[:, 1].min():.3f} s"
    return [
        quantiles("Shapley values, Captum one at a time", "s", per[:, 0].tolist(), note=note),
        quantiles("Captum against ours, wall", "times", [ratio[0]]),
        quantiles("Captum against ours, processor", "times", [ratio[1]]),
    ]


def what_if_row(encoder: Encoder, one: TumorTokens) -> Measurement:
    """Measure a toggle up to the new embedding."""
    key = units_of(one, encoder.vocabulary)[0].key
    change = Change(removed=(key,))
    return timed(
        "what if, one alteration removed: embedding",
        lambda: encoder.read(changed(one, change, encoder.vocabulary)),
    )


def cohort_row(networks: Networks, game: TumorGame, tokens: TumorTokens) -> Measurement:
    """Measure attributions of tumors one after another, and say what a cohort would take."""
    order = np.random.default_rng(0).permutation(len(tokens))
    rows = order[:NUM_COHORT].astype(np.int64)

    def attribute() -> None:
        for row in rows:
            one = tokens.take(np.array([row]))
            if units_of(one, networks.vocabulary):
                integrated_gradients(TumorGame.of(networks, game.target, one))

    wall, processor = seconds_of(attribute, 1)[0]
    minutes = [seconds / len(rows) * COHORT / 60 for seconds in (wall, processor)]
    note = f"from {len(rows)} tumors, {tokens.lengths[rows].mean():.0f} tokens on average; "
    return quantiles(
        f"attributions of {COHORT:,} tumors, one head",
        "min",
        [minutes[0]],
        note=note + f"processor {minutes[1]:.1f} min",
    )


def seconds_of(call: Callable[[], Any], repeat: int) -> list[tuple[float, float]]:
    """Wall and processor seconds of each of `repeat` calls, after one that is not counted."""
    call()
    told = []
    for _ in range(repeat):
        wall, processor = time.perf_counter(), time.process_time()
        call()
        told.append((time.perf_counter() - wall, time.process_time() - processor))
    return told


def timed(
    name: str, call: Callable[[], Any], *, repeat: int = REPEAT, note: str = ""
) -> Measurement:
    seconds = seconds_of(call, repeat)
    processor = f"processor {np.median([s[1] for s in seconds]):.3f} s"
    return quantiles(
        name, "s", [s[0] for s in seconds], note="; ".join(x for x in (processor, note) if x)
    )


if __name__ == "__main__":
    main()
