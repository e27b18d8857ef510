from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cluster_section, found_clusters, resources
from dashboard.found_clusters import FoundCluster, FoundClusters
from dashboard.jobs import Job, JobState
from dashboard.regions import Against, Fixed
from tests.app.pages import Open, select, texts, tumors


def test_a_selection_is_compared_with_the_others(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    select(app, tumors("synthetic_demo", range(40)))
    assert not app.exception
    assert not app.error
    assert "What is distinctive here" in texts(app)
    assert "40 tumors" in texts(app)
    assert "50 tumors to compare with, one per patient" in texts(app)
    app.selectbox(key="region_fixed").set_value(Fixed.PANEL).run()
    genes = next(f.value for f in app.dataframe if "Kind" in f.value)
    assert {"Alteration", "In", "Out", "n in", "Odds ratio", "q"} <= set(genes.columns)
    assert genes["n in"].max() <= 40


def test_few_selected_tumors_are_not_compared(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    select(app, tumors("other", range(3)))
    assert not app.exception
    assert "Select at least 5 tumors" in texts(app)


def test_two_selections_are_compared(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    select(app, tumors("other", range(20)))
    app.button(key="region_keep").click().run()
    select(app, tumors("synthetic_demo", range(30)))
    app.selectbox(key="region_against").set_value(Against.KEPT).run()
    assert not app.exception
    assert "20 tumors to compare with" in texts(app)


def test_without_anybody_to_compare_with_it_says_so(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home)
    every = [tumors("synthetic_demo", range(60)), tumors("other", range(30))]
    select(app, pa.concat_tables(every))
    assert not app.exception
    assert "There is no tumor to compare with" in texts(app)


def test_clusters_are_looked_for_then_selected(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = _open_clusters(open_page(full_home))
    assert "Nobody has looked for clusters" in texts(app)
    found = FoundClusters(
        labels=np.where(np.arange(90) < 33, 0, -1),
        clusters=(FoundCluster(name="KRAS mutation", sentence="s", num_tumors=33, stability=0.9),),
        share_in_clusters=33 / 90,
    )
    monkeypatch.setattr(found_clusters, "load", lambda *_: found)
    app.run()
    app.selectbox(key="map_cluster").set_value(0).run()
    assert not app.exception
    assert "33 tumors selected" in texts(app)
    assert "37% of the tumors are in one" in texts(app)
    assert cluster_section.label_of(found.clusters[0]).endswith("stability 0.90 (stable)")


def test_a_failed_look_for_clusters_is_told(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = _job(JobState.FAILED, error={"message": "The memory was used up."})
    monkeypatch.setattr(cluster_section, "list_jobs", lambda _: [failed])
    app = _open_clusters(open_page(full_home))
    assert any("memory was used up" in error.value for error in app.error)


def test_a_running_look_can_be_canceled(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    canceled: list[str] = []
    running = _job(JobState.RUNNING, stage="Finding clusters", done=3, total=11)
    monkeypatch.setattr(cluster_section, "list_jobs", lambda _: [] if canceled else [running])
    monkeypatch.setattr(cluster_section, "cancel_job", lambda _, name: canceled.append(name))
    app = _open_clusters(open_page(full_home))
    assert not app.exception
    app.button(key="cluster_cancel").click().run()
    assert canceled == ["a job"]


def _open_clusters(app: AppTest) -> AppTest:
    """Open the section of found clusters, which looks for them only then."""
    app.session_state[cluster_section.OFFER] = True
    return app.run()


def _job(state: JobState, **facts: object) -> Job:
    from datetime import UTC, datetime

    from dashboard.jobs import Step

    return Job(
        job_id="a job",
        title="Find clusters",
        steps=(Step(verb="cluster"),),
        state=state,
        created_at=datetime.now(UTC),
        elapsed_s=4.0,
        **facts,  # type: ignore[arg-type]
    )


def test_clusters_found_by_the_job_belong_to_the_tumors_they_were_found_of(
    full_home: Path, open_page: Open, tmp_path: Path
) -> None:
    open_page(full_home)
    data = resources.load_map(resources.published(), None)
    assert data is not None
    outcome = found_clusters.find(resources.service().store, tmp_path, data.name)
    found = found_clusters.load(tmp_path, data)
    assert found is not None
    assert outcome.num_tumors == len(found.labels) == 90
    assert len(found.clusters) == outcome.num_clusters == found.labels.max() + 1
