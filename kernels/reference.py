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

from kernels.errors import KernelInputError

TURN = 2**64  # one turn in the fixed-point phase; int64 arithmetic wraps at exactly one turn
PHASE_DTYPES = (torch.int64, torch.float64)
MOST_BIASES = 2**24  # ALiBi biases in memory at once: 64 MiB in float32


def rotary_steps(num_pairs: int, shortest: float, longest: float) -> Tensor:
    """Return the phase that each pair of channels gains per base pair.

    Args:
        num_pairs: Pairs of channels to rotate, P.
        shortest: Wavelength of the first pair, in base pairs.
        longest: Wavelength of the last pair, in base pairs.

    Returns:
        Phase steps in 2**-64 turns, (P,), int64; from half a turn on they are negative, which
        is the same phase. Wavelengths are spaced geometrically.
    """
    ratio = longest / shortest
    wavelengths = [shortest * ratio ** (i / max(num_pairs - 1, 1)) for i in range(num_pairs)]
    steps = [round(TURN / wavelength) for wavelength in wavelengths]
    half = TURN // 2
    return torch.tensor([(step + half) % TURN - half for step in steps], dtype=torch.int64)


def rotary_table(
    positions: Tensor, steps: Tensor, *, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Compute the rotation of each token from its position.

    An integer phase wraps modulo 2**64, that is modulo one turn, so it is exact at any genomic
    position (error below 3e-8 turns, the rounding to float32) without double precision. A float64
    phase loses 2**-53 of the turns made before it is reduced modulo one turn.

    Args:
        positions: (T,), int64 in base pairs, or float64 in any unit.
        steps: (P,), int64 in 2**-64 turns per base pair, or float64 in turns per unit.
        dtype: Of the table, float32 or float64.

    Returns:
        Cosine and sine, each (T, P).
    """
    phase = positions[:, None] * steps[None, :]
    if phase.is_floating_point():
        angle = ((phase - phase.round()) * (2 * math.pi)).to(dtype)
    else:
        angle = phase.to(dtype) * (2 * math.pi / TURN)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate pairs of channels (c, c + P) of every head; channels from 2 P on pass through.

    Args:
        x: Queries or keys, (T, H, D).
        cos: Cosines, (T, P), P at most D / 2.
        sin: Sines, (T, P).

    Returns:
        Rotated tensor, (T, H, D); `x` is left as it was.
    """
    pairs = cos.shape[-1]
    first, second, rest = x[..., :pairs], x[..., pairs : 2 * pairs], x[..., 2 * pairs :]
    cos, sin = cos[:, None, :], sin[:, None, :]
    return torch.cat((first * cos - second * sin, second * cos + first * sin, rest), dim=-1)


def rotary(
    q: Tensor,
    k: Tensor,
    positions: Tensor,
    steps: Tensor,
    *,
    inverse: bool = False,
    inplace: bool = False,
) -> tuple[Tensor, Tensor]:
    """Rotate queries and keys by the positions of their tokens.

    Half precision is rotated in float32 and rounded once.

    Args:
        q: Queries, (T, H, D), any strides.
        k: Keys, (T, H', D).
        positions: (T,), int64 in base pairs, or float64 in any unit.
        steps: (P,), int64 in 2**-64 turns per base pair, or float64 in turns per unit; 2 P <= D.
        inverse: Rotate back, which is also the gradient.
        inplace: Overwrite `q` and `k`; else they are left as they were.

    Returns:
        The rotated queries and keys, of the shapes and dtypes of `q` and `k`.

    Raises:
        KernelInputError: If shapes or dtypes do not fit together.

    References:
        Su et al. 2021, RoFormer, arXiv:2104.09864, equation 34.
    """
    check_rotary(q, k, positions, steps)
    wide = torch.float64 if q.dtype == torch.float64 else torch.float32
    cos, sin = rotary_table(positions, steps, dtype=wide)
    turned = [rotate(x.to(wide), cos, -sin if inverse else sin).to(x.dtype) for x in (q, k)]
    if inplace:
        return q.copy_(turned[0]), k.copy_(turned[1])
    return turned[0], turned[1]


def check_rotary(q: Tensor, k: Tensor, positions: Tensor, steps: Tensor) -> None:
    """Refuse what `rotary` cannot rotate; arguments are its own.

    Raises:
        KernelInputError: If shapes or dtypes do not fit together.
    """
    if q.ndim != 3 or k.ndim != 3 or q.shape[::2] != k.shape[::2] or q.dtype != k.dtype:
        raise KernelInputError(
            f"Queries {describe(q)} and keys {describe(k)} do not fit together. Both must be "
            "(T, H, D), of the same T, D and dtype."
        )
    if positions.shape != q.shape[:1] or steps.ndim != 1 or 2 * len(steps) > q.shape[2]:
        raise KernelInputError(
            f"Positions {describe(positions)} and steps {describe(steps)} do not fit queries "
            f"{describe(q)}. Give one position per token, and one step per pair of channels."
        )
    if positions.dtype != steps.dtype or positions.dtype not in PHASE_DTYPES:
        raise KernelInputError(
            f"Positions are {positions.dtype} and steps {steps.dtype}. Make both int64 (steps in "
            "2**-64 turns per base pair) or both float64 (turns per unit)."
        )


def describe(x: Tensor) -> str:
    """Return shape and dtype of a tensor, for messages."""
    return f"{tuple(x.shape)} {str(x.dtype).removeprefix('torch.')}"


def varlen_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Sequence[int] | Tensor,
    *,
    positions: Tensor | None = None,
    steps: Tensor | None = None,
    alibi_slopes: Tensor | None = None,
    scale: float | None = None,
) -> Tensor:
    """Let each token attend to all tokens of its own sequence.

    Neighboring sequences of equal length go through one call, so a batch sorted by length costs
    one call per distinct length.

    Args:
        q: Queries, (T, H, D).
        k: Keys, (T, H, D).
        v: Values, (T, H, D).
        cu_seqlens: Sequence boundaries, N + 1 integers from 0 to T. Numbers on the host save a
            wait for the device.
        positions: Position of each token as in `rotary`, (T,); queries and keys are rotated first.
        steps: Phase steps as in `rotary`, (P,); given together with `positions`.
        alibi_slopes: (H,), float32; `slope * |i - j|` is taken off the score of tokens i and j of
            a sequence. With it, half precision is computed in float32.
        scale: Factor of the scores; 1 / sqrt(D) when None.

    Returns:
        Attended values, (T, H, D), of the dtype of `v`.

    Raises:
        KernelInputError: If boundaries, positions or steps do not fit the tokens.

    References:
        Press et al. 2022, Train short, test long, arXiv:2108.12409, section 3 (ALiBi).
    """
    bounds = cu_seqlens.tolist() if isinstance(cu_seqlens, Tensor) else cu_seqlens
    check_boundaries(bounds, len(q))
    if positions is not None and steps is not None:
        q, k = rotary(q, k, positions, steps)
    elif positions is not None or steps is not None:
        raise KernelInputError("Only one of positions and steps is given. Give both or neither.")
    pieces = []
    for start, end, length in equal_runs(bounds):
        queries, keys, values = (
            x[start:end].view(-1, length, *x.shape[1:]).transpose(1, 2) for x in (q, k, v)
        )
        if alibi_slopes is None:
            attended = scaled_dot_product_attention(queries, keys, values, scale=scale)
        else:
            attended = _attend_by_distance(queries, keys, values, alibi_slopes, scale)
        pieces.append(attended.transpose(1, 2).flatten(0, 1))
    return torch.cat(pieces) if pieces else v.clone()


