from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
import torch

from tests.benchmarks import harness
from tests.benchmarks.harness import Case, Limits, find_limits, measure


def test_results_say_where_they_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "RESULTS", tmp_path)
    row = harness.quantiles("case", "s", harness.time_call(lambda: None, repeat=3))
    with harness.write_results("one", [row]).open(encoding="utf-8") as file:
        saved = next(csv.DictReader(file))
    assert saved["name"] == "case"
    assert saved["runs"] == "3"
    assert saved["processor"]
    assert saved["torch"] == torch.__version__
    assert {"gpu", "triton", "commit", "date"} <= saved.keys()
    assert float(saved["low"]) <= float(saved["median"]) <= float(saved["high"])


def test_a_case_tells_time_share_of_the_limit_and_error() -> None:
    limits = Limits(bytes_per_s=1e6, flops_per_s=1e9)
    case = Case(
        name="sleep",
        run=lambda: time.sleep(0.01) or 3.0,
        num_bytes=5_000,  # 5 ms at the limit
        num_flops=1e6,  # 1 ms
        find_error=lambda found: abs(found - 3.5),
    )
    row = measure(case, limits, repeat=3)
    assert row.runs == 3
    assert 0.01 <= row.median < 1
    assert row.share_of_limit == pytest.approx(0.005 / row.median, rel=1e-6)
    assert row.error == 0.5


def test_a_rate_is_items_by_time_and_the_device_is_waited_for() -> None:
    waited = []
    case = Case(name="rate", run=lambda: time.sleep(0.005), items=10, unit="items/s")
    limits = Limits(bytes_per_s=1, flops_per_s=1)
    row = measure(case, limits, repeat=2, wait=lambda: waited.append(1))
    assert 0 < row.median <= 2_000
    assert row.share_of_limit is None
    assert len(waited) == 3


def test_limits_are_measured() -> None:
    limits = find_limits("cpu", torch.float32, num_mib=1, width=64)
    assert limits.bytes_per_s > 1e8
    assert limits.flops_per_s > 1e7


def test_a_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    harness.show([harness.quantiles("case", "s", [1.0], share_of_limit=0.5, error=1e-7)])
    printed = capsys.readouterr().out
    assert "50.0% of the limit" in printed
    assert "error 1.0e-07" in printed
