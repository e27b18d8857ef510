"""From a pretrained encoder and labels to all that reads it: alignment, adapter, then heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from engine.batching import Batch
from engine.embed import Encoder
from engine.head_tasks import CANCER_TYPE, ONCOTREE_TYPE
from engine.progress import Progress, no_progress
from engine.tokens import TumorTokens
from engine.training.adapt import AdaptConfig, train_adapter
from engine.training.fit_alignment import UNKNOWN, TypedTumors, fit_alignment
from engine.training.fit_conformal import fit_conformal
from engine.training.fit_directions import fit_directions
from engine.training.fit_heads import DEFAULTS, LabeledTumors, fit_heads, fittable_tasks
from engine.training.logistic import HeadsConfig
from engine.training.split import TRAIN, part_of
from engine.training.views import gene_facts, random_panel, without_copy_number
from engine.type_names import type_code
from engine.weights import load_model, seal

ADAPTER_DEFAULTS = AdaptConfig()
FEWEST_FOR_ADAPTER = 2_000
"""Labeled training tumors from which on an adapter pays; with fewer, heads read frozen features."""


@dataclass(frozen=True, kw_only=True)
class LabeledCohort:
    """N tumors of one or more studies with what is known of their classes.

    Args:
        tokens: The tumors.
        patient_ids: Patient of each tumor; they decide its part.
        cohorts: Study of each tumor.
        labels: By task, the class of each tumor, None where unknown.
    """

    tokens: TumorTokens
    patient_ids: Sequence[str]
    cohorts: Sequence[str]
    labels: Mapping[str, Sequence[str | None]]


def fit_model(
    directory: Path,
    cohort: LabeledCohort,
    *,
    adapt: AdaptConfig = ADAPTER_DEFAULTS,
    heads: HeadsConfig = DEFAULTS,
    progress: Progress = no_progress,
) -> tuple[str, ...]:
    """Fit what reads an encoder, write it beside its weights and seal the folder.

    Args:
        directory: Folder of the encoder.
        cohort: Labeled tumors.
        adapt: How the adapter is trained.
        heads: How the heads are fitted.
        progress: Told how far the work is.

    Returns:
        Tasks that got a head: those with labeled tumors enough to fit, choose and report on.
    """
    chosen = fittable_tasks(cohort.labels, cohort.patient_ids)
    if not chosen:
        return ()
    labels = {task: cohort.labels[task] for task in chosen}
    trained = np.flatnonzero(part_of(cohort.patient_ids) == TRAIN)
    _align(directory, cohort, trained, progress)
    if _num_labeled(labels, trained) >= FEWEST_FOR_ADAPTER:
        _adapt(directory, cohort.tokens.take(trained), _columns(labels, trained), adapt, progress)
    tumors = _read(Encoder.load(directory), cohort, labels, progress)
    fitted = fit_heads(tumors, config=heads, progress=progress)
    fitted.save(directory)
    fit_conformal(fitted, tumors).save(directory)
    fit_directions(tumors).save(directory)
    seal(directory)
    return chosen


def _align(
    directory: Path, cohort: LabeledCohort, rows: npt.NDArray[np.int64], progress: Progress
) -> None:
    nothing = [None] * len(cohort.cohorts)
    codes = (cohort.labels.get(task, nothing) for task in (CANCER_TYPE, ONCOTREE_TYPE))
    types = [
        type_code(tcga, tree) if tcga or tree else UNKNOWN
        for tcga, tree in zip(*codes, strict=True)
    ]
    tumors = TypedTumors(
        tokens=cohort.tokens.take(rows),
        types=[types[i] for i in rows],
        studies=[cohort.cohorts[i] for i in rows],
    )
    encoder = Encoder(load_model(directory))
    fit_alignment(encoder, tumors, progress=progress).save(directory)
    seal(directory)


def _adapt(
    directory: Path,
    tokens: TumorTokens,
    labels: Mapping[str, Sequence[str | None]],
    config: AdaptConfig,
    progress: Progress,
) -> None:
    loaded = load_model(directory)
    facts = gene_facts(loaded.vocabulary)
    result = train_adapter(loaded.model, tokens, labels, facts, config=config, progress=progress)
    result.adapted.save(directory, result.card)
    seal(directory)


def _read(
    encoder: Encoder,
    cohort: LabeledCohort,
    labels: Mapping[str, Sequence[str | None]],
    progress: Progress,
) -> LabeledTumors:
    """Read labeled tumors as they are, through a random panel each, and without copy number."""
    rows = np.flatnonzero(_is_labeled(labels))
    tokens = cohort.tokens.take(rows)
    facts, generator = gene_facts(encoder.vocabulary), torch.Generator().manual_seed(0)

    def through_a_panel(batch: Batch) -> Batch:
        return random_panel(batch, facts, generator)

    views = (None, through_a_panel, without_copy_number)
    whole, *narrow = (encoder.read(tokens, view=view, progress=progress) for view in views)
    return LabeledTumors(
        readout=whole,
        views=tuple(narrow),
        patient_ids=np.array(cohort.patient_ids)[rows].tolist(),
        cohorts=np.array(cohort.cohorts)[rows].tolist(),
        labels=_columns(labels, rows),
    )


def _columns(
    labels: Mapping[str, Sequence[str | None]], rows: npt.NDArray[np.int64]
) -> dict[str, list[str | None]]:
    return {task: [column[i] for i in rows] for task, column in labels.items()}


def _is_labeled(labels: Mapping[str, Sequence[str | None]]) -> npt.NDArray[np.bool_]:
    rows = zip(*labels.values(), strict=True)
    return np.array([any(label is not None for label in row) for row in rows])


def _num_labeled(labels: Mapping[str, Sequence[str | None]], rows: npt.NDArray[np.int64]) -> int:
    return int(_is_labeled(labels)[rows].sum())
