"""Cases of segment means that the interpreter and a GPU run alike."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from kernels import reference

Mean = Callable[[Tensor, Tensor], Tensor]
LENGTHS = ((), (0,), (1,), (3, 0, 1, 64, 65, 131, 0), (2003, 7))
GPU_LENGTHS = (*LENGTHS, (20_000,), (1,) * 10_000)


def make_inputs(
    lengths: tuple[int, ...], width: int, dtype: torch.dtype, device: str
) -> tuple[Tensor, Tensor]:
    """Return rows and boundaries; the rows are a view with other columns beside."""
    bounds = torch.tensor([0, *accumulate(lengths)], dtype=torch.int32, device=device)
    generator = torch.Generator().manual_seed(1)
    rows = torch.randn(sum(lengths), width + 5, generator=generator) + 1
    return rows.to(device, dtype)[:, :width], bounds


def check_numbers(
    mean: Mean, lengths: tuple[int, ...], dtype: torch.dtype, device: str = "cpu"
) -> None:
    """Hold means to twice the error of plain torch, plus a rounding floor; rows stay."""
    for width in (1, 16, 67):
        rows, bounds = make_inputs(lengths, width, dtype, device)
        before = rows.clone()
        found = mean(rows, bounds)
        exact = reference.segment_mean(rows.double(), bounds)
        plain = reference.segment_mean(rows, bounds)
        assert (found.shape, found.dtype) == (exact.shape, dtype)
        if exact.numel():
            allowed = 2 * (plain - exact).abs().max() + 4 * torch.finfo(dtype).eps
            assert (found - exact).abs().max() <= allowed
        assert torch.equal(rows, before)


def check_neighbors(mean: Mean, device: str = "cpu") -> None:
    """A segment alone gives the same bits as among others, also beside one that is not finite."""
    rows, bounds = make_inputs(LENGTHS[3], 16, torch.float32, device)
    whole = mean(rows, bounds)
    for i, (start, end) in enumerate(pairwise(bounds.tolist())):
        alone = mean(rows[start:end], bounds.new_tensor([0, end - start]))
        assert torch.equal(alone[0], whole[i])
    rows[bounds[3] : bounds[4]] = torch.nan
    kept = [0, 1, 2, 4, 5, 6]
    assert torch.equal(mean(rows, bounds)[kept], whole[kept])
