from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from engine.training.dataset import build_dataset
from engine.training.reconstruct import (
    PRIOR_TUMORS,
    HiddenCells,
    score,
    type_frequencies,
    weighted_auroc,
)
from tests.engine.cohorts import alteration, tables, vocabulary


def cells(num: int = 4_000, seed: int = 0) -> HiddenCells:
    generator = np.random.default_rng(seed)
    altered = generator.random(num) < 0.2
    return HiddenCells(
        gene=np.zeros(num, np.int32),
        tumor=np.repeat(np.arange(num // 20), 20),
        target=np.zeros(num, np.int8),
        altered=altered,
        encoder=(altered + generator.normal(size=num)).astype(np.float32),
        frequency=generator.normal(size=num).astype(np.float32),
    )


def test_weighted_auroc_equals_scikit_learn() -> None:
    generator = np.random.default_rng(1)
    truth, prediction = generator.random(500) < 0.3, generator.normal(size=500)
    weight = generator.integers(0, 4, size=500)
    order = np.argsort(prediction)
    expected = roc_auc_score(truth, prediction, sample_weight=weight)
    assert weighted_auroc(truth[order], weight[order]) == pytest.approx(expected)


def test_score_finds_the_better_prediction_with_an_interval() -> None:
    first = score(cells())[0]
    assert first["target"] == "mutation"
    assert first["encoder"]["auroc"] > 0.7
    assert first["type_frequency"]["auroc"] == pytest.approx(0.5, abs=0.05)
    assert first["difference_low"] > 0
    assert (
        first["encoder"]["auroc_low"] < first["encoder"]["auroc"] < first["encoder"]["auroc_high"]
    )


def test_frequencies_count_profiled_tumors_of_the_type_alone() -> None:
    samples = [f"T{i:03d}" for i in range(300)]
    rows = [alteration(s, "KRAS") for i, s in enumerate(samples) if i % 3 == 0]
    words = vocabulary()
    dataset = build_dataset({"one": tables(samples, rows)}, words)
    frequencies = type_frequencies(dataset, "train")
    gene = words.index["KRAS"]
    train = dataset.rows("train")
    num = sum(dataset.cancer_types[i] == "one: type 0" for i in train)
    overall = (num + 0.5) / (len(train) + 1)
    expected = (num + PRIOR_TUMORS * overall) / (num + PRIOR_TUMORS)
    assert frequencies["one: type 0"][0, gene] == pytest.approx(expected, rel=1e-4)
    assert frequencies["one: type 1"][0, gene] < 0.1
