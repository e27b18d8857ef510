"""Packed attention of others: flash-attn, PyTorch's `varlen_attn`, jagged SDPA. CUDA only."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


def flash_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens: Tensor,
    longest: int,
    alibi_slopes: Tensor | None,
    scale: float | None,
) -> Tensor:
    """Run flash-attn on packed sequences.

    Args:
        q: Queries, (T, H, D), float16 or bfloat16; a head of 16 is computed as one of 32.
        k: Keys, (T, H, D).
        v: Values, (T, H, D).
        cu_seqlens: Boundaries, (N + 1,), int32, on the device.
        longest: Length of the longest sequence.
        alibi_slopes: Bias per distance, (H,), float32, or None.
        scale: Factor of the scores; 1 / sqrt(D) when None.

    Returns:
        Attended values, (T, H, D).

    References:
        Dao 2023, FlashAttention-2, arXiv:2307.08691; package flash-attn 2.8.
    """
    from flash_attn import flash_attn_varlen_func

    bounds = (cu_seqlens, cu_seqlens, longest, longest)
    out: Tensor = flash_attn_varlen_func(
        q, k, v, *bounds, softmax_scale=scale, alibi_slopes=alibi_slopes
    )
    return out


def torch_varlen_attention(
    q: Tensor, k: Tensor, v: Tensor, cu_seqlens: Tensor, longest: int, scale: float | None
) -> Tensor:
    """Run `torch.nn.attention.varlen.varlen_attn`; arguments as of `flash_attention`."""
    from torch.nn.attention.varlen import varlen_attn

    out = varlen_attn(q, k, v, cu_seqlens, cu_seqlens, longest, longest, scale=scale)
    assert isinstance(out, Tensor)  # a tuple only when auxiliary outputs are asked for
    return out


def jagged_attention(
    q: Tensor, k: Tensor, v: Tensor, cu_seqlens: Tensor, scale: float | None
) -> Tensor:
    """Run SDPA on jagged nested tensors; arguments as of `flash_attention`, any dtype.

    On a CPU only its math backend runs, at the cost of padding.
    """
    offsets = cu_seqlens.long()
    queries, keys, values = (
        torch.nested.nested_tensor_from_jagged(x.contiguous(), offsets=offsets).transpose(1, 2)
        for x in (q, k, v)
    )
    attended = scaled_dot_product_attention(queries, keys, values, scale=scale)
    out: Tensor = attended.transpose(1, 2).values()
    return out
