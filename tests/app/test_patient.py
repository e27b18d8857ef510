from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cache.store import Store
from dashboard import patient_board, patient_upload, resources
from dashboard.outcomes import Neighbor, PlacedTumor, Prediction
from dashboard.patient_upload import MOST_TUMORS, UPLOADED
from dashboard.resources import Published
from engine.cohort import (
    ALTERATIONS,
    ATTRIBUTES,
    CLINICAL,
    PANELS,
    REPORT_FILES,
    REPORT_FINDINGS,
    SAMPLES,
    Cohort,
    ImportReport,
    Study,
)
from engine.errors import ImportRefusedError
from engine.readers.options import ReadOptions
from tests.app.pages import Open, texts
from tests.app.small_home import MODEL_DIGEST, WIDTH, build_home, draw_cohort, place_study

SAMPLE = "synthetic_demo/SYNT-00007"


def uploaded_cohort() -> Cohort:
    """One tumor without a copy-number test, as a reader returns it."""
    sample = dict.fromkeys(SAMPLES.names) | {"sample_id": "CASE-1", "mutation_panel": "IMPACT468"}
    mutation = dict.fromkeys(ALTERATIONS.names) | {
        "sample_id": "CASE-1",
        "hugo_symbol": "KRAS",
        "kind": "missense",
        "protein_change": "p.G12C",
    }
    return Cohort(
        study=Study(study_id="upload", name="Upload", genome="GRCh38"),
        samples=SAMPLES.empty_table().from_pylist([sample], schema=SAMPLES),
        alterations=ALTERATIONS.empty_table().from_pylist([mutation], schema=ALTERATIONS),
        panels=PANELS.empty_table(),
        clinical=CLINICAL.empty_table(),
        attributes=ATTRIBUTES.empty_table(),
        report=ImportReport(
            files=REPORT_FILES.empty_table(), findings=REPORT_FINDINGS.empty_table()
        ),
        source_digest="0" * 64,
        notes=("The panel was recognized by its genes.",),
    )


PREDICTIONS = (
    Prediction(task="msi", class_name="high", probability=0.75, lower=0.65, upper=0.87, flag="ok"),
    Prediction(
        task="msi", class_name="stable", probability=0.25, lower=0.13, upper=0.35, flag="ok"
    ),
)


class FakePlacer:
    """Puts every tumor at one place; unlike everything unless told otherwise."""

    def __init__(self, score: float = 0.99) -> None:
        self.score = score

    def place(self, cohort: Cohort) -> tuple[PlacedTumor, ...]:
        neighbors = tuple(
            Neighbor(
                study_id="synthetic_demo",
                sample_id=f"SYNT-{row:05d}",
                distance=0.9,
                cancer_type="Melanoma",
            )
            for row in range(15)
        )
        return tuple(
            PlacedTumor(
                sample_id=name,
                x=0.0,
                y=0.0,
                agreement=0.2,
                ood_score=self.score,
                out_of_distribution=self.score > 0.95,
                neighbors=neighbors,
                num_alterations=1,
                num_tokens=1,
                predictions=PREDICTIONS,
            )
            for name in cohort.samples["sample_id"].to_pylist()
        )

    def vectors(self, cohort: Cohort) -> np.ndarray:
        return np.eye(cohort.samples.num_rows, WIDTH, dtype=np.float32)


