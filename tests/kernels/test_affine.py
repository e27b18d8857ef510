from __future__ import annotations

import pytest
import torch
from torch.nn.functional import gelu, linear

from kernels.affine import affine


@pytest.mark.parametrize("rows", [0, 1, 7, 128])
@pytest.mark.parametrize("bend", [False, True])
def test_it_errs_no_more_than_plain_torch(rows: int, *, bend: bool) -> None:
    generator = torch.Generator().manual_seed(rows)
    x, weight, bias = (torch.randn(*s, generator=generator) for s in ((rows, 33), (17, 33), (17,)))
    kept = x.clone()

    def plain(dtype: torch.dtype) -> torch.Tensor:
        told = linear(x.to(dtype), weight.to(dtype), bias.to(dtype))
        return gelu(told) if bend else told

    exact = plain(torch.float64)
    allowed = 2 * (plain(torch.float32) - exact).abs().max() + 4e-6 if rows else 0.0
    with torch.no_grad():
        told = affine(x, weight, bias, bend=bend)
    assert told.shape == (rows, 17)
    assert told.dtype == torch.float32
    assert rows == 0 or float((told - exact).abs().max()) <= float(allowed)
    assert torch.equal(x, kept)


def test_other_numbers_and_gradients_take_the_plain_way() -> None:
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    weight, bias = torch.randn(2, 4, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    affine(x, weight, bias, bend=True).sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (3, 4)


@pytest.mark.parametrize("bend", [False, True])
def test_without_the_operation_of_onednn_the_plain_way_tells_the_same(
    monkeypatch: pytest.MonkeyPatch, *, bend: bool
) -> None:
    generator = torch.Generator().manual_seed(3)
    x, weight, bias = (torch.randn(*s, generator=generator) for s in ((9, 33), (17, 33), (17,)))
    with torch.no_grad():
        with_it = affine(x, weight, bias, bend=bend)
        monkeypatch.setattr(torch.ops, "mkldnn", object())
        without_it = affine(x, weight, bias, bend=bend)
    torch.testing.assert_close(without_it, with_it, rtol=1e-6, atol=4e-6)
