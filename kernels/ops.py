"""The packed ops as torch custom ops, so that `torch.compile` and autocast pass through them.

`rotary`, `varlen_attention` and `segment_mean` in `torch.ops.tumorxy` are opaque to the compiler:
what runs inside is chosen when they run (`kernels.choice`), the Triton kernels on a CUDA device
that has them, else plain torch. Called eagerly in each layer, `kernels.dispatch` goes past the
first two, because a custom op costs some 20 microseconds of Python per call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from kernels import reference
from kernels.choice import (
    Kernel,
    Request,
    Wish,
    choose,
    current_wish,
    this_machine,
    triton_obstacle,
)


def runs_triton(q: Tensor, *, rotated_width: int | None = None) -> bool:
    """Tell whether the Triton kernels run for these queries, wished and able.

    Raises:
        KernelUnavailableError: If they were asked for by name and cannot run this call.
    """
    wish = current_wish()
    if wish is Wish.REFERENCE or (q.device.type != "cuda" and wish is not Wish.TRITON):
        return False
    width = q.shape[-1] if rotated_width is None else rotated_width
    request = Request(device=q.device.type, dtype=q.dtype, head_width=width)
    if wish is Wish.TRITON:
        return choose(request, wish, this_machine()).kernel is Kernel.TRITON
    return not triton_obstacle(request, this_machine())


@custom_op("tumorxy::rotary", mutates_args=())
def rotary(
    q: Tensor,
    k: Tensor,
    positions: Tensor,
    steps: Tensor,
    inverse: bool,  # noqa: FBT001 - an op takes no keywords
) -> tuple[Tensor, Tensor]:
    """Rotate queries and keys; see `kernels.reference.rotary`, whose arguments these are."""
    turned = _rotary_of(q)(q, k, positions, steps, inverse=inverse)
    return turned[0].contiguous(), turned[1].contiguous()


def _rotary_of(q: Tensor) -> Callable[..., tuple[Tensor, Tensor]]:
    if runs_triton(q, rotated_width=16):
        from kernels import rope

        return rope.rotary
    return reference.rotary


@rotary.register_fake
def _(
    q: Tensor,
    k: Tensor,
    positions: Tensor,
    steps: Tensor,
    inverse: bool,  # noqa: FBT001 - an op takes no keywords
) -> tuple[Tensor, Tensor]:
    return q.new_empty(q.shape), k.new_empty(k.shape)


def _keep_phases(ctx: Any, inputs: tuple[Any, ...], output: object) -> None:
    _, _, positions, steps, ctx.inverse = inputs
    ctx.save_for_backward(positions, steps)


def _rotate_back(ctx: Any, grad_q: Tensor, grad_k: Tensor) -> tuple[Tensor | None, ...]:
    grads = rotary(grad_q, grad_k, *ctx.saved_tensors, not ctx.inverse)
    return (*grads, None, None, None)


rotary.register_autograd(_rotate_back, setup_context=_keep_phases)


@custom_op("tumorxy::varlen_attention", mutates_args=())
def varlen_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Tensor,
    positions: Tensor | None,
    steps: Tensor | None,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> tuple[Tensor, Tensor]:
    """Attend within sequences; see `kernels.reference.varlen_attention`, whose arguments these are.

    Returns:
        Attended values, (T, H, D), and the log-sum-exp of the scores, (H, T), float32, which
        backward of the Triton kernel reads; zeros where plain torch ran.
    """
    phases = (positions, steps, alibi_slopes, scale)
    if runs_triton(q):
        from kernels.attention import attention_forward

        return attention_forward(q, k, v, cu_seqlens, **_named(phases))
    out = reference.varlen_attention(q, k, v, cu_seqlens, **_named(phases))
    return out.contiguous(), q.new_zeros(q.shape[1], q.shape[0], dtype=torch.float32)


@varlen_attention.register_fake
def _(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Tensor,
    positions: Tensor | None,
    steps: Tensor | None,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> tuple[Tensor, Tensor]:
    return v.new_empty(v.shape), q.new_empty(q.shape[1], q.shape[0], dtype=torch.float32)


@custom_op("tumorxy::varlen_attention_backward", mutates_args=())
def varlen_attention_backward(
    grad: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    cu_seqlens: Tensor,
    positions: Tensor | None,
    steps: Tensor | None,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Differentiate `varlen_attention`; scores are computed anew, never stored.

    Returns:
        Gradients of queries, keys and values, each (T, H, D).
    """
    phases = (positions, steps, alibi_slopes, scale)
    if runs_triton(q):
        from kernels.attention import attention_backward

        return attention_backward(grad, q, k, v, out, lse, cu_seqlens, **_named(phases))
    boundaries: list[int] = cu_seqlens.tolist()
    named = _named(phases)

    def plain(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return reference.varlen_attention(q, k, v, boundaries, **named)

    # Autograd is off inside a custom op; the functional transform is not.
    pull = torch.func.vjp(plain, q, k, v)[1]
    of_q, of_k, of_v = (part.contiguous() for part in pull(grad))
    return of_q, of_k, of_v


def _named(phases: tuple[Tensor | float | None, ...]) -> dict[str, Any]:
    return dict(zip(("positions", "steps", "alibi_slopes", "scale"), phases, strict=True))


@varlen_attention_backward.register_fake
def _(
    grad: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    cu_seqlens: Tensor,
    positions: Tensor | None,
    steps: Tensor | None,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> tuple[Tensor, Tensor, Tensor]:
    return q.new_empty(q.shape), k.new_empty(k.shape), v.new_empty(v.shape)


def _keep_inputs(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *tensors, ctx.scale = inputs
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(*tensors, *output)


def _differentiate(ctx: Any, grad: Tensor, _: Tensor | None) -> tuple[Tensor | None, ...]:
    q, k, v, cu_seqlens, positions, steps, slopes, out, lse = ctx.saved_tensors
    grads = varlen_attention_backward(
        grad, q, k, v, out, lse, cu_seqlens, positions, steps, slopes, ctx.scale
    )
    return (*grads, None, None, None, None, None)


varlen_attention.register_autograd(_differentiate, setup_context=_keep_inputs)


@custom_op("tumorxy::segment_mean", mutates_args=())
def segment_mean(x: Tensor, cu_seqlens: Tensor) -> Tensor:
    """Average segments; see `kernels.reference.segment_mean`, whose arguments these are."""
    if runs_triton(x, rotated_width=16):
        from kernels import segments

        return segments.segment_mean(x, cu_seqlens)
    return reference.segment_mean(x, cu_seqlens)


@segment_mean.register_fake
def _(x: Tensor, cu_seqlens: Tensor) -> Tensor:
    return x.new_empty(len(cu_seqlens) - 1, x.shape[1])


def _keep_boundaries(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    x, cu_seqlens = inputs
    ctx.save_for_backward(cu_seqlens)
    ctx.num_rows = len(x)


def _spread(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
    (cu_seqlens,) = ctx.saved_tensors
    lengths = cu_seqlens.diff()
    shares = grad / lengths.clamp(min=1)[:, None]
    segments = torch.repeat_interleave(lengths, output_size=ctx.num_rows)
    return shares.index_select(0, segments), None


segment_mean.register_autograd(_spread, setup_context=_keep_boundaries)
