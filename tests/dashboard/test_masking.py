from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cache.store import Store
from dashboard import queries
from dashboard.cases import Case, load_space, stored_case
from dashboard.masking import mask_case, mask_cohort, mask_data, mask_effects
from dashboard.neighbor_facts import Outcomes, tell_neighbors
from dashboard.origins import say_of_neighbors
from dashboard.outcome_facts import load_survival
from dashboard.queries import MapData
from dashboard.report_building import Behind, build_report
from dashboard.report_formats import FORMS
from dashboard.report_forms import file_name, write_report
from engine.genes import GeneTable
from engine.readers.options import ReadOptions
from engine.readers.read import read_input
from engine.study_effects import StudyEffect
from tests.app.small_home import build_home, draw_cohort
from tests.dashboard.pdf_text import read_text

PSEUDONYM = "Case A"
EFFECT = StudyEffect(
    kind="study", source="synthetic_demo", num_near=14, num_neighbors=15, expected=3, p_value=1e-6
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return build_home(tmp_path_factory.mktemp("home"), [draw_cohort("synthetic_demo", 60)])


def a_case(store: Store, row: int = 7) -> tuple[MapData, Case]:
    with store.read() as reader:
        data = queries.load_map(reader, None)
        assert data is not None
        case = stored_case(reader, data, load_space(reader, data), row)
    notes = ("SYNT-00007.maf: 2 symbols were brought up to date.", "The panel was assumed.")
    facts = case.clinical | {"SAMPLE_ID": "SYNT-00007", "SRC_NAME": "P-SYNT-00007"}
    return data, replace(case, notes=notes, clinical=facts)


def behind(store: Store, data: MapData, case: Case, pseudonym: str | None) -> Behind:
    named = pseudonym is None
    with store.read() as reader:
        known = Outcomes(treatments={}, responses={}, survival=load_survival(reader, data))
        studies = reader.list_studies()
    effects = [EFFECT] if named else mask_effects([EFFECT])
    return Behind(
        data=data,
        studies=studies,
        made_at=datetime(2026, 7, 25, tzinfo=UTC),
        neighbors=tell_neighbors(data, case, known, named=named),
        origins=tuple(say_of_neighbors(effect) for effect in effects),
        pseudonym=pseudonym,
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_pseudonym_leaves_no_id_in_any_form(store: Store, form: str) -> None:
    data, case = a_case(store)
    shown = mask_case(case, PSEUDONYM)
    report = build_report(shown, behind(store, data, case, PSEUDONYM))
    content = write_report(report, data, shown, form)
    written = read_text(content) if form == "pdf" else content.decode()
    assert PSEUDONYM in written
    for name in (*data.samples["sample_id"], *data.samples["patient_id"], *data.studies):
        assert name not in written
        assert name.encode() not in content
    assert "Synthetic Demo" not in written
    assert file_name(report, form).startswith("tumorxy-Case_A.")


def test_without_a_pseudonym_neighbors_and_studies_are_named(store: Store) -> None:
    data, case = a_case(store)
    report = build_report(case, behind(store, data, case, None))
    written = write_report(report, data, case, "json").decode()
    neighbor = data.samples["sample_id"].iloc[int(case.neighbors[0])]
    assert neighbor in written
    assert "are of synthetic_demo" in written
    assert report.source.studies[0].study_id == "synthetic_demo"


def test_notes_and_facts_that_may_name_somebody_are_left_out(store: Store) -> None:
    _, case = a_case(store)
    shown = mask_case(case, PSEUDONYM)
    assert shown.notes == ("The panel was assumed.",)
    assert "SEX" in shown.clinical
    assert not {"SAMPLE_ID", "SRC_NAME"} & set(shown.clinical)
    assert shown.study is None


def test_studies_are_numbered_and_keep_their_rows(store: Store) -> None:
    data, _ = a_case(store)
    masked = mask_data(data)
    assert [study.name for study in masked.studies.values()] == ["study 1"]
    assert masked.samples is data.samples


def test_a_file_keeps_one_tumor_under_the_pseudonym(tmp_path: Path) -> None:
    path = tmp_path / "two.tsv"
    path.write_text("sample\tgene\tkind\nA-1\tKRAS\tmissense\nB-2\tTP53\tmissense\n")
    cohort = read_input(path, ReadOptions(panel="IMPACT468"), GeneTable.load())
    masked = mask_cohort(cohort, "A-1", PSEUDONYM)
    assert masked.samples["sample_id"].to_pylist() == [PSEUDONYM]
    assert masked.samples["patient_id"].to_pylist() == [PSEUDONYM]
    assert masked.alterations["hugo_symbol"].to_pylist() == ["KRAS"]
    assert masked.alterations["sample_id"].to_pylist() == [PSEUDONYM]


def test_another_tumor_of_the_patient_is_told(store: Store) -> None:
    data, case = a_case(store)
    twin = int(case.neighbors[0])
    samples = data.samples.copy()
    samples.loc[twin, "patient_id"] = samples.loc[7, "patient_id"]
    known = Outcomes(treatments={}, responses={}, survival=None)
    told = tell_neighbors(replace(data, samples=samples), case, known, named=True, row=7)
    assert [fact.same_patient for fact in told] == [True, *[False] * (len(told) - 1)]


def test_a_panel_named_after_its_study_is_not_named(store: Store) -> None:
    _, case = a_case(store)
    named = replace(case, tests=(replace(case.tests[0], panel="synthetic_demo_wes"),))
    [test] = mask_case(named, PSEUDONYM, ["synthetic_demo"]).tests
    assert test.panel == "one panel"


def test_an_address_that_no_code_can_hold_is_left_out(store: Store) -> None:
    data, case = a_case(store)
    told = behind(store, data, case, None)
    assert build_report(case, replace(told, link="http://h/" + "x" * 2_000)).link is None
    assert build_report(case, replace(told, link="http://h/x")).link == "http://h/x"
