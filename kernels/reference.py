"""The packed ops in plain torch: the specification, and what runs on a CPU.

Packed means: the tokens of all sequences in one (T, ...) tensor, sequence after sequence, with
boundaries `cu_seqlens` of N + 1 numbers starting at 0. Nothing is padded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

TURN = 2**64  # one turn in the fixed-point phase; int64 arithmetic wraps at exactly one turn


def rotary_steps(num_pairs: int, shortest: float, longest: float) -> Tensor:
    """Return the phase that each pair of channels gains per base pair.

    Args:
        num_pairs: Pairs of channels to rotate, P.
        shortest: Wavelength of the first pair, in base pairs.
        longest: Wavelength of the last pair, in base pairs.

    Returns:
        Phase steps in 2**-64 turns, (P,), int64. Wavelengths are spaced geometrically.
    """
    ratio = longest / shortest
    wavelengths = [shortest * ratio ** (i / max(num_pairs - 1, 1)) for i in range(num_pairs)]
    return torch.tensor([round(TURN / wavelength) for wavelength in wavelengths])


def rotary_table(positions: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the rotation of each token from its integer position.

    The product wraps modulo 2**64, that is modulo one turn, so the phase is exact at any genomic
    position (error below 3e-8 turns, the rounding to float32) without double precision.

    Args:
        positions: Positions in base pairs, (T,), int64.
        steps: Phase per base pair in 2**-64 turns, (P,), int64.

    Returns:
        Cosine and sine, each (T, P), float32.
    """
    phase = positions[:, None] * steps[None, :]
    angle = phase.to(torch.float32) * (2 * math.pi / TURN)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate pairs of channels (c, c + D / 2) of every head.

    Args:
        x: Queries or keys, (T, H, D).
        cos: Cosines, (T, D / 2).
        sin: Sines, (T, D / 2).

    Returns:
        Rotated tensor, (T, H, D); `x` is left as it was.
    """
    first, second = x.chunk(2, dim=-1)
    cos, sin = cos[:, None, :], sin[:, None, :]
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def varlen_attention(q: Tensor, k: Tensor, v: Tensor, cu_seqlens: Sequence[int]) -> Tensor:
    """Let each token attend to all tokens of its own sequence.

    Neighboring sequences of equal length go through one call, so a batch sorted by length costs
    one call per distinct length.

    Args:
        q: Queries, (T, H, D).
        k: Keys, (T, H, D).
        v: Values, (T, H, D).
        cu_seqlens: Sequence boundaries, N + 1 integers from 0 to T.

    Returns:
        Attended values, (T, H, D).
    """
    pieces = []
    for start, end, length in equal_runs(cu_seqlens):
        queries, keys, values = (
            x[start:end].view(-1, length, *x.shape[1:]).transpose(1, 2) for x in (q, k, v)
        )
        attended = scaled_dot_product_attention(queries, keys, values)
        pieces.append(attended.transpose(1, 2).flatten(0, 1))
    return torch.cat(pieces) if pieces else v.clone()


def equal_runs(cu_seqlens: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Yield `(start, end, length)` of each run of neighboring sequences of equal length.

    Args:
        cu_seqlens: Sequence boundaries, N + 1 integers starting at 0.

    Yields:
        Token range of the run and the length of its sequences; empty sequences are passed over.
    """
    start = 0
    for i in range(1, len(cu_seqlens)):
        length = cu_seqlens[i] - cu_seqlens[i - 1]
        following = cu_seqlens[i + 1] - cu_seqlens[i] if i + 1 < len(cu_seqlens) else None
        if length == following:
            continue
        if length > 0:
            yield start, cu_seqlens[i], length
        start = cu_seqlens[i]
