from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.batching import StreamConfig, make_batch, plan_batches, stream_batches
from engine.tokens import tokenize
from tests.engine.cohorts import random_tables, vocabulary


@given(st.lists(st.integers(3, 500), max_size=200), st.integers(500, 5_000))
def test_every_tumor_goes_once_and_no_batch_exceeds_its_budget(
    lengths: list[int], budget: int
) -> None:
    batches = plan_batches(np.array(lengths, dtype=np.int64), budget)
    assert sorted(i for rows in batches for i in rows) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in rows) <= budget for rows in batches)
    assert all(len(rows) for rows in batches)


def test_a_tumor_longer_than_the_budget_goes_alone() -> None:
    batches = plan_batches(np.array([10, 90_000, 20]), 100)
    assert [rows.tolist() for rows in batches] == [[1], [2, 0]]


@pytest.mark.parametrize("seed", [0, 1])
def test_batches_are_nearly_full_on_long_tailed_lengths(seed: int) -> None:
    generator = np.random.default_rng(seed)
    lengths = np.minimum(generator.zipf(1.7, size=50_000) + 3, 5_000).astype(np.int64)
    budget = 32_768
    batches = plan_batches(lengths, budget)
    assert lengths.sum() / (len(batches) * budget) >= 0.98


def long_tailed(name: str, num: int = 50_000) -> list[int]:
    generator = np.random.default_rng(0)
    if name == "zipf":
        return np.minimum(generator.zipf(1.6, size=num) + 2, 5_000).tolist()
    return np.clip(generator.lognormal(3.4, 1.2, size=num).astype(int), 3, 1_000).tolist()


@given(
    st.lists(st.integers(0, 500), max_size=200),
    st.integers(1, 2_000),
    st.none() | st.integers(0, 3),
)
def test_every_sequence_of_a_stream_goes_once_and_no_batch_exceeds_its_budget(
    lengths: list[int], budget: int, seed: int | None
) -> None:
    config = StreamConfig(budget=budget, window=2, seed=seed)
    batches = [rows.tolist() for rows in stream_batches(iter(lengths), config)]
    assert sorted(i for rows in batches for i in rows) == list(range(len(lengths)))
    assert all(len(rows) == 1 or sum(lengths[i] for i in rows) <= budget for rows in batches)


@pytest.mark.parametrize("seed", [None, 5])
@pytest.mark.parametrize("name", ["zipf", "log-normal"])
def test_a_stream_fills_its_batches(name: str, seed: int | None) -> None:
    lengths = long_tailed(name)
    config = StreamConfig(seed=seed)
    batches = list(stream_batches(lengths, config))
    assert sum(lengths) / (len(batches) * config.budget) >= 0.98


def test_a_seed_decides_the_batches_of_a_stream() -> None:
    lengths = long_tailed("zipf", 5_000)
    drawn = [
        [rows.tolist() for rows in stream_batches(lengths, StreamConfig(budget=4_096, seed=seed))]
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_stream_is_read_no_further_than_its_window() -> None:
    read = 0

    def lengths() -> Iterator[int]:
        nonlocal read
        for _ in range(10_000):
            read += 1
            yield 10

    batches = stream_batches(lengths(), StreamConfig(budget=100, window=3))
    assert len(next(batches)) == 10
    assert read == 30


def test_the_longest_waiting_goes_first_so_none_waits_forever() -> None:
    lengths = [90] + [100] * 50
    batches = [rows.tolist() for rows in stream_batches(lengths, StreamConfig(budget=100))]
    assert batches[0] == [0]


def test_a_batch_is_of_one_group_and_full_where_the_window_holds_enough() -> None:
    lengths = long_tailed("log-normal", 20_000)
    groups = [i * 3 // len(lengths) for i in range(len(lengths))]  # in the order of three genes
    config = StreamConfig(budget=4_096, seed=0)
    batches = list(stream_batches(lengths, config, groups))
    assert sorted(i for rows in batches for i in rows) == list(range(len(lengths)))
    assert all(len({groups[i] for i in rows}) == 1 for rows in batches)
    assert sum(lengths) / (len(batches) * config.budget) >= 0.97


def test_groups_must_be_as_many_as_lengths() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(stream_batches([1, 2], StreamConfig(), ["gene"]))


def test_a_batch_holds_the_numbers_of_its_tumors() -> None:
    tokens = tokenize(random_tables(seed=4), vocabulary())
    rows = np.array([7, 2, 11])
    batch = make_batch(tokens, rows)
    assert torch.bincount(batch.tumor, minlength=3).tolist() == tokens.lengths[rows].tolist()
    second = tokens.gene[tokens.cu_tokens[2] : tokens.cu_tokens[3]]
    assert batch.gene[batch.tumor == 1].tolist() == second.tolist()
    assert batch.profiled.shape == (3, 3, tokens.panel_masks.shape[1])
