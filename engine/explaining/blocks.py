"""Blocks of the encoder for many versions of one tumor: the same numbers in fewer steps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from engine.model import Block
from kernels.affine import affine
from kernels.dispatch import Rotation, varlen_attention
from kernels.reference import rotate


def packed_block(block: nn.Module, x: Tensor, rotation: Rotation, bounds: Sequence[int]) -> Tensor:
    """Apply a block to packed versions, (N, D), without gradients.

    Args:
        block: A block of the encoder.
        x: The stream, (N, D).
        rotation: Positions of the rows.
        bounds: Boundaries of the versions.

    Returns:
        The new stream, (N, D).
    """
    asked = asked_by(block, x)
    turn(asked, *rotation.table)
    return after_asking(block, x, asked, bounds)


def after_asking(block: nn.Module, x: Tensor, asked: Tensor, bounds: Sequence[int]) -> Tensor:
    """Go on with a block whose turned queries, keys and values, (N, 3, H, D / H), are known."""
    assert isinstance(block, Block)
    q, k, v = asked.unbind(1)
    attended = varlen_attention(q, k, v, bounds).flatten(1)
    x = affine(attended, block.out.weight, block.out.bias).add_(x)
    hidden = affine(block.feed_norm(x), block.up.weight, block.up.bias, bend=True)
    return affine(hidden, block.down.weight, block.down.bias).add_(x)


def asked_by(block: nn.Module, x: Tensor) -> Tensor:
    """Queries, keys and values of a block before they are turned, (N, 3, H, D / H)."""
    assert isinstance(block, Block)
    flat = affine(block.attention_norm(x), block.qkv.weight, block.qkv.bias)
    asked: Tensor = flat.unflatten(-1, (3, block.num_heads, -1))
    return asked


def turn(asked: Tensor, cos: Tensor, sin: Tensor) -> None:
    """Turn queries and keys in place, as `kernels.reference.rotate` does.

    Args:
        asked: Queries, keys and values, (N, 3, H, D).
        cos: Cosines, (N, P).
        sin: Sines, (N, P).
    """
    pairs = cos.shape[1]
    first, second = asked[:, :2, :, :pairs], asked[:, :2, :, pairs : 2 * pairs]
    cos, sin = cos[:, None, None], sin[:, None, None]
    turned = torch.addcmul(first * cos, second, sin, value=-1)
    second.mul_(cos).addcmul_(first, sin)
    first.copy_(turned)


def gated_block(block: nn.Module, x: Tensor, rotation: Rotation, bias: Tensor) -> Tensor:
    """Apply a block to versions side by side, differentiably.

    Args:
        block: A block of the encoder.
        x: The streams of S versions, (L, S, D).
        rotation: Positions of the L rows.
        bias: Added to the scores of each key, (S, 1, 1, L).

    Returns:
        The new streams, (L, S, D).
    """
    assert isinstance(block, Block)
    q, k, v = block.qkv(block.attention_norm(x)).unflatten(-1, (3, block.num_heads, -1)).unbind(2)
    turned = [rotate(part.flatten(1, 2), *rotation.table).view_as(part) for part in (q, k)]
    queries, keys, values = (part.permute(1, 2, 0, 3) for part in (*turned, v))
    attended = scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
    x = x + block.out(attended.permute(2, 0, 1, 3).flatten(2))
    result: Tensor = x + block.down(gelu(block.up(block.feed_norm(x))))
    return result