def check_boundaries(cu_seqlens: Sequence[int], num_tokens: int) -> None:
    """Refuse boundaries that leave tokens out or reach past them.

    Raises:
        KernelInputError: If the first is not 0 or the last not `num_tokens`.
    """
    found = (cu_seqlens[0], cu_seqlens[-1]) if len(cu_seqlens) else None
    if found != (0, num_tokens):
        raise KernelInputError(
            f"Boundaries (first, last) are {found}, not (0, {num_tokens}). Give N + 1 boundaries "
            "from 0 to the number of tokens."
        )


def _attend_by_distance(
    q: Tensor, k: Tensor, v: Tensor, slopes: Tensor, scale: float | None
) -> Tensor:
    """Attend with ALiBi, (B, H, L, D), in rows of queries so that the bias stays small."""
    length, wide = q.shape[2], torch.promote_types(q.dtype, torch.float32)
    q, k, wide_v = q.to(wide), k.to(wide), v.to(wide)
    places = torch.arange(length, device=q.device)
    rows = []
    for part in places.split(max(MOST_BIASES // (length * len(slopes)), 1)):
        distance = (part[:, None] - places[None, :]).abs().to(wide)
        bias = -slopes.to(wide)[:, None, None] * distance
        of_part = q[:, :, part]
        rows.append(scaled_dot_product_attention(of_part, k, wide_v, bias, scale=scale))
    return torch.cat(rows, 2).to(v.dtype)


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


def segment_mean(x: Tensor, cu_seqlens: Sequence[int] | Tensor) -> Tensor:
    """Average the rows of each segment.

    Args:
        x: Packed rows, (T, D), of a floating dtype; half precision is summed in float32.
        cu_seqlens: Segment boundaries, N + 1 integers from 0 to T.

    Returns:
        Means, (N, D), in the dtype of x; zeros for an empty segment.

    Raises:
        KernelInputError: If x is not two-dimensional, or there are no boundaries.
    """
    bounds = torch.as_tensor(cu_seqlens, dtype=torch.int32, device=x.device)
    check_segments(x, bounds)
    lengths = bounds.diff().long()  # `index_add` takes four times as long by int32
    segments = torch.repeat_interleave(lengths, output_size=len(x))
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    sums = wide.new_zeros(len(lengths), x.shape[1]).index_add(0, segments, wide)
    return (sums / lengths.clamp(min=1)[:, None]).to(x.dtype)


def check_segments(x: Tensor, cu_seqlens: Tensor) -> None:
    """Refuse what `segment_mean` cannot average; arguments are its own.

    Raises:
        KernelInputError: If x is not two-dimensional, or the boundaries are not (N + 1,) of int32.
    """
    fits = cu_seqlens.ndim == 1 and len(cu_seqlens) and cu_seqlens.dtype == torch.int32
    if x.ndim != 2 or not fits:
        raise KernelInputError(
            f"Rows are {describe(x)} and boundaries {describe(cu_seqlens)}. Give rows (T, D) and "
            "boundaries (N + 1,) of int32."
        )
