from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import WeightsError
from engine.heads import BLOCK_TUMORS, FEWEST_GENES, HEADS, HEADS_CARD, PREDICTIONS, Head, Heads
from engine.training.fit_heads import fit_heads
from engine.training.logistic import HeadsConfig
from tests.engine.labeled import CODES, circumstances, cohort, readout, vectors

QUICK = HeadsConfig(strengths=(0.1,), num_replicates=20)


@pytest.fixture(scope="module")
def heads() -> Heads:
    return fit_heads(cohort(), config=QUICK)


def test_predictions_are_long_form_with_intervals_around_probabilities(heads: Heads) -> None:
    asked = vectors(30, seed=5)
    table = heads.predict(readout(asked), circumstances(["BRCA"] * 30))
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
    table = heads.predict(readout(vectors(2, seed=5)), circumstances(["Breast Cancer", "LUAD"]))
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
    table = heads.predict(readout(surely), circumstances([None, None])).to_pylist()
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
        reads="frozen",
        weights=weights,
        replicates=replicates.astype(np.float16),
    )
    asked = np.array([[1, 0], [0.05, 1], [1, 0]], dtype=np.float32)
    table = Heads(heads=(head,)).predict(
        readout(asked), circumstances([None] * 3, strange=[False, False, True])
    )
    flags = dict(zip(table["row"].to_pylist(), table["flag"].to_pylist(), strict=True))
    assert flags == {0: "ok", 1: "uncertain", 2: "out_of_distribution"}


def test_batch_equals_single(heads: Heads) -> None:
    asked = vectors(BLOCK_TUMORS + 5, seed=6)
    types = [None, "BRCA", "LUAD"] * 684 + [None]
    together = heads.predict(readout(asked), circumstances(types))
    for i in (0, 7, BLOCK_TUMORS + 4):
        alone = heads.predict(
            readout(asked[i : i + 1]), circumstances(types[i : i + 1])
        ).to_pandas()
        same = together.filter(np.asarray(together["row"]) == i).to_pandas()
        assert alone["class"].tolist() == same["class"].tolist()
        assert alone["flag"].tolist() == same["flag"].tolist()
        for column in ("probability", "lower", "upper"):
            np.testing.assert_allclose(alone[column], same[column], atol=1e-6)


def test_nobody_gives_an_empty_table(heads: Heads) -> None:
    table = heads.predict(readout(vectors(0)), circumstances([]))
    assert table.num_rows == 0
    assert table.schema.equals(PREDICTIONS)


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_saved_heads_predict_the_same(heads: Heads, tmp_path: Path) -> None:
    heads.save(tmp_path)
    again = Heads.parse(files(tmp_path))
    assert again is not None
    for saved, loaded in zip(heads.heads, again.heads, strict=True):
        np.testing.assert_array_equal(saved.weights, loaded.weights)
        np.testing.assert_array_equal(saved.replicates, loaded.replicates)
    asked, known = readout(vectors(20, seed=7)), circumstances([None] * 20)
    assert heads.predict(asked, known).equals(again.predict(asked, known))
    assert again.card == json.loads(json.dumps(heads.card))
    assert (tmp_path / HEADS).stat().st_size < 4e6


def test_a_model_without_heads_has_none() -> None:
    assert Heads.parse({}) is None


def test_heads_that_lack_what_their_card_names_are_refused(heads: Heads, tmp_path: Path) -> None:
    heads.save(tmp_path)
    card = json.loads((tmp_path / HEADS_CARD).read_text())
    card["tasks"]["hpv"] = {"classes": ["positive", "negative"], "reads": "frozen"}
    contents = files(tmp_path) | {HEADS_CARD: json.dumps(card).encode()}
    with pytest.raises(WeightsError, match=r"cannot be read \(KeyError\)"):
        Heads.parse(contents)


def test_a_readout_of_another_width_is_refused(heads: Heads) -> None:
    narrow = readout(np.ones((1, 5), dtype=np.float32))
    with pytest.raises(WeightsError, match=r"shape \(1, 5\), expected \(N, 8\)"):
        heads.predict(narrow, circumstances([None]))


def test_a_small_panel_is_flagged_before_anything_else(heads: Heads) -> None:
    known = circumstances(["BRCA"], strange=[True], num_genes=FEWEST_GENES - 1)
    table = heads.predict(readout(vectors(1, seed=5)), known)
    assert set(table["flag"].to_pylist()) == {"panel_too_small"}
