from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adapter import ADAPTER, AdapterConfig
from engine.config import EncoderConfig
from engine.embed import Encoder
from engine.errors import TrainingError
from engine.heads import Heads
from engine.model import TumorEncoder
from engine.tokens import tokenize
from engine.training import fit_model as module
from engine.training.adapt import AdaptConfig, train_adapter
from engine.training.fit_model import LabeledCohort, fit_model
from engine.training.head_metrics import auroc
from engine.training.logistic import HeadsConfig
from engine.training.views import gene_facts
from engine.weights import load_model, save_model
from tests.engine.cohorts import alteration, tables, vocabulary

TINY = EncoderConfig(width=16, num_layers=1, num_heads=2, hidden=16)
QUICK = AdaptConfig(
    adapter=AdapterConfig(rank=4, width=8), epochs=4, batch_tumors=32, learning_rate=1e-2
)
HEADS = HeadsConfig(strengths=(0.1,), num_replicates=4)


def labeled(num: int = 600) -> LabeledCohort:
    """KRAS without TP53, or TP53 without KRAS: neither gene alone tells HPV here, the pair does."""
    generator = np.random.default_rng(0)
    samples = [f"T{i:04d}" for i in range(num)]
    rows, labels = [], []
    for sample in samples:
        first, second = generator.random(2) < 0.5
        rows += [alteration(sample, "KRAS")] * bool(first)
        rows += [alteration(sample, "TP53")] * bool(second)
        labels.append("positive" if first != second else "negative")
    study = tables(samples, rows)
    return LabeledCohort(
        tokens=tokenize(study, vocabulary()),
        patient_ids=samples,
        cohorts=["one"] * num,
        labels={"hpv": labels},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    words = vocabulary()
    save_model(tmp_path, TumorEncoder(TINY, words), words, {"name": "random"})
    return tmp_path


def test_few_labels_are_read_off_the_frozen_encoder(folder: Path) -> None:
    before = load_model(folder).digest
    assert fit_model(folder, labeled(), heads=HEADS) == ("hpv",)
    encoder = Encoder.load(folder)
    heads = Heads.parse(encoder.contents)
    assert heads is not None
    assert [head.reads for head in heads.heads] == ["frozen"]
    assert ADAPTER not in encoder.contents
    assert encoder.digest != before


@pytest.mark.slow
def test_an_adapter_learns_what_a_pair_means(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEWEST_FOR_ADAPTER", 100)
    cohort = labeled()
    config = AdaptConfig(
        adapter=QUICK.adapter,
        epochs=25,
        batch_tumors=32,
        learning_rate=2e-2,
        panel_share=0.0,
        hidden_share=0.0,
        modality_share=0.0,
    )
    fit_model(folder, cohort, adapt=config, heads=HEADS)
    encoder = Encoder.load(folder)
    heads = Heads.parse(encoder.contents)
    assert heads is not None
    [head] = heads.heads
    assert head.reads == "adapted"
    truth = np.array([head.classes.index(str(label)) for label in cohort.labels["hpv"]])
    told = head.probabilities(encoder.read(cohort.tokens).adapted)
    held_out = module.part_of(cohort.patient_ids) == "test"
    assert auroc(told[held_out], truth[held_out]) > 0.9
    curve = json.loads(encoder.contents["adapter.json"])["curve"]
    assert curve[-1] < curve[0]


def test_the_frozen_encoder_is_untouched_by_adapting(folder: Path) -> None:
    loaded, cohort = load_model(folder), labeled(200)
    before = {name: value.clone() for name, value in loaded.model.state_dict().items()}
    facts = gene_facts(loaded.vocabulary)
    train_adapter(loaded.model, cohort.tokens, cohort.labels, facts, config=QUICK)
    after = loaded.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_too_few_labels_for_an_adapter_are_refused(folder: Path) -> None:
    loaded, cohort = load_model(folder), labeled(20)
    with pytest.raises(TrainingError, match="Found 20 labeled training tumors"):
        train_adapter(
            loaded.model,
            cohort.tokens,
            cohort.labels,
            gene_facts(loaded.vocabulary),
            config=QUICK,
        )
