from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adapter import num_features
from engine.alignment import ALIGNMENT, Alignment
from engine.config import EncoderConfig
from engine.embed import Encoder
from engine.errors import WeightsError
from engine.model import TumorEncoder
from engine.tokens import TumorTokens, tokenize
from engine.weights import load_model, save_model, seal
from tests.engine.cohorts import random_tables, vocabulary

SMALL = EncoderConfig(width=16, num_layers=1, num_heads=2, hidden=16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a model folder with a random alignment."""
    torch.manual_seed(0)
    words = vocabulary()
    model = TumorEncoder(SMALL, words)
    save_model(tmp_path, model, words, {"name": "random"})
    width = num_features(model)
    Alignment(torch.randn(width), torch.randn(width, SMALL.width)).save(tmp_path)
    seal(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def tokens() -> TumorTokens:
    return tokenize(random_tables(30), vocabulary())


def test_the_embedding_is_the_aligned_features(folder: Path, tokens: TumorTokens) -> None:
    encoder = Encoder.load(folder)
    told = encoder.read(tokens)
    plain = Encoder(load_model(folder)).read(tokens)
    assert np.array_equal(told.frozen, plain.frozen)
    assert np.array_equal(encoder.embed(tokens), told.embeddings)
    assert np.linalg.norm(told.embeddings, axis=1) == pytest.approx(np.ones(30), abs=1e-5)
    assert abs(told.embeddings - plain.embeddings).max() > 0.1


def test_an_alignment_is_part_of_the_model(folder: Path) -> None:
    before = load_model(folder).digest
    (folder / ALIGNMENT).unlink()
    seal(folder)
    assert load_model(folder).digest != before


def test_an_alignment_of_another_encoder_is_refused(folder: Path) -> None:
    Alignment(torch.zeros(7), torch.zeros(7, SMALL.width)).save(folder)
    seal(folder)
    with pytest.raises(WeightsError, match=r"made for \(7, 16\), the encoder gives .* Reinstall"):
        Encoder.load(folder)


def test_a_file_that_is_no_alignment_is_refused(folder: Path) -> None:
    (folder / ALIGNMENT).write_bytes((folder / "encoder.safetensors").read_bytes())
    seal(folder)
    with pytest.raises(WeightsError, match=r"cannot be read \(KeyError\)"):
        Encoder.load(folder)
