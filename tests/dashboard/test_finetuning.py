from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.errors import FinetuneError, NothingToDoError, SourceNotFoundError
from dashboard.own_cards import read_summaries
from dashboard.predicted import PREDICTED, list_predicted, predicted_classes
from dashboard.queries import load_map
from dashboard.service import Service
from engine.errors import ImportRefusedError, WeightsError
from tests.dashboard.finetunable import write_labels
from tests.dashboard.studies import draw_cohort


def test_a_head_is_trained_kept_and_offered(ready: Service, tmp_path: Path) -> None:
    outcome = ready.heads.train(write_labels(tmp_path, extra="stranger\tLung\nT0050\tNA\n"), "lung")
    head = outcome.head
    assert (head.task, head.classes, head.num_tumors) == ("lung", ("Lung", "other"), 40)
    assert head.auroc["value"] > 0.8
    assert set(head.baselines) == {"burden alone", "L2 logistic regression", "random forest"}
    assert outcome.num_predicted == 60
    assert [note.split(":")[0] for note in outcome.notes] == [
        "Rows without a label, left out",
        "Labeled samples that are in no imported study, left out",
    ]
    assert ready.heads.list_all() == (head,)
    tumors = ready.placer().place(draw_cohort("first", 60))
    placed = [p for p in tumors[0].predictions if p.task == "lung"]
    with ready.store.read() as reader:
        table = reader.predictions(ready.encoder.digest, ["first"]).to_pylist()
        data = load_map(reader, None)
        assert data is not None
        [choice] = list_predicted(reader, ready.heads.list_all())
        classes = predicted_classes(reader, data, choice.key)
    assert choice.key == PREDICTED + "lung"
    assert "n = 40" in choice.title
    stored = {row["class"]: row["probability"] for row in table if row["sample_id"] == "T0000"}
    assert {p.class_name: p.probability for p in placed} == pytest.approx(stored, abs=1e-5)
    assert set(classes.tolist()) <= {"Lung", "other", None}


def test_a_new_study_is_predicted_too(ready: Service, tmp_path: Path) -> None:
    ready.heads.train(write_labels(tmp_path), "lung")
    ready.import_cohort(draw_cohort("second", 5, seed=1, prefix="S"))
    ready.embed(["second"])
    with ready.store.read() as reader:
        told = reader.predictions(ready.encoder.digest, ["second"])
    assert set(told["task"].to_pylist()) == {"lung"}
    assert len(set(told["sample_id"].to_pylist())) == 5


def test_a_removed_head_leaves_nothing(ready: Service, tmp_path: Path) -> None:
    ready.heads.train(write_labels(tmp_path), "lung")
    ready.heads.remove("lung")
    assert ready.heads.list_all() == ()
    with ready.store.read() as reader:
        assert reader.predicted_tasks(ready.encoder.digest) == ()
    with pytest.raises(FinetuneError, match="no head 'lung' to remove; there are: none"):
        ready.heads.remove("lung")


@pytest.mark.parametrize("name", ["Chemo", "a", "../x", "1st"])
def test_names_that_are_none(ready: Service, tmp_path: Path, name: str) -> None:
    with pytest.raises(FinetuneError, match="cannot be the name of a head"):
        ready.heads.train(write_labels(tmp_path), name)


def test_names_of_shipped_heads_are_taken(ready: Service, tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match="name of a shipped head"):
        ready.heads.train(write_labels(tmp_path), "msi")


def test_too_few_labels_are_refused(ready: Service, tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"expected 25 or more.*found '24'"):
        ready.heads.train(write_labels(tmp_path, 24), "lung")


def test_one_class_is_refused(ready: Service, tmp_path: Path) -> None:
    file = write_labels(tmp_path)
    file.write_text(file.read_text().replace("other", "Lung"))
    with pytest.raises(ImportRefusedError, match="number-of-classes"):
        ready.heads.train(file, "lung")


def test_a_rare_class_is_refused(ready: Service, tmp_path: Path) -> None:
    file = write_labels(tmp_path)
    file.write_text(
        file.read_text()
        .replace("T0003\tother", "T0003\trare")
        .replace("T0003\tLung", "T0003\trare")
    )
    with pytest.raises(ImportRefusedError, match=r"too-few-of-a-class|rare: 1"):
        ready.heads.train(file, "lung")


def test_an_unknown_study_and_another_patient_are_refused(ready: Service, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("sample_id,study_id,label\nT0000,nowhere,R\n")
    with pytest.raises(ImportRefusedError, match=r"line 2, column study_id: no such study"):
        ready.heads.train(file, "lung")
    file.write_text("sample_id,patient_id,label\nT0000,somebody,R\n")
    with pytest.raises(ImportRefusedError, match=r"line 2, column patient_id: .* another patient"):
        ready.heads.train(file, "lung")


def test_a_sample_of_two_studies_needs_its_study(ready: Service, tmp_path: Path) -> None:
    ready.import_cohort(draw_cohort("second", 60))
    with pytest.raises(ImportRefusedError, match=r"several studies: first, second.*ambiguous"):
        ready.heads.train(write_labels(tmp_path), "lung")


def test_without_studies_or_file_nothing_is_trained(service: Service, tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError, match="labeled tumors of imported studies"):
        service.heads.train(tmp_path / "labels.tsv", "lung")
    service.import_cohort(draw_cohort("first", 30))
    with pytest.raises(SourceNotFoundError, match=r"labels\.tsv"):
        service.heads.train(tmp_path / "labels.tsv", "lung")


def test_a_model_without_directions_says_so(with_study: Service, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no directions for few labels"):
        with_study.heads.train(write_labels(tmp_path), "lung")


def test_a_damaged_head_is_told(ready: Service, tmp_path: Path) -> None:
    ready.heads.train(write_labels(tmp_path), "lung")
    (ready.heads.folder / "lung" / "head.safetensors").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"lung is damaged.*finetune --remove lung"):
        read_summaries(ready.heads.folder)


def test_a_weak_head_says_what_it_does_not_beat(ready: Service, tmp_path: Path) -> None:
    file = write_labels(tmp_path)
    rows = file.read_text().splitlines()
    mixed = [rows[0], *(f"{row.split()[0]}\t{'RN'[i % 2]}" for i, row in enumerate(rows[1:]))]
    file.write_text("\n".join(mixed) + "\n")
    head = ready.heads.train(file, "noise").head
    assert not head.beats_simple
    assert "Not shown to beat burden alone" in head.verdict
    assert replace(head, verdict="").beats_simple is False
