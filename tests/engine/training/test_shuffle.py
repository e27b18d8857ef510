from __future__ import annotations

import numpy as np
import pytest

from engine.covariates import COPY_NUMBER_IDS
from engine.tokens import MUTATIONS, TumorTokens, tokenize
from engine.training.shuffle import shuffle_genes
from tests.engine.cohorts import random_tables, vocabulary

WORDS = vocabulary()


@pytest.fixture(scope="module")
def tokens() -> TumorTokens:
    return tokenize(random_tables(40), WORDS)


def test_only_the_genes_change_and_stay_on_the_panel(tokens: TumorTokens) -> None:
    nonsense = shuffle_genes(tokens, WORDS, seed=1)
    np.testing.assert_array_equal(nonsense.kind, tokens.kind)
    np.testing.assert_array_equal(nonsense.cu_tokens, tokens.cu_tokens)
    assert (nonsense.gene != tokens.gene).mean() > 0.7
    owner = np.repeat(np.arange(len(tokens)), tokens.lengths)
    masks = tokens.panel_masks[tokens.panel[:, MUTATIONS]]
    assert masks[owner, nonsense.gene].all()


def test_two_genes_never_become_one(tokens: TumorTokens) -> None:
    nonsense = shuffle_genes(tokens, WORDS, seed=1)
    for i in range(len(tokens)):
        own = slice(tokens.cu_tokens[i], tokens.cu_tokens[i + 1])
        is_copy = np.isin(tokens.kind[own], COPY_NUMBER_IDS)
        for chosen in (is_copy, ~is_copy):
            before, after = tokens.gene[own][chosen], nonsense.gene[own][chosen]
            assert len(np.unique(before)) == len(np.unique(after))


def test_levels_move_with_their_genes_or_stay(tokens: TumorTokens) -> None:
    nonsense = shuffle_genes(tokens, WORDS, seed=1)
    np.testing.assert_array_equal(
        np.sort(nonsense.copy_level, axis=1), np.sort(tokens.copy_level, axis=1)
    )
    mutations_alone = shuffle_genes(tokens, WORDS, seed=1, copy_number=False)
    np.testing.assert_array_equal(mutations_alone.copy_level, tokens.copy_level)


def test_the_seed_decides(tokens: TumorTokens) -> None:
    first, again = (shuffle_genes(tokens, WORDS, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.gene, again.gene)
    assert (first.gene != shuffle_genes(tokens, WORDS, seed=6).gene).any()
