"""Rotary kernels of this project and of others, on the same packed queries and keys."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from kernels import reference

Runs = dict[str, Callable[[], Any]]


def rotary_peers(
    q: Tensor, k: Tensor, where: Tensor, steps: Tensor, table: tuple[Tensor, Tensor]
) -> Runs:
    """Return everything installed that rotates (T, H, D) tensors, by name.

    Others read a table of cosines and sines per token, made before the clock starts; ours makes
    them from the positions.
    """
    compiled = torch.compile(reference.rotary)
    runs = own(q, k, where, steps)
    runs["plain torch, compiled"] = lambda: compiled(q, k, where, steps)
    for package, make in (
        ("flash_attn", flash_attn),
        ("liger_kernel", liger),
        ("xformers", xformers),
    ):
        if find_spec(package) is not None:
            runs |= make(q, k, table)
    return runs


def own(q: Tensor, k: Tensor, where: Tensor, steps: Tensor) -> Runs:
    from kernels.rope import rotary

    q_leaf, k_leaf = (x.detach().requires_grad_() for x in (q, k))
    turned = rotary(q_leaf, k_leaf, where, steps)
    ones = [torch.ones_like(x) for x in turned]
    copies = q.clone(), k.clone()

    def backward() -> None:
        torch.autograd.grad(turned, (q_leaf, k_leaf), ones, retain_graph=True)

    return {
        "own kernel": lambda: rotary(q, k, where, steps),
        "own kernel, in place": lambda: rotary(*copies, where, steps, inplace=True) and None,
        "own kernel, backward": backward,
    }


def flash_attn(q: Tensor, k: Tensor, table: tuple[Tensor, Tensor]) -> Runs:
    """Package flash-attn: one launch each for q and k, the token as the place in one sequence."""
    from flash_attn.layers.rotary import apply_rotary_emb

    cos, sin = (part.to(q.dtype) for part in table)
    return {
        "flash-attn, table": lambda: tuple(apply_rotary_emb(x[None], cos, sin)[0] for x in (q, k))
    }


def liger(q: Tensor, k: Tensor, table: tuple[Tensor, Tensor]) -> Runs:
    """Package liger-kernel: q and k in one launch and in place, (B, H, T, D) tensors."""
    from liger_kernel.ops.rope import LigerRopeFunction

    cos, sin = (torch.cat((part, part), 1)[None].to(q.dtype) for part in table)
    views = [x.clone()[None].transpose(1, 2) for x in (q, k)]
    return {"Liger, table": lambda: LigerRopeFunction.apply(*views, cos, sin) and None}


def xformers(q: Tensor, k: Tensor, table: tuple[Tensor, Tensor]) -> Runs:
    """Package xformers has rotary for ordinal positions only; its packed cache op is not that."""
    del q, k, table
    return {"xformers": _no_arbitrary_positions}


def _no_arbitrary_positions() -> None:
    raise NotImplementedError("rope_padded takes ordinal positions, not genomic ones")
