"""What each verb returns; `dashboard.documents` turns all of it into JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dashboard.predictions import OUT_OF_DISTRIBUTION, STRANGENESS

if TYPE_CHECKING:
    from engine.layout import LayoutQuality


@dataclass(frozen=True, kw_only=True)
class ImportOutcome:
    """A study that was taken in.

    Attributes:
        study_id: Its name in the store.
        num_samples: Tumors.
        num_patients: Patients.
        num_alterations: Alterations loaded.
        files: The account of every line, schema `engine.cohort.REPORT_FILES`.
        findings: What was rejected, skipped or warned of, by rule; `REPORT_FINDINGS`.
        notes: What the reader assumed, one sentence each.
        elapsed_s: Seconds from the call to the published snapshot.
    """

    study_id: str
    num_samples: int
    num_patients: int
    num_alterations: int
    files: pa.Table
    findings: pa.Table
    notes: tuple[str, ...]
    elapsed_s: float


@dataclass(frozen=True, kw_only=True)
class EmbedOutcome:
    """Studies that have embeddings now.

    Attributes:
        study_ids: The studies.
        num_tumors: Their tumors.
        num_computed: Embeddings that the encoder computed; twins count once.
        num_reused: Tumors whose embedding was there already.
        num_placed: Tumors newly placed on the current map.
        num_predicted: Tumors whose classes were newly predicted.
        model_digest: Digest of the model.
        elapsed_s: Seconds.
    """

    study_ids: tuple[str, ...]
    num_tumors: int
    num_computed: int
    num_reused: int
    num_placed: int
    num_predicted: int
    model_digest: str
    elapsed_s: float


@dataclass(frozen=True, kw_only=True)
class LayoutOutcome:
    """A map that was fitted and published.

    Attributes:
        layout_id: Its version, increasing.
        name: Its name.
        num_tumors: Tumors on it.
        quality: How faithful it is.
        model_digest: Digest of the model whose embeddings it shows.
        elapsed_s: Seconds.
    """

    layout_id: int
    name: str
    num_tumors: int
    quality: LayoutQuality
    model_digest: str
    elapsed_s: float


@dataclass(frozen=True, kw_only=True)
class Neighbor:
    """A tumor near a placed one; `distance` is Euclidean between unit vectors, 0..2."""

    study_id: str
    sample_id: str
    distance: float
    cancer_type: str | None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One class of one task; `engine.heads.FLAG_RULES` explains the flags.

    Attributes:
        task: Name of the task.
        class_name: The class; empty where the task does not apply.
        probability: Calibrated, 0..1; None where the task does not apply, as the interval.
        lower: Lower end of the 95% interval.
        upper: Upper end of the 95% interval.
        flag: ok, uncertain, out_of_distribution or not_applicable.
    """

    task: str
    class_name: str
    probability: float | None
    lower: float | None
    upper: float | None
    flag: str


@dataclass(frozen=True, kw_only=True)
class OwnHeadSummary:
    """A head that the user trained, in figures of nested cross-validation by patient.

    Attributes:
        task: Its name.
        classes: Its classes.
        num_tumors: Labeled tumors behind it.
        num_patients: Their patients.
        num_by_class: Labeled tumors of each class.
        num_by_study: Labeled tumors of each study.
        auroc: Value and 95% interval; one class against the rest, mean over classes.
        accuracy: Value and 95% interval.
        ece: Calibration error, value and 95% interval.
        baselines: AUROC of each simple model on the same patients, value and 95% interval.
        differences: AUROC of the head minus that of each simple model, paired by patient.
        beats_simple: Whether it is ahead of each simple model beyond chance.
        verdict: The same in a sentence or two.
        model_digest: The encoder that it reads.
        created_at: When it was trained, ISO 8601, UTC.
    """

    task: str
    classes: tuple[str, ...]
    num_tumors: int
    num_patients: int
    num_by_class: dict[str, int]
    num_by_study: dict[str, int]
    auroc: dict[str, Any]
    accuracy: dict[str, Any]
    ece: dict[str, Any]
    baselines: dict[str, dict[str, Any]]
    differences: dict[str, dict[str, Any]]
    beats_simple: bool
    verdict: str
    model_digest: str
    created_at: str


