from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from cache.schema import PREDICTIONS
from dashboard import explanation_resources, patient_board, patient_typed, resources
from dashboard.patient_board import BoardSubject
from dashboard.patient_report import make_report
from dashboard.patient_typed import PLACED
from dashboard.patient_what_if import Where, move_scene
from dashboard.resources import Published
from dashboard.what_if import Changed
from tests.app.pages import Open, texts
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort, with_survival
from tests.app.test_patient import FakePlacer
from tests.dashboard.explained import an_explanation
from tests.dashboard.pdf_text import num_pages, read_text

SAMPLE = "SYNT-00007"


@pytest.fixture(scope="module")
def followed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of 900 tumors whose follow-up is known."""
    home = tmp_path_factory.mktemp("followed")
    cohort = with_survival(draw_cohort("synthetic_demo", 900))
    store = build_home(home, [cohort])
    told = [("msi", "high", 0.9, "ok"), ("msi", "stable", 0.1, "ok")]
    rows = [
        {"study_id": "synthetic_demo", "sample_id": SAMPLE, "task": task, "class": name}
        | {"probability": p, "lower": p, "upper": p, "flag": flag}
        for task, name, p, flag in told
    ]
    with store.write() as writer:
        writer.add_predictions(MODEL_DIGEST, pa.Table.from_pylist(rows, schema=PREDICTIONS))
    return home


def a_subject(home: Path, pseudonym: str | None = None) -> BoardSubject:
    info = resources.service().store.snapshot()
    assert info is not None
    key = Published(home, info.number)
    data = resources.load_map(key, None)
    assert data is not None
    row = data.row_of("synthetic_demo", SAMPLE)
    assert row is not None
    case = resources.load_case(key, data, data.layout_id, row)
    return BoardSubject(key=key, data=data, case=case, row=row, pseudonym=pseudonym)


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take explanations and heads as if they were stored and shipped."""
    monkeypatch.setattr(
        explanation_resources, "load_explanation", lambda *given: an_explanation(given[2])
    )


def test_the_neighborhood_is_compared_with_its_type(followed_home: Path, open_page: Open) -> None:
    app = open_page(followed_home, "patient", sample=f"synthetic_demo/{SAMPLE}")
    assert not app.exception
    written = texts(app).replace("\\", "")
    assert "Overall survival of its neighborhood against the rest of" in written
    assert "most like it**" in written
    assert "Log-rank test: p " in written
    assert "they do not forecast this patient" in written
    table = app.dataframe[0].value
    assert table["Survival"].str.contains("month").all()
    assert "Treatment, Response: not known of any of them" in written


