"""Embed 300,000 synthetic tumors on a CUDA device, reading them from disk included."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.batching import Batch, make_batch
from engine.config import EncoderConfig
from engine.devices import Engine
from engine.model import NUM_LEADING, TumorEncoder
from engine.places import DeviceConfig
from engine.tokens import TOKEN_FIELDS, TUMOR_FIELDS, TumorTokens, boundaries
from engine.vocabulary import KIND_NAMES, SUBSTITUTIONS, Vocabulary, build_vocabulary
from tests.benchmarks import encoders
from tests.benchmarks.harness import Limits, Measurement, quantiles

NUM_TUMORS = 300_000
ARRAYS = ("cu_tokens", "panel_masks", *TOKEN_FIELDS, *TUMOR_FIELDS)


def embedding_rows(limits: Limits) -> Iterator[Measurement]:
    """Embed on the device in bfloat16, with the difference from float32 there."""
    from engine.genes import GeneTable

    del limits  # a pipeline from disk to disk has no single one
    torch.manual_seed(0)
    words = build_vocabulary(GeneTable.load())
    model = TumorEncoder(EncoderConfig(), words).eval()
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as name:
        file = Path(name) / "tokens.npz"
        tokens = random_tokens(encoders.zipf_lengths(NUM_TUMORS), words)
        np.savez(file, **{field: getattr(tokens, field) for field in ARRAYS})
        yield from timed(model, file, tokens)


def timed(model: TumorEncoder, file: Path, tokens: TumorTokens) -> Iterator[Measurement]:
    embed(model, tokens.take(np.arange(5_000)), DeviceConfig(device="cuda"))  # compiles the kernels
    exact, _ = embed(
        model, tokens.take(np.arange(5_000)), DeviceConfig(device="cuda", precision="float32")
    )
    started = time.perf_counter()
    vectors, busy_s = embed(model, read_tokens(file), DeviceConfig(device="cuda"))
    elapsed_s = time.perf_counter() - started
    peak = torch.cuda.max_memory_allocated() / 2**30
    yield quantiles(
        f"embed {NUM_TUMORS:,} tumors, reading included",
        "s",
        [elapsed_s],
        peak_gib=peak,
        error=float(np.abs(vectors[:5_000] - exact).max()),
        note=f"the device computes {busy_s / elapsed_s:.0%} of the time; its memory; error is "
        "against float32",
    )


class Watched(nn.Module):
    """The encoder, and how long the device computed."""

    def __init__(self, encoder: TumorEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, batch: Batch) -> tuple[Tensor, object]:
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        vectors = self.encoder(batch)
        end.record()
        return vectors, (start, end)


def embed(
    model: TumorEncoder, tokens: TumorTokens, config: DeviceConfig
) -> tuple[np.ndarray, float]:
    """Return vectors, (N, D), and the seconds in which the device computed."""
    engine = Engine(Watched(model), config, notice=print)
    vectors = np.empty((len(tokens), model.config.width), np.float32)
    busy_ms = 0.0
    for rows, (result, (start, end)) in engine.run(
        lambda watched, batch: watched(batch),
        lambda rows: make_batch(tokens, rows),
        tokens.lengths + NUM_LEADING,
    ):
        vectors[rows] = result.numpy()
        busy_ms += start.elapsed_time(end)
    return vectors, busy_ms / 1e3


def read_tokens(file: Path) -> TumorTokens:
    with np.load(file) as arrays:
        num = len(arrays["cu_tokens"]) - 1
        return TumorTokens(
            sample_ids=("",) * num,
            input_digests=("",) * num,
            **{field: arrays[field] for field in ARRAYS},
        )


def random_tokens(lengths: encoders.Lengths, words: Vocabulary, seed: int = 0) -> TumorTokens:
    """Draw tumors of given lengths; every field holds values that the encoder accepts."""
    generator = np.random.default_rng(seed)
    num, total, genes = len(lengths), int(lengths.sum()), len(words.genes)
    gene = generator.integers(genes, size=total, dtype=np.int32)

    def uniform(*shape: int) -> np.ndarray:
        return generator.random(shape, dtype=np.float32)

    return TumorTokens(
        sample_ids=("",) * num,
        input_digests=("",) * num,
        cu_tokens=boundaries(lengths),
        gene=gene,
        kind=generator.integers(len(KIND_NAMES), size=total, dtype=np.int8),
        position=generator.integers(encoders.GENOME, size=total),
        substitution=generator.integers(len(SUBSTITUTIONS) + 1, size=total, dtype=np.int8),
        residue=uniform(total),
        vaf=uniform(total),
        indel=np.zeros(total, np.float32),
        hotspot=np.zeros(total, np.float32),
        outside_burden=100 * uniform(num),
        outside_mb=30 * uniform(num),
        outside_spectrum=uniform(num, len(SUBSTITUTIONS)),
        copy_level=generator.integers(-2, 3, size=(num, genes), dtype=np.int8),
        graded=np.ones(num, bool),
        panel=np.ones((num, 3), np.int32),
        panel_masks=np.stack([np.zeros(genes, bool), np.ones(genes, bool)]),
    )