@dataclass(frozen=True, kw_only=True)
class FinetuneOutcome:
    """A head that was trained on the user's labels.

    Attributes:
        head: What is behind it, and how well it does.
        num_predicted: Stored tumors that it predicted.
        notes: What became of labels that were not used, one sentence each.
        directory: Folder of the head: weights and card.
        elapsed_s: Seconds.
    """

    head: OwnHeadSummary
    num_predicted: int
    notes: tuple[str, ...]
    directory: Path
    elapsed_s: float


@dataclass(frozen=True, kw_only=True)
class PlacedTumor:
    """A tumor put on a frozen map.

    Attributes:
        sample_id: Its name.
        x: Position on the map.
        y: Position on the map.
        agreement: Share of its nearest tumors in the full space that are also nearest on the map,
            0..1; higher is more faithful.
        ood_score: How unlike the reference it is, 0..1; higher is stranger.
        out_of_distribution: Whether the score is beyond the stated threshold.
        neighbors: Its nearest tumors in the full space, the nearest first.
        num_alterations: Alterations that were read.
        num_tokens: Alterations that the encoder reads; the others enter as counts.
        predictions: What the shipped heads tell; empty when none are shipped.
    """

    sample_id: str
    x: float
    y: float
    agreement: float
    ood_score: float
    out_of_distribution: bool
    neighbors: tuple[Neighbor, ...]
    num_alterations: int
    num_tokens: int
    predictions: tuple[Prediction, ...] = ()

    @property
    def is_strange(self) -> bool:
        """Whether it must not be interpreted: by the model, else by the map."""
        told = [p.flag for p in self.predictions if p.task == STRANGENESS]
        return OUT_OF_DISTRIBUTION in told if told else self.out_of_distribution


@dataclass(frozen=True, kw_only=True)
class PlaceOutcome:
    """Tumors of a file, placed.

    Attributes:
        tumors: The tumors, in the order of their names.
        layout: Name of the map.
        layout_id: Version of the map.
        model_digest: Digest of the model.
        rule: The rule of the out-of-distribution flag, a sentence.
        saved_as: Study under which they were stored; None when nothing was stored.
        files: The account of every line, as in `ImportOutcome`.
        findings: What was rejected, skipped or warned of.
        notes: What the reader assumed.
        elapsed_s: Seconds.
    """

    tumors: tuple[PlacedTumor, ...]
    layout: str
    layout_id: int
    model_digest: str
    rule: str
    saved_as: str | None
    files: pa.Table
    findings: pa.Table
    notes: tuple[str, ...]
    elapsed_s: float


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that the doctor looked at.

    Attributes:
        name: What was looked at.
        status: ok, warn (works, but not as it could) or fail.
        found: What was found.
        advice: What to do; empty when nothing.
    """

    name: str
    status: Status
    found: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class ExplainAllOutcome:
    """What explaining one task of many tumors did.

    Attributes:
        task: The task.
        num_tumors: Tumors that it may be read for.
        num_explained: Tumors explained now.
        num_reused: Tumors whose explanation was stored already.
        elapsed_s: Seconds.
    """

    task: str
    num_tumors: int
    num_explained: int
    num_reused: int
    elapsed_s: float


@dataclass(frozen=True, kw_only=True)
class DemoOutcome:
    """The map of the bundled cohort.

    Attributes:
        study_id: Name of the synthetic study.
        num_tumors: Its tumors.
        layout_id: Version of the map.
        was_ready: Whether everything was there already.
        elapsed_s: Seconds.
    """

    study_id: str
    num_tumors: int
    layout_id: int
    was_ready: bool
    elapsed_s: float
