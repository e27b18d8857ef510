from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from dashboard.cli import app
from dashboard.errors import ServeError
from dashboard.model_verbs import ModelVerbs
from dashboard.outcomes import DemoOutcome
from dashboard.service import Service
from dashboard.settings import HOME_VARIABLE
from dashboard.training import DEFAULT_STUDIES
from engine.training.pretrain import PretrainResult
from tests.dashboard.studies import draw_cohort, write_maf

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, installed_model: Path) -> Run:
    """Run the command on the home of `service`."""

    def run_command(*arguments: str, answer: str | None = None) -> Result:
        environment = {HOME_VARIABLE: str(tmp_path / "home")}
        return CliRunner(env=environment).invoke(app, list(arguments), input=answer)

    return run_command


def _document(result: Result) -> Any:
    return json.loads(result.stdout)


def test_list_of_an_empty_home_says_how_to_begin(run: Run) -> None:
    result = run("list")
    assert result.exit_code == 0
    assert "tumorxy demo" in result.stdout
    assert _document(run("list", "--json")) == {"studies": []}


def test_list_shows_the_studies(run: Run, with_study: Service) -> None:
    [study] = _document(run("list", "--json"))["studies"]
    assert (study["study_id"], study["num_samples"], study["synthetic"]) == ("first", 60, True)
    shown = run("list").stdout
    assert "first" in shown
    assert "synthetic" in shown


def test_embed_reports_what_was_computed(run: Run, with_study: Service) -> None:
    first, again = run("embed", "--json"), run("embed", "first", "--json")
    assert _document(first)["num_computed"] == 59
    assert "Embedding first" in first.stderr
    assert (_document(again)["num_computed"], _document(again)["num_reused"]) == (0, 60)
    assert "0 embeddings computed, 60 tumors reused" in run("embed").stdout


def test_export_lists_its_files(run: Run, with_study: Service, tmp_path: Path) -> None:
    with_study.embed()
    document = _document(run("export", "first", "--out", str(tmp_path / "out"), "--json"))
    assert document["study_id"] == "first"
    assert {"file": "embeddings.parquet", "num_rows": 60} in document["files"]
    assert "samples.parquet" in run("export", "first", "--out", str(tmp_path / "out")).stdout


def test_import_accounts_for_every_line(run: Run, service: Service, tmp_path: Path) -> None:
    maf = write_maf(tmp_path / "a.maf", draw_cohort("a", 10))
    with maf.open("a") as file:
        file.write("2-Sep\tGRCh37\tMissense_Mutation\tSNP\tC\tT\tT0001\n")
    document = _document(run("import", str(maf), "--study", "mine", "--json"))
    [file_account] = document["files"]
    parts = ("loaded", "rejected", "skipped")
    assert file_account["lines_read"] == sum(file_account[part] for part in parts)
    [finding] = [f for f in document["findings"] if f["outcome"] == "rejected"]
    assert (finding["value"], finding["count"]) == ("2-Sep", 1)
    shown = run("import", str(maf), "--study", "mine").stdout
    assert "mine: 9 tumors" in shown
    assert "2-Sep" in shown
    assert service.list_studies()["study_id"].to_pylist() == ["mine"]


