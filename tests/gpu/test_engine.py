"""The encoder on a device, against the CPU."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
import torch

from engine.batching import make_batch
from engine.config import EncoderConfig
from engine.devices import Engine
from engine.model import NUM_LEADING, TumorEncoder
from engine.places import CudaPlace, DeviceConfig
from engine.tokens import TumorTokens, tokenize
from tests.engine.cohorts import random_tables, vocabulary

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def tokens() -> TumorTokens:
    return tokenize(random_tables(300), vocabulary())


@pytest.fixture(scope="module")
def model() -> TumorEncoder:
    torch.manual_seed(0)
    return TumorEncoder(EncoderConfig(width=64, num_heads=4, num_layers=2), vocabulary()).eval()


def embed(
    model: TumorEncoder, tokens: TumorTokens, config: DeviceConfig, told: list[str] | None = None
) -> np.ndarray[Any, Any]:
    notes: list[str] = [] if told is None else told
    engine = Engine(model, config, notice=notes.append)
    vectors = np.empty((len(tokens), model.config.width), np.float32)
    for rows, result in engine.run(
        lambda moved, batch: moved(batch),
        lambda rows: make_batch(tokens, rows),
        tokens.lengths + NUM_LEADING,
    ):
        vectors[rows] = result.numpy()
    return vectors


@pytest.mark.parametrize(("precision", "allowed"), [("float32", 1e-5), ("bfloat16", 2e-2)])
def test_a_device_gives_what_the_cpu_gives(
    model: TumorEncoder,
    tokens: TumorTokens,
    precision: Literal["float32", "bfloat16"],
    allowed: float,
) -> None:
    here = embed(model, tokens, DeviceConfig(device="cpu"))
    there = embed(model, tokens, DeviceConfig(device="cuda", precision=precision, budget=500))
    assert np.abs(here - there).max() < allowed
    assert next(model.parameters()).device.type == "cpu"


def test_little_memory_means_smaller_batches(model: TumorEncoder, tokens: TumorTokens) -> None:
    told: list[str] = []
    many = tokens.take(np.arange(len(tokens)).repeat(100))
    config = DeviceConfig(device="cuda", precision="float32", memory_gib=0.25)
    try:
        found = embed(model, many, config, told)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert any("ran out of memory" in sentence for sentence in told)
    expected = embed(model, tokens, DeviceConfig(device="cpu"))
    assert np.abs(found[::100] - expected).max() < 1e-5


def test_a_forward_waits_for_the_device_only_at_its_end(
    model: TumorEncoder, tokens: TumorTokens
) -> None:
    place = CudaPlace(DeviceConfig(device="cuda"), torch.device("cuda", 0))
    moved, batch = place.adopt(model), make_batch(tokens, np.arange(100))
    with torch.inference_mode():
        place.finish(place.start(moved, batch))
        torch.cuda.set_sync_debug_mode("error")
        try:
            ticket = place.start(moved, batch)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        assert place.finish(ticket).shape == (100, model.config.width)
