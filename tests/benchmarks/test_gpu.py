"""The parts of the device's benchmark that a CPU can run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.config import EncoderConfig
from engine.model import TumorEncoder
from engine.places import DeviceConfig
from tests.benchmarks import gpu, gpu_embedding
from tests.benchmarks.harness import Case, Limits
from tests.benchmarks.token_files import read_tokens, write_tokens
from tests.engine.cohorts import vocabulary

LIMITS = Limits(bytes_per_s=1e9, flops_per_s=1e9)


def test_without_a_device_it_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="No CUDA device is here"):
        gpu.main()


def test_what_fails_becomes_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("no such\nkernel")

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    row = gpu.attempt(Case(name="broken", run=broken), LIMITS)
    assert row.note == "did not run: ValueError: no such kernel"
    assert row.runs == 0


def test_errors_are_told_of_what_has_values() -> None:
    exact = torch.zeros(3, 2, 4, dtype=torch.float64), torch.zeros(3, 2, 4, dtype=torch.float64)
    found = torch.full((1, 5, 2, 4), 0.5), torch.zeros(5, 2, 4)
    assert gpu._error_of(found, exact) == 0.5
    assert np.isnan(gpu._error_of(None, exact))
    assert gpu.start_error(torch.ones(9, 2, 4), exact[0]) == 1.0


def test_both_ways_give_the_values() -> None:
    fused = torch.randn(6, 3, 2, 4)
    results = [run() for _, _, run in gpu.both_ways(lambda q, k, v: q + k * v, fused)]
    assert torch.equal(results[0], results[1].detach())


def test_random_tumors_are_read_back_and_embedded(tmp_path: Path) -> None:
    words = vocabulary()
    lengths = np.array([0, 3, 40, 1])
    tokens = gpu_embedding.random_tokens(lengths, words)
    file = tmp_path / "tokens.npz"
    write_tokens(tokens, file)
    again = read_tokens(file)
    assert (again.lengths == lengths).all()
    torch.manual_seed(0)
    model = TumorEncoder(EncoderConfig(width=32, num_layers=1, num_heads=2), words).eval()
    vectors, busy_s = gpu_embedding.embed(model, again, DeviceConfig(device="cpu"))
    assert np.isfinite(vectors).all()
    assert vectors.shape == (4, 32)
    assert busy_s == 0
