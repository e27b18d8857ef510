from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.errors import NothingToDoError, SourceNotFoundError
from dashboard.service import Service
from engine.config import EncoderConfig, PretrainConfig
from engine.heads import Heads
from engine.synthetic import sample_cohort

TINY = PretrainConfig(
    encoder=EncoderConfig(width=16, num_layers=1, num_heads=2, hidden=16), epochs=1
)


@pytest.mark.slow
def test_an_encoder_trained_from_the_store_gets_heads_for_the_labels_at_hand(
    tmp_path: Path,
) -> None:
    service = Service(tmp_path / "home")
    service.import_cohort(sample_cohort(num_tumors=1_500))
    result = service.pretrain(["synthetic_demo"], tmp_path / "model", TINY)
    heads = Heads.load(tmp_path / "model")
    assert heads.card["model_digest"] == result.model_digest
    assert "cancer_type" in {head.task for head in heads.heads}
    assert heads.card["tasks"]["cancer_type"]["test"]


def test_training_without_studies_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match="point to their folders with --data DIR"):
        Service(tmp_path).pretrain(["tcga_pancan"], tmp_path / "model", TINY)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="no study folder 'absent'"):
        Service(tmp_path).pretrain(["absent"], tmp_path / "model", TINY, data=tmp_path)
