from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.attention.flex_attention import flex_attention

from engine.config import EncoderConfig
from kernels.reference import varlen_attention
from tests.benchmarks import encoders, packing
from tests.benchmarks.harness import Limits

LIMITS = Limits(bytes_per_s=1e10, flops_per_s=1e11)
TINY = EncoderConfig(width=32, num_layers=1, num_heads=2)


@pytest.mark.parametrize(
    ("draw", "mean", "longest"),
    [(encoders.zipf_lengths, 67, 5_000), (encoders.log_normal_lengths, 62, 1_000)],
)
def test_lengths_are_as_described(draw: packing.Draw, mean: float, longest: int) -> None:
    for num in (512, 20_000):
        lengths = draw(num)
        assert lengths.mean() == pytest.approx(mean, abs=1)
        assert lengths.min() >= 1
        assert lengths.max() <= longest


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage")
def test_all_layouts_compute_the_same_so_the_comparison_is_fair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packing, "REPEAT", 1)
    lengths = encoders.log_normal_lengths(40) // 10 + 1
    rows = packing.compare("few", lengths, TINY, LIMITS, without=("FlexAttention, packed",))
    assert len(rows) == 7
    for row in rows[:-1]:
        assert row.runs == 1, row
        assert row.error is not None
        assert row.error < (0.1 if "bfloat16" in row.name else 1e-5), row
        assert row.median > 0 < (row.share_of_limit or 0)
    assert rows[-1].unit == "times"


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention_in_parts_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "compiled_flex", lambda: flex_attention)
    lengths = np.array([100, 30, 128, 1, 90])
    qkv = torch.randn(3, int(lengths.sum()), 2, 16)
    found = encoders.flex_in_parts(lengths, 256, "cpu")(*qkv)
    expected = varlen_attention(*qkv, encoders.boundaries(lengths))
    assert (found - expected).abs().max() < 1e-6


def test_a_layout_that_cannot_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> torch.Tensor:
        raise RuntimeError("not for this device")

    monkeypatch.setattr(packing, "layouts", lambda stack, patients: {"broken": broken})
    rows = packing.compare("one", encoders.zipf_lengths(3), TINY, LIMITS)
    assert rows[0].note == "did not run: RuntimeError"
    assert rows[0].runs == 0


def test_packing_is_nearly_full_at_either_law() -> None:
    for draw in packing.DRAWS.values():
        for row in packing.packing("law", draw(20_000)):
            assert row.median >= 0.97 if row.runs else False
