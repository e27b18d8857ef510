from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from cache.errors import StudyNotFoundError
from dashboard.embedding import unknown_rows
from dashboard.errors import NothingToDoError, StudyChangedError
from dashboard.rows import find_rows, vectors_of
from dashboard.service import Service
from tests.dashboard.studies import draw_cohort, make_cohort


def _embeddings(service: Service) -> pa.Table:
    with service.store.read() as reader:
        return reader.embeddings(service.encoder.digest)


def test_every_tumor_gets_an_embedding_and_twins_are_computed_once(with_study: Service) -> None:
    outcome = with_study.embed()
    assert (outcome.num_tumors, outcome.num_computed, outcome.num_reused) == (60, 59, 1)
    table = _embeddings(with_study)
    vectors = vectors_of(table)
    assert vectors.shape == (60, 16)
    twins = find_rows(pa.table({"study_id": ["first"] * 2, "sample_id": ["T0058", "T0059"]}), table)
    assert np.array_equal(vectors[twins[0]], vectors[twins[1]])


def test_a_second_run_computes_and_publishes_nothing(with_study: Service) -> None:
    with_study.embed()
    before = with_study.store.snapshot()
    outcome = with_study.embed()
    assert (outcome.num_computed, outcome.num_reused) == (0, 60)
    assert with_study.store.snapshot() == before


def test_ten_more_tumors_cost_ten(with_study: Service) -> None:
    with_study.embed()
    grown = draw_cohort("first", 60)
    more = draw_cohort("first", 10, seed=1, prefix="N")
    with_study.import_cohort(
        make_cohort(
            "first",
            [*grown.samples["sample_id"].to_pylist(), *more.samples["sample_id"].to_pylist()],
            [*grown.samples["cancer_type"].to_pylist(), *more.samples["cancer_type"].to_pylist()],
            [*grown.alterations.to_pylist(), *more.alterations.to_pylist()],
        )
    )
    # Of the ten, one is another's twin and one, without alterations, is a twin of an old one.
    outcome = with_study.embed()
    assert (outcome.num_tumors, outcome.num_computed) == (70, 8)


def test_the_vectors_are_those_of_the_encoder(with_study: Service) -> None:
    with_study.embed()
    cohort = draw_cohort("first", 60)
    encoder = with_study.encoder
    tables = type("Tables", (), {name: getattr(cohort, name) for name in TABLES})()
    tables.genome = cohort.study.genome
    expected = encoder.embed(encoder.tokenize(tables))
    assert np.abs(vectors_of(_embeddings(with_study)) - expected).max() <= 1e-6


TABLES = ("samples", "alterations", "panels")


def test_only_the_named_studies_are_embedded(with_study: Service) -> None:
    with_study.import_cohort(draw_cohort("second", 20, seed=1))
    outcome = with_study.embed(["second"])
    assert outcome.study_ids == ("second",)
    assert set(_embeddings(with_study)["study_id"].to_pylist()) == {"second"}


def test_what_is_published_before_a_stop_is_not_computed_again(
    with_study: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.embedding.PORTION", 1)
    with_study.import_cohort(draw_cohort("second", 20, seed=1, prefix="S"))

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "Embedding second":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_study.embed(progress=stop)
    assert _embeddings(with_study).num_rows == 60
    assert with_study.embed().num_tumors == 80
    assert _embeddings(with_study).num_rows == 80


def test_an_unknown_study_is_refused(with_study: Service) -> None:
    with pytest.raises(StudyNotFoundError, match="holds no study named 'absent'; it holds first"):
        with_study.embed(["first", "absent"])


def test_an_empty_store_has_nothing_to_embed(service: Service) -> None:
    with pytest.raises(NothingToDoError, match=r"none is imported\. Begin with"):
        service.embed()


def test_a_study_imported_again_meanwhile_is_not_given_old_embeddings(
    with_study: Service,
) -> None:
    def import_again(stage: str, done: int, total: int) -> None:
        if stage == "Embedding first" and done == total:
            Service(with_study.home).import_cohort(draw_cohort("first", 30, seed=5))

    with pytest.raises(StudyChangedError, match=r"first changed in the store .* Run it again"):
        with_study.embed(progress=import_again)
    assert _embeddings(with_study).num_rows == 0


def test_progress_names_the_study(with_study: Service) -> None:
    seen: list[tuple[str, int, int]] = []
    with_study.embed(progress=lambda stage, done, total: seen.append((stage, done, total)))
    assert ("Embedding first", 59, 59) in seen
    assert seen[-1] == ("Publishing embeddings", 1, 1)


def test_unknown_rows_are_the_first_of_their_kind() -> None:
    assert unknown_rows(["b", "a", "b", "c"], {"a"}).tolist() == [0, 3]
    assert unknown_rows([], set()).tolist() == []
