from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import WeightsError
from engine.finetune import CARD, HEAD, TAKEN, OwnHead
from engine.heads import NO_CLASS, NOT_APPLICABLE, OUT_OF_DISTRIBUTION, PANEL_TOO_SMALL, PREDICTIONS
from engine.own_heads import load_heads
from engine.training.few_labels import FewLabelConfig, fit_few
from tests.engine.few import CLASSES, blocks, labels
from tests.engine.labeled import circumstances

ASKED = blocks(np.arange(4) % 2, seed=1)


@pytest.fixture(scope="module")
def head() -> OwnHead:
    fitted = fit_few(labels(40), CLASSES, config=FewLabelConfig(num_replicates=6))
    types = frozenset({"melanoma", "skin cancer, non-melanoma"})
    return replace(fitted, task="chemo", types=types, card={"model_digest": "ab"})


def test_it_comes_back_from_its_folder(head: OwnHead, tmp_path: Path) -> None:
    digest = head.save(tmp_path / "chemo")
    again = OwnHead.load(tmp_path / "chemo")
    assert len(digest) == 64
    assert (again.task, again.classes, again.types) == ("chemo", CLASSES, head.types)
    assert np.array_equal(again.probabilities(ASKED), head.probabilities(ASKED))
    assert {path.name for path in (tmp_path / "chemo").iterdir()} == {HEAD, CARD}
    head.save(tmp_path / "chemo")
    assert [path.name for path in tmp_path.iterdir()] == ["chemo"]


def test_changed_weights_are_refused(head: OwnHead, tmp_path: Path) -> None:
    head.save(tmp_path / "chemo")
    file = tmp_path / "chemo" / HEAD
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="differ from the digest on its card"):
        OwnHead.load(tmp_path / "chemo")
    file.unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        OwnHead.load(tmp_path / "chemo")


def test_heads_of_another_model_are_left_out(head: OwnHead, tmp_path: Path) -> None:
    head.save(tmp_path / "chemo")
    assert [found.task for found in load_heads(tmp_path, "ab")] == ["chemo"]
    assert load_heads(tmp_path, "cd") == ()
    assert len(load_heads(tmp_path)) == 1
    assert load_heads(tmp_path / "nowhere") == ()


def test_every_flag_has_its_reason(head: OwnHead) -> None:
    known = circumstances(["Melanoma", "Breast Cancer", None, "Melanoma"], strange=[0, 0, 1, 0])
    known.num_genes[3] = 10
    told = head.predict(ASKED, known)
    assert told.schema.equals(PREDICTIONS)
    flags = dict(zip(told["row"].to_pylist(), told["flag"].to_pylist(), strict=True))
    assert flags[1] == NOT_APPLICABLE
    assert flags[2] == OUT_OF_DISTRIBUTION
    assert flags[3] == PANEL_TOO_SMALL
    rows = [row for row in told.to_pylist() if row["row"] == 1]
    assert [row["class"] for row in rows] == [NO_CLASS]
    sums = told.group_by("row").aggregate([("probability", "sum")]).to_pylist()
    assert [row["probability_sum"] for row in sums if row["row"] != 1] == pytest.approx([1, 1, 1])


def test_a_head_without_types_concerns_everybody(head: OwnHead) -> None:
    told = replace(head, types=frozenset()).predict(ASKED, circumstances(["Anything"] * 4))
    assert NOT_APPLICABLE not in told["flag"].to_pylist()


def test_one_sure_expert_does_not_decide_alone(head: OwnHead) -> None:
    extreme = {name: block.copy() for name, block in ASKED.items()}
    extreme["mutated"][:] = 1
    extreme["mutated"][:, 0] = 1000
    told = head.probabilities(extreme)
    assert np.isfinite(told).all()
    assert told.max() < 0.9999


def test_names_of_shipped_tasks_are_taken() -> None:
    assert {"cancer_type", "msi", "os_risk", "icb_response"} <= TAKEN


def test_the_card_is_json(head: OwnHead, tmp_path: Path) -> None:
    head.save(tmp_path / "chemo")
    card = json.loads((tmp_path / "chemo" / CARD).read_text())
    assert card["classes"] == list(CLASSES)
    assert len(card["sha256"]) == 64
