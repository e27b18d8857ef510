"""A home whose model can be finetuned, and labels for its tumors."""

from __future__ import annotations

from pathlib import Path

from dashboard.service import Service
from dashboard.stored import choose_studies, tables_of
from engine.training.fit_directions import fit_directions
from engine.training.fit_heads import LabeledTumors
from engine.weights import seal
from tests.dashboard.studies import draw_cohort


def add_directions(service: Service, folder: Path) -> None:
    """Fit directions to the tumors of the study `first` and write them into a model folder."""
    with service.store.read() as reader:
        tables = tables_of(reader, choose_studies(reader, ["first"])[0])
    readout = service.encoder.read(service.encoder.tokenize(tables))
    tumors = LabeledTumors(
        readout=readout,
        patient_ids=tables.samples["patient_id"].to_pylist(),
        cohorts=["first"] * len(readout),
        labels={"cancer_type": tables.samples["cancer_type"].to_pylist()},
    )
    fit_directions(tumors).save(folder)
    seal(folder)


def write_labels(
    folder: Path, num: int = 40, header: str = "sample_id\tlabel", extra: str = ""
) -> Path:
    """Label tumors by their type: an easy question."""
    samples = draw_cohort("first", 60).samples.to_pylist()[:num]
    rows = [
        f"{s['sample_id']}\t{'Lung' if s['cancer_type'] == 'Lung' else 'other'}" for s in samples
    ]
    file = folder / "labels.tsv"
    file.write_text("\n".join([header, *rows]) + "\n" + extra)
    return file
