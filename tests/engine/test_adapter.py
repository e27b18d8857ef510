from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adapter import ADAPTER, ADAPTER_CARD, AdaptedEncoder, AdapterConfig, num_features
from engine.batching import make_batch
from engine.config import EncoderConfig
from engine.embed import Encoder
from engine.errors import WeightsError
from engine.model import TumorEncoder
from engine.tokens import TumorTokens, tokenize
from engine.weights import load_model, save_model, seal
from tests.engine.cohorts import random_tables, vocabulary

SMALL = EncoderConfig(width=16, num_layers=2, num_heads=2, hidden=24)
CONFIG = AdapterConfig(rank=2, width=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model folder with a random adapter."""
    directory = tmp_path_factory.mktemp("adapted")
    torch.manual_seed(0)
    words = vocabulary()
    model = TumorEncoder(SMALL, words)
    save_model(directory, model, words, {"name": "random"})
    adapted = AdaptedEncoder(model, num_features(model), CONFIG)
    with torch.no_grad():
        for tensor in adapted.trained().values():
            tensor.add_(torch.randn(tensor.shape) * 0.3)
    adapted.save(directory, {"tasks": ["cancer_type"]})
    seal(directory)
    return directory


@pytest.fixture(scope="module")
def tokens() -> TumorTokens:
    return tokenize(random_tables(30), vocabulary())


def test_an_untrained_adapter_leaves_the_features_as_they_are(tokens: TumorTokens) -> None:
    torch.manual_seed(0)
    model = TumorEncoder(SMALL, vocabulary()).eval()
    adapted = AdaptedEncoder(model, num_features(model), CONFIG).eval()
    batch = make_batch(tokens, np.arange(30))
    with torch.inference_mode():
        plain, bent = model.read(batch), adapted.encoder.read(batch)
    assert torch.equal(plain.features, bent.features)
    assert plain.features.shape == (30, num_features(model))


def test_only_adapters_and_reader_are_trained() -> None:
    model = TumorEncoder(SMALL, vocabulary())
    adapted = AdaptedEncoder(model, num_features(model), CONFIG)
    wanted = {name for name, value in adapted.named_parameters() if value.requires_grad}
    assert set(adapted.trained()) == wanted
    assert len(wanted) == 2 * 4 * SMALL.num_layers + 2
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_the_embedding_is_made_without_the_adapter(folder: Path, tokens: TumorTokens) -> None:
    plain, adapted = Encoder(load_model(folder)), Encoder.load(folder)
    told = adapted.read(tokens)
    assert np.array_equal(plain.embed(tokens), told.embeddings)
    assert np.array_equal(plain.read(tokens).frozen, told.frozen)
    assert plain.read(tokens).adapted.shape == (30, 0)
    assert told.adapted.shape == (30, CONFIG.width)
    assert len(np.unique(told.adapted.round(4), axis=0)) > 20


def test_what_heads_read_does_not_depend_on_the_batch(folder: Path, tokens: TumorTokens) -> None:
    encoder = Encoder.load(folder)
    together = encoder.read(tokens)
    for i in (0, 7, 29):
        alone = encoder.read(tokens.take(np.array([i])))
        assert np.abs(alone.adapted - together.adapted[i]).max() <= 1e-5
        assert np.abs(alone.frozen - together.frozen[i]).max() <= 1e-5


def test_the_adapter_enters_the_model_digest(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    card = json.loads((tmp_path / ADAPTER_CARD).read_text())
    (tmp_path / ADAPTER_CARD).write_text(json.dumps(card | {"tasks": []}))
    with pytest.raises(WeightsError, match=r"adapter.json has the digest .* damaged"):
        Encoder.load(tmp_path)
    assert seal(tmp_path) != Encoder.load(folder).digest


def test_an_adapter_of_another_shape_is_refused(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    card = json.loads((tmp_path / ADAPTER_CARD).read_text())
    card["shape"]["rank"] = 3
    (tmp_path / ADAPTER_CARD).write_text(json.dumps(card))
    seal(tmp_path)
    with pytest.raises(WeightsError, match=r"does not fit the encoder \(RuntimeError\)"):
        Encoder.load(tmp_path)


def test_a_missing_part_is_refused(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        if path.name != ADAPTER:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(WeightsError, match="cannot be read"):
        Encoder.load(tmp_path)
