from __future__ import annotations

import pytest
import torch

from kernels.segments import segment_mean
from tests.kernels import segment_cases as cases


@pytest.mark.parametrize("lengths", cases.LENGTHS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
def test_numbers(lengths: tuple[int, ...], dtype: torch.dtype) -> None:
    cases.check_numbers(segment_mean, lengths, dtype)
    assert lengths in cases.LENGTHS


def test_neighbors() -> None:
    cases.check_neighbors(segment_mean)
    assert cases.LENGTHS[3]


def test_segments_of_one_are_their_rows() -> None:
    rows, _ = cases.make_inputs((300,), 16, torch.float32, "cpu")
    assert torch.equal(segment_mean(rows, torch.arange(301, dtype=torch.int32)), rows)
