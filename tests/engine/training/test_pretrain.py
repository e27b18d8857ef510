from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import EncoderConfig, PretrainConfig
from engine.embed import Encoder
from engine.errors import TrainingError
from engine.tokens import Tables
from engine.training import pretrain as module
from engine.training.pretrain import pretrain
from tests.engine.cohorts import alteration, tables

TINY = PretrainConfig(
    encoder=EncoderConfig(width=16, num_layers=1, num_heads=2, hidden=16),
    epochs=2,
    batch_tumors=64,
)


def paired_cohort(num: int = 400) -> Tables:
    """KRAS comes with STK11 and TP53 with RB1, so a hidden partner can be guessed."""
    generator = np.random.default_rng(0)
    samples = [f"T{i:04d}" for i in range(num)]
    rows = []
    for sample in samples:
        pair = ("KRAS", "STK11") if generator.random() < 0.5 else ("TP53", "RB1")
        rows += [alteration(sample, gene) for gene in pair]
    return tables(samples, rows)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    pretrain({"pairs": paired_cohort()}, TINY, directory)
    return directory


def test_a_run_leaves_weights_that_load_and_a_card_that_says_what_was_seen(trained: Path) -> None:
    encoder = Encoder.load(trained)
    assert encoder.width == 16
    counts = encoder.card["studies"]["pairs"]
    assert sum(counts.values()) == 400
    assert [point["epoch"] for point in encoder.card["curve"]] == [1, 2]
    assert {row["target"] for row in encoder.card["reconstruction"]["validation"]} == {
        "mutation",
        "all",
    }
    assert not (trained / "checkpoint.safetensors").exists()


def test_a_resumed_run_equals_an_unbroken_one(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = module.Pretraining.save_checkpoint

    def interrupt(self: Any, directory: Path) -> None:
        original(self, directory)
        if self.state.epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(module.Pretraining, "save_checkpoint", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pretrain({"pairs": paired_cohort()}, TINY, tmp_path)
    monkeypatch.undo()
    pretrain({"pairs": paired_cohort()}, TINY, tmp_path, resume=True)
    assert Encoder.load(tmp_path).digest == Encoder.load(trained).digest


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    state = {"config": {}, "data": "", "state": {}}
    (tmp_path / "run.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(TrainingError, match="other settings or other data"):
        pretrain({"pairs": paired_cohort()}, TINY, tmp_path, resume=True)


def test_too_few_tumors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Found 20 profiled tumors, training needs at least"):
        pretrain({"pairs": paired_cohort(20)}, TINY, tmp_path)


@pytest.mark.slow
def test_training_learns_that_partners_come_together(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = PretrainConfig(
        encoder=TINY.encoder, epochs=30, batch_tumors=64, learning_rate=1e-2, panel_view_share=0.0
    )
    card = pretrain({"pairs": paired_cohort()}, config, tmp_path).card
    mutation = card["reconstruction"]["validation"][0]
    assert mutation["encoder"]["auroc"] > mutation["type_frequency"]["auroc"] + 0.1
