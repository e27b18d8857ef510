"""The encoder's blocks over patients of very different lengths, laid out in every way there is.

Every layout computes the same numbers with the same weights, so that times can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import ndtri, zeta
from torch import Tensor, nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.nn.functional import gelu, pad, scaled_dot_product_attention

from engine.batching import TOKEN_BUDGET, plan_batches
from engine.config import EncoderConfig
from engine.model import Block
from kernels import peers
from kernels.dispatch import Rotation, varlen_attention
from kernels.reference import rotary_steps, rotate

Lengths = npt.NDArray[np.int64]
Attention = Callable[[Tensor, Tensor, Tensor], Tensor]
GENOME = 3_000_000_000
"""Positions are drawn from it, base pairs."""

ZIPF_EXPONENT, LONGEST_ZIPF = 1.57, 5_000
LOG_MEDIAN = 3.64  # of tokens; the spread is 1
PADDED_BATCH = 32
FLEX_BLOCK = 128


def zipf_lengths(num: int, seed: int = 0) -> Lengths:
    """Evenly spaced quantiles of a Zipf law cut at 5,000 tokens; half are at most 2, mean 67."""
    weights = np.arange(1, LONGEST_ZIPF, dtype=float) ** -ZIPF_EXPONENT
    below = np.cumsum(weights) / zeta(ZIPF_EXPONENT)
    lengths = 1 + np.searchsorted(below, _levels(num))
    return np.random.default_rng(seed).permutation(lengths)


def log_normal_lengths(num: int, seed: int = 0) -> Lengths:
    """Evenly spaced quantiles of a log-normal law cut at 1,000 tokens; mean 62."""
    lengths = np.exp(LOG_MEDIAN + ndtri(_levels(num))).round()
    return np.random.default_rng(seed).permutation(np.clip(lengths, 1, 1_000).astype(np.int64))


def _levels(num: int) -> npt.NDArray[np.float64]:
    return (np.arange(num) + 0.5) / num


@dataclass(frozen=True, kw_only=True)
class Patients:
    """N patients with T tokens, packed."""

    lengths: Lengths  # (N,)
    x: Tensor  # (T, D) float32
    positions: Tensor  # (T,) int64

    @property
    def starts(self) -> Lengths:
        return np.cumsum(self.lengths) - self.lengths

    def tokens_of(self, rows: Lengths) -> Tensor:
        """Return where the tokens of some patients stand, in the order of `rows`."""
        parts = [np.arange(self.starts[i], self.starts[i] + self.lengths[i]) for i in rows]
        return torch.from_numpy(np.concatenate(parts)).to(self.x.device)


def random_patients(lengths: Lengths, width: int, device: str = "cpu", seed: int = 0) -> Patients:
    generator = torch.Generator().manual_seed(seed)
    total = int(lengths.sum())
    x = torch.randn(total, width, generator=generator)
    positions = torch.randint(GENOME, (total,), generator=generator)
    return Patients(lengths=lengths, x=x.to(device), positions=positions.to(device))


class Stack(nn.Module):
    """The encoder's blocks alone."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        pairs = config.width // config.num_heads // 2
        self.register_buffer("steps", rotary_steps(pairs, 1e3, 1e9))

    def through(self, x: Tensor, attend: Attention) -> Tensor:
        """Run (..., L, D) tokens through all blocks."""
        for block in self.blocks:
            qkv = block.qkv(block.attention_norm(x)).unflatten(-1, (3, block.num_heads, -1))
            x = x + block.out(attend(*qkv.unbind(-3)).flatten(-2))
            x = x + block.down(gelu(block.up(block.feed_norm(x))))
        return x

    def num_flops(self, lengths: Lengths) -> float:
        """Arithmetic of a forward without padding."""
        width, hidden = self.config.width, self.config.hidden
        per_token = 2 * (4 * width**2 + 2 * width * hidden)
        in_attention = 4 * width * float((lengths.astype(float) ** 2).sum())
        return self.config.num_layers * (per_token * float(lengths.sum()) + in_attention)

    def num_bytes(self, lengths: Lengths) -> float:
        """Traffic of a forward that keeps everything but the stream on the chip."""
        return 8.0 * self.config.width * float(lengths.sum())


AttentionMaker = Callable[[Lengths, Rotation], Attention]
"""Makes the attention of one packed batch from the lengths of its patients."""


def in_one_tensor(
    stack: Stack, patients: Patients, make: AttentionMaker, budget: int = TOKEN_BUDGET
) -> Tensor:
    """Run packed batches of at most `budget` tokens, each sorted by length."""
    out = torch.empty_like(patients.x)
    for chosen in plan_batches(patients.lengths, budget):
        rows = chosen[np.argsort(patients.lengths[chosen], kind="stable")]
        tokens = patients.tokens_of(rows)
        rotation = Rotation(patients.positions[tokens], stack.get_buffer("steps"))
        attend = make(patients.lengths[rows], rotation)
        out[tokens] = stack.through(patients.x[tokens], attend)
    return out


def boundaries(lengths: Lengths) -> list[int]:
    return [0, *np.cumsum(lengths).tolist()]


def ours(lengths: Lengths, rotation: Rotation) -> Attention:
    bounds = boundaries(lengths)
    return lambda q, k, v: varlen_attention(q, k, v, bounds, rotation=rotation)


