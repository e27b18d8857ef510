from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from cache.schema import PREDICTIONS
from dashboard.cli import app
from dashboard.errors import NoMapError, ReportError
from dashboard.explanations import to_rows
from dashboard.report_command import choose_form, write
from dashboard.report_formats import Wanted
from dashboard.report_making import report_file, report_stored
from dashboard.service import Service
from engine.errors import ImportRefusedError
from engine.readers.options import ReadOptions
from tests.app.small_home import MODEL_DIGEST, build_home, draw_cohort, with_survival
from tests.app.test_patient import FakePlacer
from tests.dashboard.explained import an_explanation
from tests.dashboard.pdf_text import num_pages, read_text
from tests.dashboard.reported import a_report

SAMPLE = "SYNT-00007"


class Placer(FakePlacer):
    """Places like the fake one, and has no heads."""

    predictor = None


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    build_home(folder, [with_survival(draw_cohort("synthetic_demo", 900))])
    return folder


@pytest.fixture
def service(home: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("TUMORXY_HOME", str(home))
    monkeypatch.setattr(Service, "placer", lambda _self: Placer(score=0.4))
    monkeypatch.setattr(Service, "model_digest", MODEL_DIGEST)
    return Service(home)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["report", *arguments])


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("name", ["a.pdf", "a.html", "a.json", "a.phenopacket.json"])
def test_a_stored_tumor_is_written_in_the_form_of_its_file(tmp_path: Path, name: str) -> None:
    told = run(SAMPLE, "--out", str(tmp_path / name), "--json")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    content = (tmp_path / name).read_bytes()
    assert document["interpretable"] is True
    if document["format"] == "pdf":
        assert num_pages(content) == 1
        content = read_text(content).encode()
    assert SAMPLE.encode() in content
    assert (tmp_path / name).stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("service")
def test_a_pseudonym_leaves_no_id_and_no_address(tmp_path: Path) -> None:
    told = run(SAMPLE, "--out", str(tmp_path), "--pseudonym", "Case A", "--format", "json")
    assert told.exit_code == 0, told.output
    [file] = tmp_path.iterdir()
    assert file.name == "tumorxy-Case_A.json"
    written = file.read_text()
    assert "SYNT-" not in written
    assert "synthetic_demo" not in written
    assert json.loads(written)["link"] is None


def test_the_link_names_the_tumor_the_map_and_the_model(service: Service) -> None:
    made = report_stored(service, ("synthetic_demo", SAMPLE), Wanted(url="http://h:1/"))
    assert made.report.link == (
        f"http://h:1/patient?sample=synthetic_demo%2F{SAMPLE}&made_on=main~1&made_with=abababababab"
    )
    assert made.report.survival is not None


def test_what_is_explained_in_the_store_is_told_without_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = build_home(tmp_path, [draw_cohort("synthetic_demo", 60)])
    monkeypatch.setattr(Service, "model_digest", MODEL_DIGEST)
    monkeypatch.setattr(Service, "placer", None)
    key = {"study_id": "synthetic_demo", "sample_id": SAMPLE}
    rows = [
        {**key, "task": "msi", "class": name, "probability": p, "lower": p, "upper": p}
        | {"flag": "ok"}
        for name, p in (("high", 0.9), ("stable", 0.1))
    ]
    with store.write() as writer:
        writer.add_predictions(MODEL_DIGEST, pa.Table.from_pylist(rows, schema=PREDICTIONS))
        writer.add_attributions(MODEL_DIGEST, to_rows(*key.values(), an_explanation()))
    told = report_stored(Service(tmp_path), ("synthetic_demo", SAMPLE), Wanted()).report.why
    assert told is not None
    assert told.title == "Microsatellites: MSI-high"
    assert [part.label for part in told.genes] == ["STK11 truncating", "loss of 9p"]


def test_a_map_of_another_model_is_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Service, "model_digest", "cd" * 32)
    with pytest.raises(NoMapError, match="model abababab; the installed one is cdcdcdcd"):
        report_stored(service, ("synthetic_demo", SAMPLE), Wanted())


def test_a_file_is_reported_and_not_stored(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "case.tsv"
    file.write_text("sample\tgene\tkind\nX-1\tKRAS\tmissense\n")
    made = report_file(service, file, ReadOptions(panel="IMPACT468"), Wanted())
    assert made.report.tumor.name == "X-1"
    assert made.report.tumor.altering[0].gene == "KRAS"
    assert made.report.link is None
    assert service.list_studies()["study_id"].to_pylist() == ["synthetic_demo"]


def test_a_strange_tumor_of_a_file_is_refused(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Service, "placer", lambda _self: Placer(score=0.99))
    file = tmp_path / "case.tsv"
    file.write_text("sample\tgene\tkind\nX-1\tKRAS\tmissense\n")
    made = report_file(service, file, ReadOptions(panel="IMPACT468"), Wanted())
    assert not made.report.trust.interpretable
    assert made.report.survival is None
    assert made.report.neighbors == ()
    assert made.report.place is None


def test_of_several_tumors_one_must_be_chosen(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "two.tsv"
    file.write_text("sample\tgene\tkind\nX-1\tKRAS\tmissense\nX-2\tTP53\tmissense\n")
    options = ReadOptions(panel="IMPACT468")
    with pytest.raises(ReportError, match=r"two\.tsv holds 2 tumors. Choose one of X-1, X-2"):
        report_file(service, file, options, Wanted())
    with pytest.raises(ReportError, match="no tumor 'X-9'"):
        report_file(service, file, options, Wanted(), "X-9")
    assert report_file(service, file, options, Wanted(), "X-2").report.tumor.name == "X-2"


def test_a_file_that_is_no_table_is_refused(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "x.tsv"
    file.write_text("a\tb\n1\t2\n")
    with pytest.raises(ImportRefusedError):
        report_file(service, file, ReadOptions(), Wanted())


def test_a_tumor_that_is_not_on_the_map_is_told(service: Service) -> None:
    with pytest.raises(ReportError, match="NOBODY is not on the map"):
        report_stored(service, ("synthetic_demo", "NOBODY"), Wanted())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"x\.pdf cannot be written"):
        write(tmp_path / "nowhere" / "x.pdf", a_report(), b"", "pdf")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("x.pdf", "pdf"),
        ("x.HTML", "html"),
        ("x.json", "json"),
        ("x.phenopacket.json", "phenopacket"),
        ("x", "pdf"),
    ],
)
def test_the_form_follows_the_name_of_the_file(name: str, form: str) -> None:
    assert choose_form(None, Path(name)) == form


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ReportError, match=r"no form 'docx'\. Choose one of pdf, html, json"):
        choose_form("docx", Path("x.pdf"))


def test_the_schema_is_printed_without_a_tumor() -> None:
    told = run("--schema")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["title"] == "tumorxy.report 1.0"


def test_without_a_tumor_it_says_what_is_missing() -> None:
    told = run()
    assert told.exit_code == 2
    assert "--out FILE" in told.output
