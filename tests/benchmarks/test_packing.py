from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from engine.config import EncoderConfig
from engine.model import TumorEncoder
from engine.tokens import tokenize
from tests.benchmarks import harness
from tests.benchmarks.packing import compare
from tests.engine.cohorts import random_tables, vocabulary


def test_padded_and_packed_agree_so_the_comparison_is_fair() -> None:
    torch.manual_seed(0)
    words = vocabulary()
    model = TumorEncoder(EncoderConfig(width=32, num_layers=2, num_heads=2), words).eval()
    result = compare(model, tokenize(random_tables(70), words), num=70, budget=64)
    assert result["difference"] < 1e-5
    assert result["packed_s"] > 0 < result["padded_s"]


def test_results_say_where_they_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "RESULTS", tmp_path)
    row = harness.quantiles("case", "s", harness.time_call(lambda: None, repeat=3))
    with harness.write_results("one", [row]).open(encoding="utf-8") as file:
        saved = next(csv.DictReader(file))
    assert saved["name"] == "case"
    assert saved["runs"] == "3"
    assert saved["processor"]
    assert float(saved["low"]) <= float(saved["median"]) <= float(saved["high"])
