from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import WeightsError
from engine.heads import BLOCK_TUMORS, HEADS, HEADS_CARD, PREDICTIONS, Head, Heads
from engine.training.fit_heads import fit_heads
from engine.training.logistic import HeadsConfig
from tests.engine.labeled import CODES, cohort, vectors

QUICK = HeadsConfig(strengths=(0.1,), num_replicates=20)


@pytest.fixture(scope="module")
def heads() -> Heads:
    return fit_heads(cohort(), config=QUICK, model_digest="ab" * 32)


def in_distribution(num: int) -> np.ndarray:
    return np.zeros(num, dtype=bool)


def test_predictions_are_long_form_with_intervals_around_probabilities(heads: Heads) -> None:
    asked = vectors(30, seed=5)
    table = heads.predict(asked, ["BRCA"] * 30, in_distribution(30))
    assert table.schema.equals(PREDICTIONS)
    assert table.num_rows == 30 * (3 + 2 + 2)
    frame = table.to_pandas()
    assert frame["row"].is_monotonic_increasing
    sums = frame.groupby(["row", "task"])["probability"].sum()
    np.testing.assert_allclose(sums, 1, atol=1e-5)
    assert (frame["lower"] <= frame["probability"]).all()
    assert (frame["probability"] <= frame["upper"]).all()
    assert (frame["upper"] > frame["lower"]).any()
    first = frame[frame["row"] == 0]
    assert first["task"].tolist() == ["cancer_type"] * 3 + ["pam50"] * 2 + ["msi"] * 2
    assert first["class"].tolist() == [*CODES, "Basal", "LumA", "high", "stable"]


def test_a_task_that_does_not_concern_a_tumor_says_so_once(heads: Heads) -> None:
    table = heads.predict(vectors(2, seed=5), ["Breast Cancer", "LUAD"], in_distribution(2))
    rows = [row for row in table.to_pylist() if row["task"] == "pam50"]
    assert [row["flag"] for row in rows if row["row"] == 0] != ["not_applicable"]
    assert [row for row in rows if row["row"] == 1] == [
        {
            "row": 1,
            "task": "pam50",
            "class": "",
            "probability": None,
            "lower": None,
            "upper": None,
            "flag": "not_applicable",
        }
    ]


def test_without_a_stated_type_the_predicted_one_counts(heads: Heads) -> None:
    surely = np.zeros((2, 8), dtype=np.float32)
    surely[0, 1] = surely[1, 2] = 1  # breast, head and neck
    table = heads.predict(surely, [None, None], in_distribution(2)).to_pylist()
    flags = {row["row"]: row["flag"] for row in table if row["task"] == "pam50"}
    assert flags[0] != "not_applicable"
    assert flags[1] == "not_applicable"


def test_flags_follow_their_rules() -> None:
    weights = np.array([[0, 0, 0], [8, 0, 0]], dtype=np.float32)
    spread = np.array([-1.0, 0.0, 1.0])
    replicates = np.stack([weights + s * np.array([[0, 0, 0], [0, 1, 0]]) for s in spread])
    head = Head(
        task="msi",
        classes=("stable", "high"),
        weights=weights,
        replicates=replicates.astype(np.float16),
    )
    asked = np.array([[1, 0], [0.05, 1], [1, 0]], dtype=np.float32)
    table = Heads(heads=(head,)).predict(asked, [None] * 3, np.array([False, False, True]))
    flags = dict(zip(table["row"].to_pylist(), table["flag"].to_pylist(), strict=True))
    assert flags == {0: "ok", 1: "uncertain", 2: "out_of_distribution"}


def test_batch_equals_single(heads: Heads) -> None:
    asked = vectors(BLOCK_TUMORS + 5, seed=6)
    types = [None, "BRCA", "LUAD"] * 684 + [None]
    together = heads.predict(asked, types, in_distribution(len(asked)))
    for i in (0, 7, BLOCK_TUMORS + 4):
        alone = heads.predict(asked[i : i + 1], types[i : i + 1], in_distribution(1)).to_pandas()
        same = together.filter(np.asarray(together["row"]) == i).to_pandas()
        assert alone["class"].tolist() == same["class"].tolist()
        assert alone["flag"].tolist() == same["flag"].tolist()
        for column in ("probability", "lower", "upper"):
            np.testing.assert_allclose(alone[column], same[column], atol=1e-6)


def test_nobody_gives_an_empty_table(heads: Heads) -> None:
    table = heads.predict(vectors(0), [], in_distribution(0))
    assert table.num_rows == 0
    assert table.schema.equals(PREDICTIONS)


def test_saved_heads_predict_the_same(heads: Heads, tmp_path: Path) -> None:
    heads.save(tmp_path)
    again = Heads.load(tmp_path)
    for saved, loaded in zip(heads.heads, again.heads, strict=True):
        np.testing.assert_array_equal(saved.weights, loaded.weights)
        np.testing.assert_array_equal(saved.replicates, loaded.replicates)
    asked = vectors(20, seed=7)
    types = [None] * 20
    one = heads.predict(asked, types, in_distribution(20))
    other = again.predict(asked, types, in_distribution(20))
    assert one.equals(other)
    assert again.card["model_digest"] == "ab" * 32
    assert (tmp_path / HEADS).stat().st_size < 4e6


def test_damaged_heads_are_refused(heads: Heads, tmp_path: Path) -> None:
    heads.save(tmp_path)
    content = bytearray((tmp_path / HEADS).read_bytes())
    content[-1] ^= 1
    (tmp_path / HEADS).write_bytes(content)
    with pytest.raises(WeightsError, match="damaged or was changed"):
        Heads.load(tmp_path)


def test_missing_or_incomplete_heads_are_refused(heads: Heads, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot be read \(FileNotFoundError\)"):
        Heads.load(tmp_path)
    heads.save(tmp_path)
    card = json.loads((tmp_path / HEADS_CARD).read_text())
    card["tasks"]["hpv"] = {"classes": ["positive", "negative"]}
    (tmp_path / HEADS_CARD).write_text(json.dumps(card))
    with pytest.raises(WeightsError, match=r"cannot be read \(KeyError\)"):
        Heads.load(tmp_path)


def test_vectors_of_another_width_are_refused(heads: Heads) -> None:
    with pytest.raises(WeightsError, match=r"shape \(1, 5\), expected \(N, 8\)"):
        heads.predict(np.ones((1, 5), dtype=np.float32), [None], in_distribution(1))
