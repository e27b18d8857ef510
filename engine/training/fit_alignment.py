"""Fit the alignment: a linear discriminant in which a tumor's views and a type's studies are noise.

References:
    Fisher 1936, The use of multiple measurements in taxonomic problems; Rao 1948, for many classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from scipy.linalg import eigh

from engine.alignment import Alignment
from engine.batching import Batch
from engine.embed import Encoder
from engine.progress import Progress, no_progress
from engine.tokens import MUTATIONS, TumorTokens
from engine.training.views import GeneFacts, ViewConfig, gene_facts, random_view

Floats = npt.NDArray[np.float64]
View = Callable[[Batch], Batch]


@dataclass(frozen=True, kw_only=True)
class AlignmentConfig:
    """What the alignment weighs; chosen on validation patients."""

    most_tumors: int = 6_000  # of one study
    type_weight: float = 50.0  # of the spread between cancer types, beside that between tumors
    study_weight: float = 10.0  # of the spread between studies of a type, beside that of views
    ridge: float = 0.05  # share of the mean variance over views, added to every direction
    fewest: int = 40  # tumors of a type, in a study, from which on its mean is told
    seed: int = 0


DEFAULTS = AlignmentConfig()
UNKNOWN = ""

_PANEL = ViewConfig(
    panel_share=1.0,
    hidden_share=0.0,
    modality_share=1.0,
    detail_share=0.0,
    kind_share=0.0,
    promoter_share=0.0,
)
_PANEL_WITHOUT_DETAILS = replace(_PANEL, detail_share=0.5, kind_share=1.0, promoter_share=0.5)
_WITHOUT_DETAILS = replace(_PANEL_WITHOUT_DETAILS, panel_share=0.0, modality_share=0.0)
VIEWS = (_WITHOUT_DETAILS, _PANEL, _PANEL, _PANEL_WITHOUT_DETAILS)
"""Views of each tumor beside the whole tumor."""


@dataclass(frozen=True, kw_only=True)
class TypedTumors:
    """N training tumors.

    Args:
        tokens: The tumors.
        types: Type of each, under one name in all studies; empty where not known.
        studies: Study of each.
    """

    tokens: TumorTokens
    types: Sequence[str]
    studies: Sequence[str]


def fit_alignment(
    encoder: Encoder,
    tumors: TypedTumors,
    config: AlignmentConfig = DEFAULTS,
    progress: Progress = no_progress,
) -> Alignment:
    """Fit the alignment of an encoder.

    Args:
        encoder: The encoder.
        tumors: Tumors of training patients.
        config: What is weighed.
        progress: Told how far the reading is.

    Returns:
        The alignment, as wide as the encoder's own embedding.
    """
    rows = _draw(tumors, config)
    tokens = tumors.tokens.take(rows)
    types, studies = np.array(tumors.types)[rows], np.array(tumors.studies)[rows]
    seen = _read_views(encoder, tokens, config.seed, progress)
    center, scale = _standard(seen)
    views = [(features - center) / scale for features in seen]
    tumor = np.mean(views, axis=0)
    within = _covariance(np.concatenate([view - tumor for view in views]))
    noise = within + config.study_weight * np.mean(
        [study_scatter(view, types, studies, config.fewest) for view in views], axis=0
    )
    signal = np.cov(tumor.T) + config.type_weight * type_scatter(tumor, types, config.fewest)
    noise += config.ridge * np.trace(within) / len(within) * np.eye(len(within))
    axes = discriminants(signal, noise, encoder.width) / scale[:, None]
    told = (torch.from_numpy(values.astype(np.float32)) for values in (center, axes))
    return Alignment(*told)


def discriminants(signal: Floats, noise: Floats, width: int) -> Floats:
    """Return the directions with most signal for their noise, weighted by the signal's share.

    Args:
        signal: Covariance of what is kept, (F, F).
        noise: Covariance of what is shrunk, (F, F), positive definite.
        width: D.

    Returns:
        Columns of `signal v = r noise v`, `v' noise v = 1`, times r / (1 + r), (F, D); columns
        of zeros where F < D.
    """
    ratios, directions = eigh(signal, noise)
    kept = np.maximum(ratios[::-1][:width], 0)
    axes = np.zeros((len(signal), width))
    axes[:, : len(kept)] = directions[:, ::-1][:, :width] * (kept / (1 + kept))
    return axes


def study_scatter(
    features: Floats, types: npt.NDArray[np.str_], studies: npt.NDArray[np.str_], fewest: int
) -> Floats:
    """Spread between the studies' means within their type.

    Args:
        features: (N, F).
        types: Type of each tumor, (N,); empty where not known.
        studies: Study of each tumor, (N,).
        fewest: Tumors that a type needs in a study.

    Returns:
        Mean outer product of the gaps, (F, F), each type weighted by its smallest study: for two
        studies that of the difference of their means. Zeros where no type is in two studies.
    """
    total, weights = np.zeros((features.shape[1],) * 2), 0.0
    for name in np.unique(types[types != UNKNOWN]):
        of_type = types == name
        sides = [of_type & (studies == study) for study in np.unique(studies[of_type])]
        sides = [side for side in sides if side.sum() >= fewest]
        if len(sides) < 2:
            continue
        means = np.array([features[side].mean(axis=0) for side in sides])
        gaps = 2 * (means - means.mean(axis=0))
        weight = float(min(side.sum() for side in sides))
        total += weight * gaps.T @ gaps / len(gaps)
        weights += weight
    return total / max(weights, 1.0)


def type_scatter(features: Floats, types: npt.NDArray[np.str_], fewest: int) -> Floats:
    """Spread of the types' means around the mean tumor, each weighted by its tumors, (F, F)."""
    total, weights = np.zeros((features.shape[1],) * 2), 0
    for name in np.unique(types[types != UNKNOWN]):
        of_type = types == name
        if of_type.sum() >= fewest:
            gap = features[of_type].mean(axis=0) - features.mean(axis=0)
            total += of_type.sum() * np.outer(gap, gap)
            weights += int(of_type.sum())
    return total / max(weights, 1)


def _draw(tumors: TypedTumors, config: AlignmentConfig) -> npt.NDArray[np.int64]:
    """Draw at most so many sequenced tumors of each study."""
    generator = np.random.default_rng(config.seed)
    studies, sequenced = np.array(tumors.studies), tumors.tokens.panel[:, MUTATIONS] > 0
    drawn = [
        generator.permutation(np.flatnonzero(sequenced & (studies == study)))[: config.most_tumors]
        for study in np.unique(studies)
    ]
    return np.sort(np.concatenate(drawn))


def _read_views(
    encoder: Encoder, tokens: TumorTokens, seed: int, progress: Progress
) -> list[npt.NDArray[np.float32]]:
    facts, generator = gene_facts(encoder.vocabulary), torch.Generator().manual_seed(seed)
    views: list[View | None] = [None, *(_view(facts, config, generator) for config in VIEWS)]
    return [encoder.read(tokens, view=view, progress=progress).frozen for view in views]


def _view(facts: GeneFacts, config: ViewConfig, generator: torch.Generator) -> View:
    def view(batch: Batch) -> Batch:
        return random_view(batch, facts, config, generator)[0]

    return view


def _standard(seen: list[npt.NDArray[np.float32]]) -> tuple[Floats, Floats]:
    every = np.concatenate(seen).astype(np.float64)
    return every.mean(axis=0), every.std(axis=0) + 1e-3


def _covariance(gaps: Floats) -> Floats:
    product: Floats = gaps.T @ gaps / len(gaps)
    return product
