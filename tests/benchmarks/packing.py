"""Packed against padded batches, same weights, same tumors, same run."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import gelu, normalize, scaled_dot_product_attention

from engine.batching import Batch, make_batch, plan_batches
from engine.model import NUM_LEADING, TumorEncoder
from engine.tokens import TumorTokens
from kernels.reference import rotary_table, rotate


def padded_forward(model: TumorEncoder, batch: Batch) -> Tensor:
    """The same network on a (B, L, D) tensor padded to the longest tumor of the batch."""
    num, width = batch.num_tumors, model.config.width
    lengths = torch.bincount(batch.tumor, minlength=num) + NUM_LEADING
    longest = int(lengths.max())
    within = torch.arange(len(batch.tumor)) - (lengths - NUM_LEADING).cumsum(0)[batch.tumor]
    place = within + (lengths - NUM_LEADING)[batch.tumor] + NUM_LEADING
    x = torch.zeros(num, longest, width)
    x[batch.tumor, place] = model.embed_tokens(batch)
    x[:, :NUM_LEADING] = model._leading(batch)
    positions = torch.zeros(num, longest, dtype=torch.int64)
    positions[batch.tumor, place] = batch.position
    mask = (torch.arange(longest) < lengths[:, None])[:, None, None, :]
    cos, sin = rotary_table(positions.flatten(), model.rotary_steps)
    for block in model.blocks:
        x = _padded_block(block, x, (cos, sin), mask)
    return normalize(model.project(model.final_norm(x[:, 0])), dim=-1)


def _padded_block(block: Any, x: Tensor, table: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
    num, longest, _ = x.shape
    qkv = block.qkv(block.attention_norm(x)).view(num * longest, 3, block.num_heads, -1)
    q, k, v = qkv.unbind(1)
    shaped = [
        t.view(num, longest, block.num_heads, -1).transpose(1, 2)
        for t in (rotate(q, *table), rotate(k, *table), v)
    ]
    attended = scaled_dot_product_attention(*shaped, attn_mask=mask)
    x = x + block.out(attended.transpose(1, 2).flatten(2))
    return x + block.down(gelu(block.up(block.feed_norm(x))))


def compare(model: TumorEncoder, tokens: TumorTokens, *, num: int, budget: int) -> dict[str, float]:
    """Embed `num` random tumors both ways; return seconds of each and the largest difference."""
    rows = np.random.default_rng(0).permutation(len(tokens))[:num]
    chosen = tokens.take(rows)
    with torch.inference_mode():
        started = time.perf_counter()
        packed = np.empty((num, model.config.width), np.float32)
        for part in plan_batches(chosen.lengths + NUM_LEADING, budget):
            packed[part] = model(make_batch(chosen, part)).numpy()
        middle = time.perf_counter()
        padded = np.empty_like(packed)
        for part in np.array_split(np.arange(num), max(num // 32, 1)):
            padded[part] = padded_forward(model, make_batch(chosen, part)).numpy()
        ended = time.perf_counter()
    return {
        "packed_s": middle - started,
        "padded_s": ended - middle,
        "difference": float(np.abs(packed - padded).max()),
    }
