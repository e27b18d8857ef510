"""Embed 300,000 random tumors on a CUDA device, reading them from disk included."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from engine.batching import Batch, make_batch
from engine.config import EncoderConfig
from engine.devices import Engine
from engine.model import NUM_LEADING, TumorEncoder
from engine.places import DeviceConfig
from engine.tokens import TumorTokens, boundaries
from engine.vocabulary import KIND_NAMES, SUBSTITUTIONS, Vocabulary, build_vocabulary
from tests.benchmarks import encoders
from tests.benchmarks.harness import Limits, Measurement, quantiles
from tests.benchmarks.token_files import read_tokens, write_tokens

NUM_TUMORS = 300_000
NUM_COMPARED = 2_000
PRECISIONS: tuple[Literal["float32", "bfloat16"], ...] = ("float32", "bfloat16")


def embedding_rows(limits: Limits) -> Iterator[Measurement]:
    """Embed on the device in float32, as the project does, and in bfloat16."""
    from engine.genes import GeneTable

    del limits  # a pipeline from disk to disk has no single one
    torch.manual_seed(0)
    words = build_vocabulary(GeneTable.load())
    model = TumorEncoder(EncoderConfig(), words).eval()
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as name:
        file = Path(name) / "tokens.npz"
        tokens = random_tokens(encoders.zipf_lengths(NUM_TUMORS), words)
        write_tokens(tokens, file)
        few = tokens.take(np.arange(NUM_COMPARED))
        del tokens
        exact, _ = embed(model, few, DeviceConfig(device="cpu"))
        for precision in PRECISIONS:
            config = DeviceConfig(device="cuda", precision=precision)
            embed(model, few, config)  # compiles the kernels
            yield timed(model, file, config, exact)


def timed(model: TumorEncoder, file: Path, config: DeviceConfig, exact: np.ndarray) -> Measurement:
    torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    vectors, busy_s = embed(model, read_tokens(file), config)
    elapsed_s = time.perf_counter() - started
    return quantiles(
        f"embed {NUM_TUMORS:,} tumors, reading included, {config.precision}",
        "s",
        [elapsed_s],
        peak_gib=torch.cuda.max_memory_allocated() / 2**30,
        error=float(np.abs(vectors[: len(exact)] - exact).max()),
        note=f"the device computes {busy_s / elapsed_s:.0%} of the time; its memory; error is "
        "against the CPU",
    )


class Watched(nn.Module):
    """The encoder, and how long the device computed."""

    def __init__(self, encoder: TumorEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, batch: Batch) -> tuple[Tensor, Callable[[], float]]:
        if not batch.tumor.is_cuda:
            return self.encoder(batch), lambda: 0.0
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        vectors = self.encoder(batch)
        end.record()
        return vectors, lambda: start.elapsed_time(end) / 1e3


def embed(
    model: TumorEncoder, tokens: TumorTokens, config: DeviceConfig
) -> tuple[np.ndarray, float]:
    """Return vectors, (N, D), and the seconds in which the device computed."""
    engine = Engine(Watched(model), config, notice=print)
    vectors = np.empty((len(tokens), model.config.width), np.float32)
    busy_s = 0.0
    for rows, (result, computed_s) in engine.run(
        lambda watched, batch: watched(batch),
        lambda rows: make_batch(tokens, rows),
        tokens.lengths + NUM_LEADING,
    ):
        vectors[rows] = result.numpy()
        busy_s += computed_s()
    return vectors, busy_s


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
