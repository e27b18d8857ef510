"""The protocol: every section of the evidence, run once on the test part."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.conformal import ConformalSets
from engine.directions import Directions
from engine.embed import Encoder
from engine.errors import EvaluationError
from engine.evaluation.calibration_rows import calibration_rows, reliability_tables
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.few_label_rows import few_label_rows
from engine.evaluation.mixing_rows import mixing_rows
from engine.evaluation.ood_rows import cell_line_rows, left_out_rows, ood_rows
from engine.evaluation.panel_rows import panel_rows
from engine.evaluation.reconstruction import dataset_of, reconstruction_rows
from engine.evaluation.response_rows import EXTERNAL_STUDIES, response_rows
from engine.evaluation.rows import Evaluation, Row
from engine.evaluation.slices import slice_rows
from engine.evaluation.subtypes import subtype_rows
from engine.evaluation.survival_rows import survival_rows
from engine.heads import Head, Heads
from engine.ood import OodDetector
from engine.progress import Progress
from engine.survival import RiskHead
from engine.tokens import TumorTokens
from engine.training.outcomes import RESPONSE_STUDIES, Described
from engine.training.response import ICB_RESPONSE
from engine.training.split import TEST
from engine.weights import load_model

LEFT_OUT = ("GIST", "UVM", "PCPG", "THYM", "TGCT", "MESO")
"""Cancer types that the detector is fitted without, to see whether it flags them; chosen before
anything was measured, of six different origins."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is evaluated, and on whom.

    Args:
        directory: Folder of the model.
        encoder: The encoder of that folder.
        heads: Its heads.
        cohort: Tumors of the studies that the encoder was trained on; only patients who took no
            part in the training are measured.
        treated: Cohorts of patients under checkpoint blockade, by study.
        cell_lines: Cell lines as tumors; None where they are not at hand.
    """

    directory: Path
    encoder: Encoder
    heads: tuple[Head, ...]
    cohort: EvaluationCohort
    treated: Mapping[str, Described]
    cell_lines: TumorTokens | None = None


def _subtypes(subject: Subject, progress: Progress) -> list[Row]:
    return subtype_rows(subject.encoder, subject.heads, subject.cohort, progress)


def _reconstruction(subject: Subject, progress: Progress) -> list[Row]:
    model = load_model(subject.directory).model
    return reconstruction_rows(model, dataset_of(subject.cohort), progress)


def _few_labels(subject: Subject, progress: Progress) -> list[Row]:
    directions = Directions.parse(subject.encoder.contents)
    if directions is None:
        return []
    return few_label_rows(subject.encoder, directions, subject.cohort, progress)


def _response(subject: Subject, progress: Progress) -> list[Row]:
    head = next((head for head in subject.heads if head.task == ICB_RESPONSE), None)
    trained = [subject.treated[name] for name in RESPONSE_STUDIES if name in subject.treated]
    external = [subject.treated[name] for name in EXTERNAL_STUDIES if name in subject.treated]
    if head is None or not trained or not external:
        return []
    parts = subject.cohort.parts
    seen = [
        patient
        for patient, part in zip(subject.cohort.patient_ids, parts, strict=True)
        if part != TEST
    ]
    return response_rows(subject.encoder, head, trained, external, seen=seen, progress=progress)


def _survival(subject: Subject, progress: Progress) -> list[Row]:
    risk = RiskHead.parse(subject.encoder.contents)
    if risk is None:
        return []
    by_study, _ = survival_rows(subject.encoder, risk, subject.cohort, progress=progress)
    return by_study


def _distribution(subject: Subject, progress: Progress) -> list[Row]:
    detector = OodDetector.parse(subject.encoder.contents)
    if detector is None:
        return []
    rows = ood_rows(subject.encoder, detector, subject.cohort, progress)
    rows += left_out_rows(subject.directory, subject.cohort, LEFT_OUT, progress)
    if subject.cell_lines is not None:
        rows += cell_line_rows(subject.encoder, detector, subject.cell_lines)
    return rows


def _coverage(subject: Subject, progress: Progress) -> list[Row]:
    sets = ConformalSets.parse(subject.encoder.contents)
    if sets is None:
        return []
    return calibration_rows(subject.encoder, subject.heads, sets, subject.cohort)


def _panels(subject: Subject, progress: Progress) -> list[Row]:
    return panel_rows(subject.encoder, subject.cohort, progress)


def _studies(subject: Subject, progress: Progress) -> list[Row]:
    return mixing_rows(subject.encoder, subject.cohort, progress)


SECTIONS: dict[str, Callable[[Subject, Progress], list[Row]]] = {
    "reconstruction": _reconstruction,
    "subtypes": _subtypes,
    "few-labels": _few_labels,
    "response": _response,
    "survival": _survival,
    "distribution": _distribution,
    "coverage": _coverage,
    "panels": _panels,
    "studies": _studies,
}


def evaluate(
    subject: Subject, sections: Sequence[str], data_digest: str, progress: Progress
) -> Evaluation:
    """Run the protocol.

    Args:
        subject: What is evaluated.
        sections: Names of `SECTIONS`; all when empty.
        data_digest: Digest of the tumors, for the record.
        progress: Told how far the work is.

    Returns:
        The evidence.

    Raises:
        EvaluationError: If a section is unknown.
    """
    started, seconds, rows = time.monotonic(), {}, []
    for name in _choose_sections(sections):
        began = time.monotonic()
        rows += SECTIONS[name](subject, progress)
        seconds[name] = round(time.monotonic() - began, 1)
    labeled = [head for head in subject.heads if head.task in subject.cohort.labels]
    told = {
        "seconds": seconds,
        "elapsed_s": round(time.monotonic() - started, 1),
        "reliability": reliability_tables(subject.encoder, labeled, subject.cohort),
    }
    return Evaluation(
        model_digest=subject.encoder.digest,
        data_digest=data_digest,
        rows=tuple(rows),
        slices=slice_rows(subject.encoder, subject.heads, subject.cohort, progress),
        facts=_facts() | told,
    )


def _choose_sections(names: Sequence[str]) -> list[str]:
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        raise EvaluationError(
            f"There is no section {unknown[0]!r} of the evidence; expected {', '.join(SECTIONS)}."
        )
    return list(names) or list(SECTIONS)


def subject_of(
    directory: Path,
    cohort: EvaluationCohort,
    treated: Mapping[str, Described],
    cell_lines: TumorTokens | None,
) -> Subject:
    """Load a model folder for evaluation.

    Raises:
        EvaluationError: If the folder holds no heads.
    """
    encoder = Encoder.load(directory)
    heads = Heads.parse(encoder.contents)
    if heads is None:
        raise EvaluationError(
            f"The model folder {directory.name} holds no heads to evaluate. Train one with "
            "`tumorxy pretrain`."
        )
    return Subject(
        directory=directory,
        encoder=encoder,
        heads=heads.heads,
        cohort=cohort,
        treated=treated,
        cell_lines=cell_lines,
    )


def _facts() -> dict[str, Any]:
    return {
        "hardware": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
