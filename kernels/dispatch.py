"""The packed ops as the encoder calls them: one specification, the kernel that is right here.

What runs is chosen by device, dtype, head width and TUMORXY_KERNELS (`kernels.choice`); what it
computes is said once, in `kernels.reference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from kernels import ops, peers, reference
from kernels.choice import (
    Choice,
    Kernel,
    Request,
    Wish,
    choose,
    current_wish,
    explain,
    this_machine,
)
from kernels.errors import KernelInputError

__all__ = [
    "Boundaries",
    "Rotation",
    "choose",
    "explain",
    "rotary",
    "segment_mean",
    "varlen_attention",
]

Boundaries = Sequence[int] | Tensor
"""N + 1 sequence boundaries: numbers on the host, or an int32 tensor beside the tokens."""


class Rotation:
    """Where the tokens of a batch lie, for all layers: plain torch makes its table only once.

    Args:
        positions: (T,), int64 base pairs or float64 units.
        steps: (P,), int64 in 2**-64 turns or float64 turns per unit.
    """

    def __init__(self, positions: Tensor, steps: Tensor) -> None:
        self.positions = positions
        self.steps = steps

    @cached_property
    def table(self) -> tuple[Tensor, Tensor]:
        """Cosine and sine, each (T, P), float32."""
        return reference.rotary_table(self.positions, self.steps)


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

    Args:
        q: Queries, (T, H, D), float32, float16 or bfloat16.
        k: Keys, (T, H', D).
        positions: (T,), int64 or float64.
        steps: (P,), of the dtype of `positions`; channels from 2 P on pass through.
        inverse: Rotate back.
        inplace: Overwrite `q` and `k`.

    Returns:
        The rotated queries and keys.

    Raises:
        KernelInputError: If `inplace` is asked for inside `torch.compile`.
        KernelUnavailableError: If TUMORXY_KERNELS asks for Triton where it cannot run.
    """
    if torch.compiler.is_compiling():
        if inplace:
            raise KernelInputError(
                "rotary was asked to work in place inside torch.compile, which reuses memory by "
                "itself. Leave `inplace` out."
            )
        turned: tuple[Tensor, Tensor] = ops.rotary(q, k, positions, steps, inverse)
        return turned
    if ops.runs_triton(q, rotated_width=16):
        from kernels import rope

        return rope.rotary(q, k, positions, steps, inverse=inverse, inplace=inplace)
    return reference.rotary(q, k, positions, steps, inverse=inverse, inplace=inplace)


def varlen_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Boundaries,
    *,
    rotation: Rotation | None = None,
    alibi_slopes: Tensor | None = None,
    scale: float | None = None,
) -> Tensor:
    """Let each token attend to all tokens of its own sequence.

    Under autocast the computation is in the autocast dtype, with float32 sums.

    Args:
        q: Queries, (T, H, D).
        k: Keys, (T, H, D).
        v: Values, (T, H, D).
        cu_seqlens: Boundaries. Numbers save a wait for the device; on the CPU a run of sequences
            of equal length costs one call.
        rotation: Rotates queries and keys first, inside the kernel where that can.
        alibi_slopes: Bias per distance within a sequence, (H,), float32.
        scale: Factor of the scores; 1 / sqrt(D) when None.

    Returns:
        Attended values, (T, H, D).

    Raises:
        KernelSettingError: If TUMORXY_KERNELS names no kernel.
        KernelUnavailableError: If it names one that cannot run this call.
    """
    q, k, v = _autocast(q, k, v)
    if torch.compiler.is_compiling():
        phases = (None, None) if rotation is None else (rotation.positions, rotation.steps)
        bounds = _on_device(cu_seqlens, q.device)
        compiled: Tensor = ops.varlen_attention(q, k, v, bounds, *phases, alibi_slopes, scale)[0]
        return compiled
    kernel = _choose_for(q, rotation, alibi_slopes).kernel
    if kernel is Kernel.TRITON and len(q):
        return _own(q, k, v, cu_seqlens, rotation, alibi_slopes, scale)
    if rotation is not None:
        q, k = _turn(q, k, rotation)
    if kernel is Kernel.REFERENCE or not len(q):
        return reference.varlen_attention(
            q, k, v, _on_host(cu_seqlens), alibi_slopes=alibi_slopes, scale=scale
        )
    return _peer(kernel, (q, k, v), cu_seqlens, alibi_slopes, scale)