def test_a_refused_file_is_told_with_its_parts(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.maf"
    path.write_bytes(b"")
    result = run("import", str(path), "--json")
    assert result.exit_code == 1
    error = _document(result)["error"]
    assert error["file"] == "a.maf"
    assert set(error) == {
        *("rule", "message", "file", "line", "column", "value", "advice", "error_id")
    }
    assert "a.maf" in run("import", str(path)).stderr


def test_layout_reports_the_quality_of_the_map(run: Run, mapped: Service) -> None:
    document = _document(run("layout", "--json"))
    assert (document["name"], document["num_tumors"], document["layout_id"]) == ("main", 60, 2)
    assert document["quality"]["trustworthiness"]["value"] > 0.5
    shown = run("layout", "--name", "other").stdout
    assert "Map other, version 3: 60 tumors" in shown
    assert "trustworthiness" in shown


def test_place_reports_the_point_and_its_neighbors(
    run: Run, mapped: Service, tmp_path: Path
) -> None:
    maf = write_maf(tmp_path / "patient.maf", draw_cohort("new", 4, seed=6, prefix="P"))
    document = _document(run("place", str(maf), "--json"))
    [first, *_] = document["tumors"]
    assert {"sample_id", "x", "y", "agreement", "ood_score", "out_of_distribution"} <= set(first)
    assert len(first["neighbors"]) == 15
    assert "95th percentile" in document["rule"]
    assert document["saved_as"] is None
    shown = run("place", str(maf), "--save", "--study", "mine").stdout
    assert "Nearest to P0000" in shown
    assert "Stored as the study mine." in shown
    assert "Research use only" in shown
    assert "mine" in mapped.list_studies()["study_id"].to_pylist()


def test_place_without_a_map_says_how_to_make_one(
    run: Run, with_study: Service, tmp_path: Path
) -> None:
    maf = write_maf(tmp_path / "patient.maf", draw_cohort("new", 4))
    result = run("place", str(maf), "--json")
    assert (result.exit_code, _document(result)["error"]["rule"]) == (1, "no-map")


def test_demo_without_serving_ends_by_itself(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = DemoOutcome(
        study_id="synthetic_demo", num_tumors=3600, layout_id=1, was_ready=True, elapsed_s=0.1
    )
    monkeypatch.setattr(Service, "demo", lambda self, progress: outcome)
    assert _document(run("demo", "--no-serve", "--json"))["num_tumors"] == 3600
    assert "is there already" in run("demo", "--no-serve").stdout


def test_demo_opens_the_dashboard_and_prints_one_document(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = DemoOutcome(
        study_id="synthetic_demo", num_tumors=3600, layout_id=1, was_ready=True, elapsed_s=0.1
    )
    monkeypatch.setattr(Service, "demo", lambda self, progress: outcome)
    monkeypatch.setattr("dashboard.serving.serve", lambda settings, address, ready: ready())
    document = _document(run("demo", "--json"))
    assert document["address"].startswith("http://127.0.0.1:")
    assert document["demo"]["layout_id"] == 1


def test_serving_to_other_machines_is_warned_of(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.serving.serve", lambda settings, address, ready: ready())
    result = run("serve", "--host", "0.0.0.0")
    assert "is open to other machines" in result.stderr
    assert "TumorXY is open at http://0.0.0.0:" in result.stdout
    assert "other machines" not in run("serve").stderr


def test_pretrain_passes_its_options_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    scores = [{"type": "mutation", "average_precision": 0.25}]
    card = {"elapsed_s": 90.0, "reconstruction": {"validation": scores}}

    def pretrain(self: ModelVerbs, *arguments: Any, **options: Any) -> PretrainResult:
        seen.update(options, arguments=arguments)
        return PretrainResult(directory=tmp_path, model_digest="ab" * 32, card=card)

    monkeypatch.setattr(ModelVerbs, "pretrain", pretrain)
    result = run(
        *("pretrain", "one", "--out", str(tmp_path), "--epochs", "2", "--resume", "--json")
    )
    assert _document(result)["model_digest"] == "ab" * 32
    sources, out, config = seen["arguments"]
    assert (list(sources.study_ids), out, config.epochs) == (["one"], tmp_path, 2)
    assert (seen["resume"], sources.data) == (True, None)
    shown = run("pretrain", "--out", str(tmp_path)).stdout
    assert tuple(seen["arguments"][0].study_ids) == DEFAULT_STUDIES
    assert "average precision" in shown


def test_remove_asks_first_in_a_terminal(
    run: Run, with_study: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.cli._has_terminal", lambda: True)
    refused = run("remove", "first", answer="n\n")
    assert refused.exit_code == 1
    assert "was not removed" in refused.stderr
    assert with_study.list_studies().num_rows == 1
    assert run("remove", "first", answer="y\n").exit_code == 0
    assert with_study.list_studies().num_rows == 0


def test_remove_with_json_or_without_a_terminal_does_not_ask(run: Run, with_study: Service) -> None:
    with_study.import_cohort(draw_cohort("second", 20))
    assert _document(run("remove", "first", "--json")) == {"removed": "first"}
    assert run("remove", "second").exit_code == 0
    assert with_study.list_studies().num_rows == 0


def test_a_dashboard_that_dies_leaves_one_document(
    run: Run, with_study: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(settings: object, address: object, ready: Callable[[], None]) -> None:
        ready()
        raise ServeError("The dashboard ended by itself.")

    monkeypatch.setattr("dashboard.serving.serve", die)
    result = run("serve", "--json")
    assert result.exit_code == 1
    assert set(_document(result)) == {"address"}
    assert "ended by itself" in result.stderr


def test_an_unknown_study_is_a_sentence_and_exit_code_1(run: Run, with_study: Service) -> None:
    result = run("embed", "absent")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "holds no study named 'absent'" in result.stderr
    error = _document(run("embed", "absent", "--json"))["error"]
    assert error["rule"] == "study-not-found"


def test_a_missing_file_is_refused(run: Run) -> None:
    result = run("import", "/no/such/place/a.maf", "--json")
    assert result.exit_code == 1
    error = _document(result)["error"]
    assert error["rule"] == "source-not-found"
    assert "a.maf" in error["message"]
    assert "/no/such" not in error["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "a.maf", "--genome", "GRCh99"),
        ("import", "a.maf", "--study", "../x"),
        ("import",),
        ("export", "first"),
        ("serve", "--port", "many"),
        ("no-such-command",),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    told = run(*arguments, "--json")
    assert told.exit_code == 2
    assert _document(told)["error"]["rule"] == "usage"


def test_an_unforeseen_error_gets_an_id_and_no_traceback(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Service) -> None:
        raise RuntimeError("secret of a patient")

    monkeypatch.setattr(Service, "list_studies", fail)
    result = run("list", "--json")
    assert result.exit_code == 1
    error = _document(result)["error"]
    assert error["rule"] == "unforeseen"
    assert "secret" not in result.output
    record = tmp_path / "home" / "logs" / f"{error['error_id']}.txt"
    assert "secret of a patient" in record.read_text()


def test_an_interrupt_is_exit_code_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Service) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Service, "list_studies", interrupt)
    result = run("list", "--json")
    assert result.exit_code == 130
    assert _document(result)["error"]["rule"] == "stopped"
    assert "Stopped." in run("list").stderr


def test_doctor_tells_what_to_fix(run: Run, with_study: Service) -> None:
    result = run("doctor", "--json")
    document = _document(result)
    checks = {check["name"]: check for check in document["checks"]}
    assert document["ok"] is True
    assert result.exit_code == 0
    assert checks["map"]["status"] == "warn"
    assert "tumorxy layout" in checks["map"]["advice"]
    assert "tumorxy" in run("doctor").stdout


def test_help_names_every_command(run: Run) -> None:
    shown = run("--help").stdout
    commands = "import embed layout place export list remove serve pretrain doctor demo"
    assert all(f" {name} " in shown for name in commands.split())
    assert "run-job" not in shown
