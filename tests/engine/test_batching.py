from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.batching import make_batch, plan_batches
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


def test_a_batch_holds_the_numbers_of_its_tumors() -> None:
    tokens = tokenize(random_tables(seed=4), vocabulary())
    rows = np.array([7, 2, 11])
    batch = make_batch(tokens, rows)
    assert torch.bincount(batch.tumor, minlength=3).tolist() == tokens.lengths[rows].tolist()
    second = tokens.gene[tokens.cu_tokens[2] : tokens.cu_tokens[3]]
    assert batch.gene[batch.tumor == 1].tolist() == second.tolist()
    assert batch.profiled.shape == (3, 3, tokens.panel_masks.shape[1])