@pytest.fixture
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer an upload without a child process and without weights."""
    monkeypatch.setattr(resources, "load_placer", lambda _key: FakePlacer())
    monkeypatch.setattr(patient_upload, "_read", lambda *_: uploaded_cohort())
    monkeypatch.setattr(patient_board, "show_explanations", lambda _subject: None)


def test_without_a_map_it_says_what_to_do(tmp_path: Path, open_page: Open) -> None:
    app = open_page(tmp_path / "empty", "patient")
    assert not app.exception
    assert "No map yet, so no tumor can be placed" in texts(app)


def test_without_a_tumor_it_asks_for_one(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient")
    assert not app.exception
    assert "Choose a tumor" in texts(app)


def test_a_stored_tumor_is_told_in_the_order_of_a_board(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", sample=SAMPLE)
    assert not app.exception
    headings = [heading.value for heading in app.header]
    assert headings[:5] == [
        "What was sequenced",
        "Where it lies",
        "Can this be trusted?",
        "The 15 tumors most like it",
        "Why, and what if",
    ]
    assert headings[5].startswith("Alterations: ")
    written = texts(app)
    assert "of its 15** nearest tumors are also nearest on the map" in written
    assert "Fusions: **not tested**" in written
    assert "Research use only" in written


def test_the_nearest_tumors_leave_the_tumor_itself_out(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", sample=SAMPLE)
    table = app.dataframe[0].value
    assert len(table) == 15
    assert "SYNT-00007" not in set(table["Sample"])
    assert (np.diff(table["Distance"]) >= 0).all()


def test_twins_lie_at_distance_zero(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", sample="synthetic_demo/SYNT-00059")
    first = app.dataframe[0].value.iloc[0]
    assert first["Sample"] == "SYNT-00058"
    assert first["Distance"] == 0


def test_an_unknown_tumor_in_the_address_asks_for_one(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", sample="synthetic_demo/NOBODY")
    assert not app.exception
    assert "Choose a tumor" in texts(app)


def test_silent_changes_are_never_counted_as_altering(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", sample=SAMPLE)
    kinds = [set(frame.value["Kind"]) for frame in app.dataframe if "Kind" in frame.value]
    assert kinds
    assert all("silent" not in found or found == {"silent"} for found in kinds)


@pytest.mark.usefixtures("fake_engine")
def test_an_upload_is_placed_flagged_and_not_stored(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", source="Upload a file")
    assert "Drop one patient's file" in texts(app)
    app.file_uploader(key="patient_file_0").upload("case.maf", b"anything").run()
    assert not app.exception
    written = texts(app)
    assert "Do not interpret its place" in written
    assert "**3 of its 15** nearest" in written
    assert "uploaded, not stored" in written
    assert "Not tested: copy number, fusions" in written
    assert "no probability is shown" in written
    assert not app.progress
    app.button(key="patient_forget").click().run()
    assert UPLOADED not in app.session_state
    assert "Drop one patient's file" in texts(app)


@pytest.mark.usefixtures("fake_engine")
def test_predictions_of_a_usual_tumor_have_intervals(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "load_placer", lambda _key: FakePlacer(score=0.4))
    app = open_page(full_home, "patient", source="Upload a file")
    app.file_uploader(key="patient_file_0").upload("case.maf", b"anything").run()
    assert not app.exception
    assert [bar.value for bar in app.progress] == [75, 25]
    assert "65% to 87%" in app.progress[0].text


@pytest.mark.usefixtures("fake_engine")
def test_a_refused_upload_is_one_sentence(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Cohort:
        raise ImportRefusedError(
            "the file has a header and no rows", file="case.maf", rule="no-rows", line=1
        )

    monkeypatch.setattr(patient_upload, "_read", refuse)
    app = open_page(full_home, "patient", source="Upload a file")
    app.file_uploader(key="patient_file_0").upload("case.maf", b"Hugo_Symbol\n").run()
    assert not app.exception
    assert "case.maf, line 1: the file has a header and no rows" in app.error[0].value.replace(
        "\\", ""
    )


@pytest.mark.usefixtures("fake_engine")
def test_a_refusal_shows_the_file_as_text(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Cohort:
        raise ImportRefusedError(
            "the gene is unknown",
            file="case.maf",
            rule="unknown-gene",
            value="![a](https://evil.example/p.png)",
        )

    monkeypatch.setattr(patient_upload, "_read", refuse)
    app = open_page(full_home, "patient", source="Upload a file")
    app.file_uploader(key="patient_file_0").upload("case.maf", b"x").run()
    told = app.error[0].value
    assert "evil" in told
    assert "![" not in told
    assert "](" not in told
    assert "https://" not in told


@pytest.mark.usefixtures("fake_engine")
def test_a_file_of_many_tumors_is_sent_to_the_data_page(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = uploaded_cohort()
    many = replace(one, samples=pa.concat_tables([one.samples] * (MOST_TUMORS + 1)))
    monkeypatch.setattr(patient_upload, "_read", lambda *_: many)
    app = open_page(full_home, "patient", source="Upload a file")
    app.file_uploader(key="patient_file_0").upload("case.maf", b"x").run()
    told = app.error[0].value.replace("\\", "")
    assert "case.maf holds 51 tumors; this page places at most 50" in told
    assert "Data page" in told
    assert UPLOADED not in app.session_state


@pytest.mark.usefixtures("fake_engine")
def test_an_upload_is_placed_again_on_a_newer_map(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed_on: list[int] = []

    def load(key: Published) -> FakePlacer:
        placed_on.append(key.number)
        return FakePlacer(score=0.99 if key.number == 1 else 0.4)

    store = build_home(tmp_path, [draw_cohort("synthetic_demo", 40)])
    app = open_page(tmp_path, "patient", source="Upload a file")
    monkeypatch.setattr(resources, "load_placer", load)
    app.file_uploader(key="patient_file_0").upload("case.maf", b"x").run()
    app.run()
    assert placed_on == [1]
    assert "Do not interpret its place" in texts(app)
    place_study(store, draw_cohort("later", 4, seed=3))
    app.run()
    assert not app.exception
    assert placed_on == [1, 2]
    assert "Do not interpret its place" not in texts(app)


@pytest.mark.usefixtures("fake_engine")
def test_after_coming_back_the_form_says_how_the_file_was_read(
    full_home: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str | None] = []

    def note(_name: str, content: bytes, options: ReadOptions) -> Cohort:
        assert content == b"x"
        read.append(options.genome)
        return uploaded_cohort()

    monkeypatch.setattr(patient_upload, "_read", note)
    app = open_page(full_home, "patient", source="Upload a file")
    app.selectbox(key="patient_genome").set_value("GRCh38").run()
    app.file_uploader(key="patient_file_0").upload("case.maf", b"x").run()
    app.switch_page("app_pages/data.py").run()
    app.switch_page("app_pages/patient.py").run()
    app.segmented_control(key="source").set_value("upload").run()
    assert app.selectbox(key="patient_genome").value == "GRCh38"
    assert "uploaded, not stored" in texts(app)
    assert r"case\.maf is kept from before" in texts(app)
    assert read == ["GRCh38"]
    app.selectbox(key="patient_genome").set_value("GRCh37").run()
    assert read == ["GRCh38", "GRCh37"]


@pytest.mark.usefixtures("fake_engine")
def test_a_taken_study_id_cannot_be_stored_over(full_home: Path, open_page: Open) -> None:
    app = open_page(full_home, "patient", source="Upload a file")
    app.file_uploader(key="patient_file_0").upload("case.maf", b"anything").run()
    app.text_input(key="patient_study_id").set_value("other").run()
    assert "stored already" in texts(app)
    assert app.button(key="patient_store").disabled


def test_a_tumor_placed_later_keeps_its_stored_score(tmp_path: Path, open_page: Open) -> None:
    store = build_home(tmp_path, [draw_cohort("base", 40)])
    place_study(store, draw_cohort("later", 4, seed=3), score=0.97)
    app = open_page(tmp_path, "patient", sample="later/LATE-00001")
    assert not app.exception
    assert "Farther from its nearest tumors than 97% of the tumors" in texts(app)
    assert "Do not interpret its place" in texts(app)
    assert not app.dataframe[0].value["Sample"].str.startswith("LATE").any()


def test_a_map_of_two_tumors_has_one_neighbor(tmp_path: Path, open_page: Open) -> None:
    build_home(tmp_path, [draw_cohort("pair", 2)])
    app = open_page(tmp_path, "patient", sample="pair/PAIR-00000")
    assert not app.exception
    assert not app.error
    assert "The 1 tumor most like it" in texts(app)


def test_a_map_of_one_tumor_has_nobody_to_compare_with(tmp_path: Path, open_page: Open) -> None:
    cohort = draw_cohort("lonely", 2)
    tables = {
        name: table.filter(pc.equal(table["sample_id"], cohort.sample_ids[0]))
        if "sample_id" in getattr(table, "column_names", ())
        else table
        for name, table in cohort.tables.items()
    }
    store = Store(tmp_path)
    with store.write() as writer:
        writer.replace_study(cohort.study, **tables)
        key = {"study_id": ["lonely"], "sample_id": cohort.sample_ids[:1]}
        writer.add_inputs(MODEL_DIGEST, pa.table({**key, "input_digest": ["one"]}))
        writer.add_embeddings(MODEL_DIGEST, ["one"], cohort.vectors[:1])
        ood = '{"quantiles": [0.0, 1.0]}'
        layout_id = writer.add_layout("main", MODEL_DIGEST, "{}", "{}", ood)
        place = {"x": pa.array([0.0], pa.float32()), "y": pa.array([0.0], pa.float32())}
        nothing = {
            "placed": pa.array([False]),
            "agreement": pa.nulls(1, pa.float32()),
            "ood_score": pa.nulls(1, pa.float32()),
            "out_of_distribution": pa.nulls(1, pa.bool_()),
        }
        writer.add_coordinates(layout_id, pa.table({**key, **place, **nothing}))
    app = open_page(tmp_path, "patient", sample=f"lonely/{cohort.sample_ids[0]}")
    assert not app.exception
    assert "It is the only tumor of the map" in texts(app)