def one_call_per_patient(lengths: Lengths, rotation: Rotation) -> Attention:
    bounds = boundaries(lengths)

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k = rotate(q, *rotation.table), rotate(k, *rotation.table)
        parts = [
            scaled_dot_product_attention(*(t[None, a:b].transpose(1, 2) for t in (q, k, v)))
            for a, b in pairwise(bounds)
        ]
        return torch.cat([part[0].transpose(0, 1) for part in parts])

    return attend


def jagged(lengths: Lengths, rotation: Rotation) -> Attention:
    bounds = torch.tensor(boundaries(lengths), device=rotation.positions.device)

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k = (rotate(x, *rotation.table).to(x.dtype) for x in (q, k))
        return peers.jagged_attention(q, k, v, bounds, None)

    return attend


def torch_varlen(lengths: Lengths, rotation: Rotation) -> Attention:
    bounds = torch.tensor(boundaries(lengths), dtype=torch.int32, device=rotation.positions.device)
    longest = int(lengths.max())

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k = (rotate(x, *rotation.table).to(x.dtype) for x in (q, k))
        return peers.torch_varlen_attention(q, k, v, bounds, longest, None)

    return attend


@cache
def compiled_flex() -> Callable[..., Any]:
    return torch.compile(flex_attention, dynamic=True)  # type: ignore[return-value]


def flex_mask(lengths: Lengths, size: int, device: str) -> Any:
    """Return the block mask of packed patients, padded to `size` tokens: each sees its own."""
    owner = torch.repeat_interleave(torch.arange(len(lengths)), torch.from_numpy(lengths))
    owner = pad(owner, (0, size - len(owner)), value=-1).to(device)

    def same(_b: Tensor, _h: Tensor, i: Tensor, j: Tensor) -> Tensor:
        return owner[i] == owner[j]

    return create_block_mask(same, None, None, size, size, device=device, BLOCK_SIZE=FLEX_BLOCK)


def flex_attend(q: Tensor, k: Tensor, v: Tensor, mask: Any) -> Tensor:
    """Run FlexAttention on (T, H, D) tensors, padded to the size of the mask."""
    more = mask.seq_lengths[0] - len(q)
    shaped = [pad(x, (0, 0, 0, 0, 0, more)).transpose(0, 1)[None] for x in (q, k, v)]
    out: Tensor = compiled_flex()(*shaped, block_mask=mask)
    return out[0].transpose(0, 1)[: len(q)]


def flex(lengths: Lengths, rotation: Rotation) -> Attention:
    """FlexAttention with the patient of each token as its mask, padded to whole blocks."""
    total = int(lengths.sum())
    mask = flex_mask(lengths, total + -total % FLEX_BLOCK, str(rotation.positions.device))

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k = (rotate(x, *rotation.table).to(x.dtype) for x in (q, k))
        return flex_attend(q, k, v, mask)

    return attend


def flex_in_parts(lengths: Lengths, size: int, device: str) -> Attention:
    """FlexAttention over patients in their order, up to `size` tokens at a time.

    A mask is made for each part by the first call, which is not timed; one for all patients would
    have as many entries as there are pairs of blocks of tokens.
    """
    bounds = [0]
    for i in range(len(lengths)):
        if lengths[bounds[-1] : i + 1].sum() > size:
            bounds.append(i)
    parts = [lengths[a:b] for a, b in pairwise([*bounds, len(lengths)])]
    sizes = [int(part.sum()) for part in parts]

    @cache
    def masks() -> list[Any]:
        return [flex_mask(part, size, device) for part in parts]

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        split = zip(*(x.split(sizes) for x in (q, k, v)), strict=True)
        return torch.cat([flex_attend(*qkv, m) for qkv, m in zip(split, masks(), strict=True)])

    return attend


def padded(stack: Stack, patients: Patients, batches: Sequence[Lengths]) -> Tensor:
    """Run (B, L, D) batches, every patient padded to the longest of its batch."""
    out = torch.empty_like(patients.x)
    for rows in batches:
        lengths = torch.from_numpy(patients.lengths[rows]).to(patients.x.device)
        mask = torch.arange(int(lengths.max()), device=lengths.device) < lengths[:, None]
        tokens = patients.tokens_of(rows)
        x = patients.x.new_zeros(*mask.shape, patients.x.shape[1])
        x[mask] = patients.x[tokens]
        positions = torch.zeros_like(mask, dtype=torch.int64)
        positions[mask] = patients.positions[tokens]
        out[tokens] = stack.through(x, _masked(stack, positions, mask))[mask]
    return out


def _masked(stack: Stack, positions: Tensor, mask: Tensor) -> Attention:
    table = Rotation(positions.flatten(), stack.get_buffer("steps")).table
    seen = None if bool(mask.all()) else mask[:, None, None, :]

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        shape = q.shape
        q, k = (rotate(x.flatten(0, 1), *table).to(x.dtype).view(shape) for x in (q, k))
        shaped = (x.transpose(1, 2) for x in (q, k, v))
        return scaled_dot_product_attention(*shaped, attn_mask=seen).transpose(1, 2)

    return attend


def random_batches(num: int, seed: int = 0) -> list[Lengths]:
    """Patients in random order, 32 at a time."""
    order = np.random.default_rng(seed).permutation(num)
    return [order[start : start + PADDED_BATCH] for start in range(0, num, PADDED_BATCH)]


def sorted_batches(lengths: Lengths, budget: int = TOKEN_BUDGET) -> list[Lengths]:
    """Patients sorted by length, as many at a time as fit when padded."""
    order = np.argsort(-lengths, kind="stable")
    batches, start = [], 0
    while start < len(order):
        size = max(budget // int(lengths[order[start]]), 1)
        batches.append(order[start : start + size])
        start += size
    return batches
