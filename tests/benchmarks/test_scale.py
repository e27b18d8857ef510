from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.config import EncoderConfig
from engine.model import TumorEncoder
from engine.tokens import tokenize
from engine.weights import save_model
from tests.benchmarks import scale
from tests.benchmarks.token_files import write_tokens
from tests.engine.cohorts import random_tables, vocabulary


def test_drawn_tumors_are_embedded_and_counted(tmp_path: Path) -> None:
    torch.manual_seed(0)
    words = vocabulary()
    model = TumorEncoder(EncoderConfig(width=32, num_layers=1, num_heads=2), words)
    save_model(tmp_path / "model", model, words, {"name": "random"})
    tokens = tokenize(random_tables(60), words)
    write_tokens(tokens, tmp_path / "tokens.npz")
    found = scale.embed_one(tmp_path / "tokens.npz", str(tmp_path / "model"), 150)
    assert found["num_tokens"] == pytest.approx(150 * tokens.lengths.mean(), rel=0.5)
    assert 0 < found["peak_gib"] < 8
    assert min(found["elapsed_s"], found["cpu_s"]) > 0


def test_the_table_tells_whether_time_is_linear() -> None:
    run = {"elapsed_s": 9.0, "num_tokens": 50.0, "peak_gib": 1.0}
    rows = scale.table({10: run | {"cpu_s": 1.0}, 20: run | {"cpu_s": 4.0}})
    assert [row.median for row in rows] == [9.0, 9.0, 2.0]
    assert "1.0 s of CPU time, 5.0 tokens each" in rows[0].note
