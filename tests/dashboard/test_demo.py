from __future__ import annotations

import pytest

from dashboard.service import Service
from engine import synthetic
from tests.dashboard.studies import draw_cohort

NUM_TUMORS = 150


@pytest.fixture
def small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bundled cohort have 150 tumors."""
    draw, digest = synthetic.sample_cohort, synthetic.cohort_digest
    monkeypatch.setattr(synthetic, "sample_cohort", lambda: draw(num_tumors=NUM_TUMORS))
    monkeypatch.setattr(synthetic, "cohort_digest", lambda **_: digest(num_tumors=NUM_TUMORS))


@pytest.mark.usefixtures("small_demo")
def test_the_demo_is_built_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    first = service.demo()
    assert (first.study_id, first.num_tumors, first.was_ready) == ("synthetic_demo", 150, False)
    [study] = service.list_studies().to_pylist()
    assert study["synthetic"] is True
    before = service.store.snapshot()
    monkeypatch.setattr(synthetic, "sample_cohort", None)
    again = Service(service.home).demo()
    assert (again.was_ready, again.layout_id) == (True, first.layout_id)
    assert service.store.snapshot() == before


@pytest.mark.usefixtures("small_demo")
def test_a_map_that_is_there_is_kept(mapped: Service) -> None:
    with mapped.store.read() as reader:
        before = reader.layout()["layout_id"]
    outcome = mapped.demo()
    assert outcome.layout_id == before
    with mapped.store.read() as reader:
        placed = reader.coordinates(before, ["synthetic_demo"])["placed"].to_pylist()
    assert placed == [True] * NUM_TUMORS


@pytest.mark.usefixtures("small_demo")
def test_a_cohort_of_another_release_is_replaced(service: Service) -> None:
    service.import_cohort(draw_cohort("synthetic_demo", 20))
    assert service.demo().num_tumors == NUM_TUMORS