def test_without_outcomes_there_are_no_curves(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", sample=f"synthetic_demo/{SAMPLE}")
    assert "Survival of its neighborhood is not shown" in texts(app)


@pytest.mark.usefixtures("explained")
def test_a_report_is_made_in_each_form(
    followed_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUMORXY_HOME", str(followed_home))
    subject = a_subject(followed_home)
    pdf = make_report(subject, "pdf")
    assert num_pages(pdf) == 1
    assert "STK11 truncating+1.50" in read_text(pdf)
    assert "Log-rank test" in read_text(pdf)
    document = json.loads(make_report(subject, "json"))
    assert document["tumor"]["name"] == SAMPLE
    assert document["survival"]["curves"][0]["num_tumors"] >= 20
    assert SAMPLE.encode() in make_report(subject, "html")
    assert json.loads(make_report(subject, "phenopacket"))["subject"]["id"] == SAMPLE


@pytest.mark.usefixtures("explained")
@pytest.mark.parametrize("form", ["pdf", "html", "json", "phenopacket"])
def test_a_report_under_a_pseudonym_names_nobody(
    followed_home: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("TUMORXY_HOME", str(followed_home))
    subject = a_subject(followed_home, "Case A")
    content = make_report(subject, form)
    written = read_text(content) if form == "pdf" else content.decode()
    assert "Case A" in written
    for name in (*subject.data.samples["sample_id"], *subject.data.studies, "Synthetic Demo"):
        assert name not in written
        assert name.encode() not in content


def show_masked() -> None:
    """A page that shows a tumor under a pseudonym."""
    from dashboard.patient_board import show_board
    from dashboard.settings import Settings
    from tests.app.test_patient_board import a_subject

    show_board(a_subject(Settings.from_environment().home, "Case A"))


def test_under_a_pseudonym_the_page_names_nobody(
    followed_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUMORXY_HOME", str(followed_home))
    app = AppTest.from_function(show_masked, default_timeout=30).run()
    assert not app.exception
    shown = [texts(app), *(table.value.to_csv() for table in app.dataframe)]
    shown += [str(element.proto) for element in app.main if hasattr(element, "proto")]
    written = "\n".join(shown)
    assert "Case A" in written
    subject = a_subject(followed_home)
    for name in (*subject.data.samples["sample_id"], *subject.data.studies, "Synthetic Demo"):
        assert name not in written, name


@pytest.mark.parametrize("pseudonym", [None, "Case A"])
def test_the_map_of_what_if_tells_ids_only_where_the_page_does(
    followed_home: Path, monkeypatch: pytest.MonkeyPatch, pseudonym: str | None
) -> None:
    monkeypatch.setenv("TUMORXY_HOME", str(followed_home))
    explained = a_subject(followed_home, pseudonym).explained
    where = Where(key=explained.key, data=explained.data, named=explained.named)
    told = Changed(
        before=(0.0, 0.0),
        after=(1.0, 0.0),
        moved=1.0,
        cosine=0.9,
        predictions=pd.DataFrame(),
        is_strange=False,
    )
    scene = move_scene(where, told)
    assert scene.named is (pseudonym is None)
    assert bool(scene.to_json(str)["hover"]) is (pseudonym is None)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Place what is typed without weights."""
    monkeypatch.setattr(resources, "load_placer", lambda _key: FakePlacer(score=0.4))
    monkeypatch.setattr(patient_board, "show_explanations", lambda _subject: None)


def add(app: AppTest, gene: str, kind: str = "missense", change: str = "") -> AppTest:
    app.selectbox(key="typed_gene").set_value(gene)
    app.selectbox(key="typed_kind").set_value(kind)
    app.text_input(key="typed_change").set_value(change)
    return app.button(key="typed_add").click().run()


@pytest.mark.usefixtures("typed")
def test_typed_alterations_are_placed_and_not_stored(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", source="Type alterations")
    assert not app.exception
    assert "Type what the report of the laboratory lists" in texts(app)
    assert app.button(key="typed_place").disabled
    app = add(app, "HER2, now ERBB2", "amplification")
    app = add(app, "KRAS", change="p.G12C")
    app.selectbox(key="typed_cancer_type").set_value("Melanoma")
    app.number_input(key="typed_age").set_value(61)
    app.button(key="typed_place").click().run()
    assert not app.exception
    written = texts(app).replace("\\", "")
    assert "typed-tumor" in written
    assert "uploaded, not stored" in written
    assert "Mutations: typed genes, 2 genes" in written
    assert "Fusions: **not tested**" in written
    table = next(frame.value for frame in app.dataframe if "Kind" in frame.value)
    assert set(table["Gene"]) == {"ERBB2", "KRAS"}
    assert not [button for button in app.button if button.key == "patient_store"]


@pytest.mark.usefixtures("typed")
def test_typed_rows_follow_the_rules_of_files(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", source="Type alterations")
    names = [("HER2", "amplification", ""), ("NOTAGENE", "missense", "")]
    rows = [patient_typed.TypedRow(gene=g, kind=k, protein_change=c) for g, k, c in names]
    app.session_state[patient_typed.ROWS] = patient_typed._table(rows)
    app.run()
    app.button(key="typed_place").click().run()
    written = texts(app).replace("\\", "")
    assert "Row 2 “NOTAGENE”: The gene symbol is in no table" in written
    assert "Row 1 “HER2”: A former symbol" in written


@pytest.mark.usefixtures("typed")
def test_a_refused_tumor_leaves_nobody_in_its_place(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", source="Type alterations")
    app = add(app, "KRAS")
    app.button(key="typed_place").click().run()
    assert PLACED in app.session_state
    app.text_input(key="typed_name").set_value("../etc")
    app.button(key="typed_place").click().run()
    assert PLACED not in app.session_state
    assert "cannot be used" in app.error[0].value.replace("\\", "")
    app.text_input(key="typed_name").set_value("again")
    app.button(key="typed_place").click().run()
    assert not app.error


@pytest.mark.usefixtures("typed")
def test_changed_rows_are_said_to_be_stale(full_home: Path, open_page: Open) -> None:
    app = add(open_page(full_home, "patient", source="Type alterations"), "KRAS")
    app.button(key="typed_place").click().run()
    assert "The rows were changed since" not in texts(app)
    app = add(app, "TP53")
    assert "The rows were changed since" in texts(app)


@pytest.mark.usefixtures("typed")
def test_what_was_typed_is_forgotten_when_asked(full_home: Path, open_page: Open) -> None:
    app = add(open_page(full_home, "patient", source="Type alterations"), "KRAS")
    app.button(key="typed_place").click().run()
    app.button(key="patient_forget").click().run()
    assert PLACED not in app.session_state
    assert "Type what the report of the laboratory lists" in texts(app)


def test_edits_in_the_table_are_kept_when_a_row_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [patient_typed.TypedRow(gene="KRAS", kind="missense")] * 2
    state = {
        patient_typed.ROWS: patient_typed._table(list(rows)),
        "typed_editor_0": {
            "edited_rows": {0: {"Protein change": "p.G12D"}},
            "deleted_rows": [1],
            "added_rows": [{"Gene": "TP53", "Kind": "truncating"}],
        },
    }
    monkeypatch.setattr(patient_typed.st, "session_state", state)
    told = patient_typed._edited_rows()
    assert [(row.gene, row.protein_change) for row in told] == [("KRAS", "p.G12D"), ("TP53", "")]


def test_an_uploaded_tumor_is_compared_by_its_own_vector(
    followed_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUMORXY_HOME", str(followed_home))
    stored = a_subject(followed_home)
    space = resources.load_space(stored.key, stored.data, stored.data.layout_id)
    assert stored.row is not None
    uploaded = BoardSubject(
        key=stored.key, data=stored.data, case=stored.case, vector=space.vectors[stored.row]
    )
    first, second = stored.survival, uploaded.survival
    assert first is not None
    assert second is not None
    assert np.intersect1d(first.near.months, second.near.months).size >= first.near.n - 1