def segment_mean(x: Tensor, cu_seqlens: Boundaries) -> Tensor:
    """Average the rows of each segment; the same bits beside any neighbors.

    Args:
        x: Packed rows, (T, D).
        cu_seqlens: Boundaries.

    Returns:
        Means, (N, D), in the dtype of x; zeros for an empty segment.

    Raises:
        KernelInputError: If x or the boundaries have another shape or dtype.
    """
    if x.device.type == "cpu" and not torch.compiler.is_compiling():
        return reference.segment_mean(x, cu_seqlens)
    means: Tensor = ops.segment_mean(x, _on_device(cu_seqlens, x.device))
    return means


def _autocast(*tensors: Tensor) -> tuple[Tensor, ...]:
    device = tensors[0].device.type
    if not torch.is_autocast_enabled(device) or tensors[0].dtype == torch.float64:
        return tensors
    dtype = torch.get_autocast_dtype(device)
    return tuple(x.to(dtype) for x in tensors)


def _choose_for(q: Tensor, rotation: Rotation | None, alibi_slopes: Tensor | None) -> Choice:
    wish = current_wish()
    if q.device.type == "cpu" and wish is Wish.AUTO:
        return ON_CPU
    request = Request(
        device=q.device.type,
        dtype=q.dtype,
        head_width=q.shape[-1],
        has_rotation=rotation is not None,
        has_alibi=alibi_slopes is not None,
    )
    return choose(request, wish, this_machine())


ON_CPU = Choice(kernel=Kernel.REFERENCE, why="the tensors lie on the CPU")
"""Spares a look at CUDA, which costs a second in a process that never uses it."""


def _turn(q: Tensor, k: Tensor, rotation: Rotation) -> tuple[Tensor, Tensor]:
    if ops.runs_triton(q, rotated_width=16):
        return rotary(q, k, rotation.positions, rotation.steps)
    turned = [reference.rotate(x, *rotation.table).to(x.dtype) for x in (q, k)]
    return turned[0], turned[1]


def _own(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Boundaries,
    rotation: Rotation | None,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> Tensor:
    from kernels import attention

    return attention.varlen_attention(
        q,
        k,
        v,
        _on_device(cu_seqlens, q.device),
        positions=None if rotation is None else rotation.positions,
        steps=None if rotation is None else rotation.steps,
        alibi_slopes=alibi_slopes,
        scale=scale,
    )


def _peer(
    kernel: Kernel,
    qkv: tuple[Tensor, Tensor, Tensor],
    cu_seqlens: Boundaries,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> Tensor:
    bounds = _on_device(cu_seqlens, qkv[0].device)
    if kernel is Kernel.JAGGED:
        return peers.jagged_attention(*qkv, bounds, scale)
    longest = _longest(cu_seqlens)
    if kernel is Kernel.FLASH:
        return peers.flash_attention(*qkv, bounds, longest, alibi_slopes, scale)
    return peers.torch_varlen_attention(*qkv, bounds, longest, scale)


def _on_host(cu_seqlens: Boundaries) -> Sequence[int]:
    if isinstance(cu_seqlens, Tensor):
        numbers: list[int] = cu_seqlens.tolist()
        return numbers
    return cu_seqlens


def _on_device(cu_seqlens: Boundaries, device: torch.device) -> Tensor:
    if isinstance(cu_seqlens, Tensor):
        return cu_seqlens.to(device, torch.int32)
    return torch.tensor(cu_seqlens, dtype=torch.int32, device=device)


def _longest(cu_seqlens: Boundaries) -> int:
    """Return the length of the longest sequence; waits for the device if that holds them."""
    if isinstance(cu_seqlens, Tensor):
        return int(cu_seqlens.diff().max())
    return max(end - start for start, end in pairwise(cu_seqlens))
