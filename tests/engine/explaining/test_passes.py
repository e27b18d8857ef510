from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adapter import num_features
from engine.alignment import Alignment
from engine.batching import make_batch
from engine.embed import Encoder
from engine.explaining.alterations import dissect
from engine.explaining.game import TumorGame
from engine.explaining.networks import Networks
from engine.explaining.passes import TumorPass
from engine.explaining.removal import without
from engine.explaining.targets import EMBEDDINGS, Target
from engine.tokens import TumorTokens, tokenize
from engine.weights import load_model, seal
from tests.engine.cohorts import random_tables, vocabulary
from tests.engine.explaining.toys import networks, tumor


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Networks:
    return networks(tmp_path_factory.mktemp("weights"))


def first_axis() -> Target:
    return Target(
        name="axis", scale="cosine", reads=(EMBEDDINGS,), score=lambda told: told[EMBEDDINGS][:, 0]
    )


def test_what_is_explained_is_the_aligned_embedding(tmp_path: Path) -> None:
    plain = networks(tmp_path)
    width = num_features(plain.encoder)
    Alignment(torch.randn(width), torch.randn(width, plain.encoder.config.width)).save(tmp_path)
    seal(tmp_path)
    aligned = Networks.load(tmp_path)
    game = TumorGame.of(aligned, first_axis(), tumor())
    whole = game.values(np.ones((1, len(game.units)), dtype=bool))
    assert whole[0] == pytest.approx(float(Encoder.load(tmp_path).embed(tumor())[0, 0]), abs=1e-5)
    assert whole[0] != pytest.approx(float(Encoder(load_model(tmp_path)).embed(tumor())[0, 0]))


def some() -> list[TumorTokens]:
    tokens = tokenize(random_tables(12, seed=3), vocabulary())
    return [tumor(), *(tokens.take(np.array([i])) for i in range(len(tokens)))]


@pytest.mark.parametrize("way", ["packed", "gated"])
def test_closed_gates_are_the_tumor_without_those_units(nets: Networks, way: str) -> None:
    generator = np.random.default_rng(0)
    for tokens in some():
        one = dissect(tokens, nets.vocabulary, nets.background)
        present = generator.random((16, len(one))) < 0.5
        present[0], present[1] = True, False
        batch = make_batch(without(one, ~present), np.arange(16))
        with torch.no_grad():
            expected = nets.encoder.read(batch)
            ready = TumorPass(nets.encoder, one)
            gates = torch.from_numpy(present).float()
            found = ready.present(present) if way == "packed" else ready.gated(gates)
        assert (found.embeddings - expected.embeddings).abs().max() <= 1e-5
        assert (found.features - expected.features).abs().max() <= 1e-4


def test_batch_equals_single(nets: Networks) -> None:
    game = TumorGame.of(nets, first_axis(), tumor())
    present = np.random.default_rng(1).random((40, len(game.units))) < 0.5
    together = game.values(present)
    alone = np.concatenate([game.values(row[None]) for row in present])
    assert np.abs(together - alone).max() <= 1e-6


def test_budgets_change_nothing(nets: Networks) -> None:
    game = TumorGame.of(nets, first_axis(), tumor())
    small = TumorGame(networks=nets, target=game.target, tumor=game.tumor, budget=20)
    present = np.random.default_rng(2).random((30, len(game.units))) < 0.5
    assert np.abs(game.values(present) - small.values(present)).max() <= 1e-6


def test_no_coalitions_have_no_values(nets: Networks) -> None:
    game = TumorGame.of(nets, first_axis(), tumor())
    assert game.values(np.zeros((0, len(game.units)), dtype=bool)).shape == (0,)


def test_gradients_reach_every_gate(nets: Networks) -> None:
    game = TumorGame.of(nets, first_axis(), tumor())
    gates = torch.full((3, len(game.units)), 0.5, requires_grad=True)
    game.smooth(gates).sum().backward()
    assert gates.grad is not None
    assert torch.isfinite(gates.grad).all()
    assert (gates.grad.abs().sum(0) > 0).all()


def test_what_progress_raises_ends_the_work(nets: Networks) -> None:
    game = TumorGame.of(nets, first_axis(), tumor())
    present = np.random.default_rng(1).random((4, len(game.units))) < 0.5

    def cancel(stage: str, done: int, total: int) -> None:
        raise InterruptedError(f"{stage}: {done} of {total}")

    with pytest.raises(InterruptedError, match="Explaining: 4 of 4"):
        game.values(present, progress=cancel)


def test_networks_load_what_was_saved(tmp_path: Path) -> None:
    made = networks(tmp_path)
    assert Networks.load(tmp_path).digest == made.digest
