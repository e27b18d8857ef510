from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pyarrow as pa
import pytest

from engine import own_heads
from engine.embed import Encoder
from engine.errors import WeightsError
from engine.evaluation.cohort import EvaluationCohort
from engine.few_features import read_blocks
from engine.finetune import OwnHead
from engine.heads import OK, OUT_OF_DISTRIBUTION, PREDICTIONS
from engine.own_heads import OwnHeads, circumstances, directions_of
from engine.training.few_labels import FewLabelConfig, FewLabels, fit_few
from tests.engine.evaluation.small import small_cohort, small_model

QUICK = FewLabelConfig(num_replicates=4)


@pytest.fixture(scope="module")
def cohort() -> EvaluationCohort:
    return small_cohort()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory, cohort: EvaluationCohort) -> Encoder:
    return small_model(tmp_path_factory.mktemp("model"), cohort)[0]


@pytest.fixture(scope="module")
def head(encoder: Encoder, cohort: EvaluationCohort) -> OwnHead:
    """Return a head that tells melanoma from the other types, from 60 labels."""
    tokens = cohort.tokens.take(np.arange(60))
    data = FewLabels(
        blocks=read_blocks(tokens, encoder.read(tokens), directions_of(encoder)),
        truth=np.array([int(name == "SKCM") for name in cohort.cancer_types[:60]]),
        patients=np.array(cohort.patient_ids[:60]),
    )
    fitted = fit_few(data, ("other", "skin"), config=QUICK)
    return replace(fitted, task="skin", card={"model_digest": encoder.digest})


def answers(encoder: Encoder, heads: OwnHeads, cohort: EvaluationCohort) -> pa.Table:
    tokens = cohort.tokens.take(np.arange(60, 120))
    known = circumstances(tokens, [None] * len(tokens), PREDICTIONS.empty_table())
    return heads.predict(tokens, encoder.read(tokens), known)


def test_a_head_knows_tumors_that_it_was_not_trained_on(
    encoder: Encoder, head: OwnHead, cohort: EvaluationCohort, tmp_path: Path
) -> None:
    head.save(tmp_path / "skin")
    told = answers(encoder, OwnHeads.load(tmp_path, encoder), cohort)
    assert told.schema.equals(PREDICTIONS)
    assert told["row"].to_pylist() == [i for i in range(60) for _ in range(2)]
    skin = told.filter(pa.compute.equal(told["class"], "skin"))
    right = (skin["probability"].to_numpy() > 0.5) == (
        np.array(cohort.cancer_types[60:120]) == "SKCM"
    )
    assert right.mean() > 0.85


def test_blocks_of_tumors_are_put_together(
    encoder: Encoder, head: OwnHead, cohort: EvaluationCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = OwnHeads(heads=(head, replace(head, task="again")), directions=directions_of(encoder))
    whole = answers(encoder, heads, cohort)
    monkeypatch.setattr(own_heads, "BLOCK_TUMORS", 7)
    parts = answers(encoder, heads, cohort)
    order = [("row", "ascending"), ("task", "ascending"), ("class", "ascending")]
    whole, parts = whole.sort_by(order), parts.sort_by(order)
    assert parts.drop(["probability", "lower", "upper"]).equals(
        whole.drop(["probability", "lower", "upper"])
    )
    np.testing.assert_allclose(parts["probability"], whole["probability"], atol=1e-5)


def test_heads_of_another_model_do_not_predict(
    encoder: Encoder, head: OwnHead, cohort: EvaluationCohort, tmp_path: Path
) -> None:
    replace(head, card={"model_digest": "another"}).save(tmp_path / "skin")
    heads = OwnHeads.load(tmp_path, encoder)
    assert heads.heads == ()
    assert answers(encoder, heads, cohort).num_rows == 0


def test_the_flag_of_the_shipped_heads_counts(encoder: Encoder, cohort: EvaluationCohort) -> None:
    tokens = cohort.tokens.take(np.arange(3))
    flags = [(0, OK), (1, OUT_OF_DISTRIBUTION), (1, OK), (2, OK)]
    empty = dict.fromkeys(PREDICTIONS.names)
    told = [empty | {"row": row, "flag": flag} for row, flag in flags]
    known = circumstances(tokens, ["SKCM"] * 3, pa.Table.from_pylist(told, schema=PREDICTIONS))
    assert known.out_of_distribution.tolist() == [False, True, False]
    assert known.num_genes.tolist() == tokens.num_genes.tolist()


def test_a_model_without_directions_is_refused(encoder: Encoder) -> None:
    others = {name: part for name, part in encoder.contents.items() if "directions" not in name}
    assert set(directions_of(encoder).blocks) == {"cancer_type", "embedding"}
    with pytest.raises(WeightsError, match="no directions for few labels"):
        directions_of(cast(Encoder, SimpleNamespace(contents=others)))
