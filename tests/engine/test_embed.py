from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.config import EncoderConfig
from engine.devices import LEAST_BUDGET
from engine.embed import Encoder
from engine.errors import TrainingError, WeightsError
from engine.model import TumorEncoder
from engine.places import DeviceConfig
from engine.tokens import TumorTokens
from engine.weights import load_model, save_model
from tests.engine.cohorts import alteration, random_tables, tables, vocabulary
from tests.engine.test_devices import FakeDevice

SMALL = EncoderConfig(width=32, num_layers=2, num_heads=2, hidden=48)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    words = vocabulary()
    save_model(directory, TumorEncoder(SMALL, words), words, {"name": "random"})
    return directory


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    return Encoder.load(folder)


@pytest.fixture(scope="module")
def tokens(encoder: Encoder) -> TumorTokens:
    return encoder.tokenize(random_tables(60))


def test_embeddings_have_unit_length_and_differ(encoder: Encoder, tokens: TumorTokens) -> None:
    vectors = encoder.embed(tokens)
    assert vectors.shape == (60, 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert len(np.unique(vectors.round(5), axis=0)) == len(set(tokens.input_digests))


def test_a_tumor_alone_equals_the_tumor_in_a_batch(encoder: Encoder, tokens: TumorTokens) -> None:
    # Matrix products choose their blocking by the number of rows, so the last bits may differ.
    together = encoder.embed(tokens)
    alone = np.concatenate([encoder.embed(tokens.take(np.array([i]))) for i in range(len(tokens))])
    assert np.abs(together - alone).max() <= 1e-6


def test_a_failing_device_changes_no_result(
    folder: Path, encoder: Encoder, tokens: TumorTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = FakeDevice(budget=2 * LEAST_BUDGET, fails_at_start=3)
    monkeypatch.setattr("engine.devices.choose_place", lambda config: device)
    many = tokens.take(np.arange(len(tokens)).repeat(20))
    found = Encoder.load(folder).read(many)
    assert device.num_started == 3
    assert device.num_finished > 0
    assert np.abs(found.embeddings[::20] - encoder.embed(tokens)).max() <= 1e-6


def test_a_place_may_be_stated(folder: Path, encoder: Encoder, tokens: TumorTokens) -> None:
    stated = Encoder(load_model(folder), devices=DeviceConfig(device="cpu", budget=50, ahead=2))
    assert np.abs(stated.embed(tokens) - encoder.embed(tokens)).max() <= 1e-6


def test_the_token_budget_does_not_change_results(encoder: Encoder, tokens: TumorTokens) -> None:
    assert np.abs(encoder.embed(tokens, budget=40) - encoder.embed(tokens)).max() <= 1e-6


def test_a_tumor_without_alterations_has_a_defined_embedding(encoder: Encoder) -> None:
    study = tables(["none", "one"], [alteration("one", "KRAS")])
    vectors = encoder.embed(encoder.tokenize(study))
    assert np.isfinite(vectors).all()
    assert not np.allclose(vectors[0], vectors[1])


def test_the_panel_matters(encoder: Encoder) -> None:
    narrow = tables(["T"], [alteration("T", "KRAS")], panel=["KRAS", "TP53"])
    wide = tables(["T"], [alteration("T", "KRAS")])
    first, second = (encoder.embed(encoder.tokenize(study)) for study in (narrow, wide))
    assert not np.allclose(first, second)


def test_no_tumors(encoder: Encoder) -> None:
    assert encoder.embed(encoder.tokenize(tables([], []))).shape == (0, 32)


def test_progress_reaches_the_total(encoder: Encoder, tokens: TumorTokens) -> None:
    seen: list[tuple[int, int]] = []
    encoder.embed(
        tokens, budget=100, progress=lambda stage, done, total: seen.append((done, total))
    )
    assert seen[-1] == (60, 60)
    assert len(seen) > 1


@pytest.mark.parametrize("name", ["encoder.safetensors", "config.json", "vocabulary.json"])
def test_a_changed_byte_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=f"{name} has the digest .* damaged or was changed"):
        Encoder.load(tmp_path)


def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="Reinstall TumorXY"):
        Encoder.load(tmp_path / "nothing")


def test_the_digest_names_the_weights_and_not_the_card(folder: Path, tmp_path: Path) -> None:
    before = Encoder.load(folder).digest
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "card.json").write_text(json.dumps(card | {"more": 1}), encoding="utf-8")
    assert Encoder.load(tmp_path).digest == before


def test_a_width_that_does_not_split_into_heads_is_refused() -> None:
    with pytest.raises(TrainingError, match="Width 30 does not split into 4 heads"):
        EncoderConfig(width=30)
