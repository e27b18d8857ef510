from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.directions import Directions
from engine.embed import Encoder
from engine.errors import ExplanationError
from engine.explaining.alterations import dissect
from engine.explaining.attribute import integrated_gradients
from engine.explaining.game import TumorGame
from engine.explaining.networks import Networks
from engine.explaining.raw_blocks import RawBlocks
from engine.explaining.removal import without
from engine.explaining.targets import RAW, for_own_head
from engine.few_features import COPY_LEVELS, MUTATED, raw_blocks, read_blocks
from engine.finetune import Expert, OwnHead
from engine.tokens import TumorTokens
from tests.engine.explaining.toys import networks, tumor

CLASSES = ("yes", "no", "maybe")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("weights")
    networks(made)
    return made


def some_coalitions(number: int) -> np.ndarray:
    present = np.random.default_rng(0).random((24, number)) < 0.5
    present[0], present[1] = True, False
    return present


def copies(tokens: TumorTokens, nets: Networks, present: np.ndarray) -> TumorTokens:
    return without(dissect(tokens, nets.vocabulary, nets.background), ~present)


def test_closed_gates_are_the_raw_features_without_those_units(folder: Path) -> None:
    nets = Networks.load(folder)
    one = dissect(tumor(), nets.vocabulary, nets.background)
    present = some_coalitions(len(one))
    expected = raw_blocks(copies(tumor(), nets, present))
    told = RawBlocks(one).read(torch.from_numpy(present).float())
    assert set(told) == set(RAW)
    for name in RAW:
        assert np.allclose(told[name].numpy(), expected[name], atol=1e-6), name


def own_head(encoder: Encoder, folder: Path) -> tuple[OwnHead, Directions]:
    """Make a head of two experts with random weights."""
    rng = np.random.default_rng(1)
    readout = encoder.read(tumor())
    wide = readout.frozen.shape[1] + readout.embeddings.shape[1] + 1
    directions = Directions(blocks={"types": rng.normal(0, 0.1, (5, wide)).astype(np.float32)})
    widths = {"genes": 2 * tumor().copy_level.shape[1], "encoder": 5}
    blocks = {"genes": (MUTATED, COPY_LEVELS), "encoder": ("types",)}
    experts = tuple(
        Expert(
            name=name,
            blocks=blocks[name],
            weights=rng.normal(0, 0.5, (len(CLASSES), width + 1)).astype(np.float32),
            center=rng.normal(size=len(CLASSES)).astype(np.float32),
            scale=np.ones(len(CLASSES), np.float32),
            replicates=np.zeros((0, 1, 1), np.float16),
        )
        for name, width in widths.items()
    )
    bias = np.array([0.1, -0.2, 0.0], np.float32)
    head = OwnHead(
        task="own", classes=CLASSES, types=frozenset(), experts=experts, slope=1.3, bias=bias
    )
    return head, directions


def test_a_head_of_the_user_is_the_number_that_is_explained(folder: Path) -> None:
    nets, encoder = Networks.load(folder), Encoder.load(folder)
    head, directions = own_head(encoder, folder)
    game = TumorGame.of(nets, for_own_head(head, directions, "maybe"), tumor())
    present = some_coalitions(len(game.units))
    told = game.values(present)
    made = copies(tumor(), nets, present)
    shares = head.probabilities(read_blocks(made, encoder.read(made), directions))[:, 2]
    expected = np.log(shares) - np.log1p(-shares)
    assert np.allclose(told, expected, atol=2e-4)
    smooth = game.smooth(torch.from_numpy(present).float()).detach().numpy()
    assert np.allclose(smooth, expected, atol=2e-4)


def test_gradients_of_a_head_of_the_user_add_up(folder: Path) -> None:
    head, directions = own_head(Encoder.load(folder), folder)
    game = TumorGame.of(Networks.load(folder), for_own_head(head, directions, "yes"), tumor())
    assert integrated_gradients(game, num_steps=64).completeness_gap < 0.02


def test_an_unknown_class_is_refused(folder: Path) -> None:
    head, directions = own_head(Encoder.load(folder), folder)
    with pytest.raises(ExplanationError, match="the head own has yes, no, maybe"):
        for_own_head(head, directions, "never")
