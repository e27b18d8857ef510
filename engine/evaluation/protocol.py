"""The protocol: every section of the evidence, run once on the test part."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.embed import Encoder
from engine.errors import EvaluationError
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.reconstruction import dataset_of, reconstruction_rows
from engine.evaluation.rows import Evaluation, Row
from engine.evaluation.slices import slice_rows
from engine.evaluation.subtypes import subtype_rows
from engine.heads import Head, Heads
from engine.progress import Progress
from engine.weights import load_model


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is evaluated, and on whom.

    Args:
        directory: Folder of the model.
        encoder: The encoder of that folder.
        heads: Its heads.
        cohort: Tumors of the studies that the encoder was trained on; only patients who took no
            part in the training are measured.
        external: Cohorts of treated patients by study, for the sections that need them.
    """

    directory: Path
    encoder: Encoder
    heads: tuple[Head, ...]
    cohort: EvaluationCohort
    external: Mapping[str, EvaluationCohort]


def _subtypes(subject: Subject, progress: Progress) -> list[Row]:
    return subtype_rows(subject.encoder, subject.heads, subject.cohort, progress)


def _reconstruction(subject: Subject, progress: Progress) -> list[Row]:
    model = load_model(subject.directory).model
    return reconstruction_rows(model, dataset_of(subject.cohort), progress)


SECTIONS: dict[str, Callable[[Subject, Progress], list[Row]]] = {
    "subtypes": _subtypes,
    "reconstruction": _reconstruction,
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
    chosen = list(sections) or list(SECTIONS)
    unknown = [name for name in chosen if name not in SECTIONS]
    if unknown:
        raise EvaluationError(
            f"There is no section {unknown[0]!r} of the evidence; expected {', '.join(SECTIONS)}."
        )
    started, seconds, rows = time.monotonic(), {}, []
    for name in chosen:
        began = time.monotonic()
        rows += SECTIONS[name](subject, progress)
        seconds[name] = round(time.monotonic() - began, 1)
    return Evaluation(
        model_digest=subject.encoder.digest,
        data_digest=data_digest,
        rows=tuple(rows),
        slices=slice_rows(subject.encoder, subject.heads, subject.cohort, progress),
        facts=_facts() | {"seconds": seconds, "elapsed_s": round(time.monotonic() - started, 1)},
    )


def subject_of(
    directory: Path, cohort: EvaluationCohort, external: Mapping[str, EvaluationCohort]
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
        external=external,
    )


def _facts() -> dict[str, Any]:
    return {
        "hardware": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
