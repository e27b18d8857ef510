"""Fit the out-of-distribution score: aggregates on training tumors, the rule on validation ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from engine.embed import Encoder
from engine.errors import TrainingError
from engine.gene_patterns import GenePatterns, num_mutated
from engine.ood import (
    OodDetector,
    combine,
    gather_evidence,
    log_tail,
    measures,
    quantiles_by_stratum,
    stratum_of,
)
from engine.progress import Progress, no_progress
from engine.readout import Readout
from engine.tokens import TumorTokens
from engine.training.fit_type_space import fit_type_space
from engine.training.gene_frequencies import fit_patterns
from engine.training.shuffle import shuffle_genes
from engine.training.split import TRAIN, VALIDATION
from engine.type_space import TypeSpace
from engine.weights import seal

FEWEST_VALIDATION = 50
MUTATIONS_ALONE = 0.25
"""Weight of tumors whose mutations alone were shuffled beside those shuffled as a whole."""

SEED = 0


@dataclass(frozen=True, kw_only=True)
class ReadTumors:
    """Tumors as tokens and as the encoder tells them.

    Args:
        tokens: N tumors.
        readout: The same, as the encoder tells them.
        cancer_types: Type of each, qualified by study where studies name types differently.
    """

    tokens: TumorTokens
    readout: Readout
    cancer_types: Sequence[str]

    def take(self, rows: NDArray[np.int64]) -> ReadTumors:
        """Select tumors, (n,) rows in the wanted order."""
        return ReadTumors(
            tokens=self.tokens.take(rows),
            readout=self.readout.take(rows),
            cancer_types=[self.cancer_types[i] for i in rows],
        )


def fit_detector(
    encoder: Encoder, train: ReadTumors, validation: ReadTumors, progress: Progress = no_progress
) -> OodDetector:
    """Fit frequencies and clouds on training tumors, and the rule on validation tumors.

    Args:
        encoder: The encoder.
        train: Tumors of training patients.
        validation: Tumors of other patients.
        progress: Told how far the reading of shuffled tumors is.

    Returns:
        The detector.

    Raises:
        TrainingError: If fewer than 50 validation tumors are given, or cancer types are missing.
    """
    tokens = validation.tokens
    _require_enough(tokens)
    patterns = fit_patterns(train.tokens, train.cancer_types)
    seen, held_out = train.readout.frozen, validation.readout.frozen
    space = fit_type_space(seen, train.cancer_types, held_out, validation.cancer_types)
    known = gather_evidence(tokens, validation.readout, patterns, space)
    shuffled = _shuffled(encoder, tokens, patterns, space, progress)
    weights = _nonsense_weights(known, shuffled, tokens)
    return OodDetector(
        patterns=patterns,
        space=space,
        weights=weights,
        **_tables(known, weights, tokens),
        card={
            "num_training": len(train.tokens),
            "num_validation": len(tokens),
            "num_kinds": len(patterns.shares),
            "num_clouds": len(space.shares),
        },
    )


def _require_enough(tokens: TumorTokens) -> None:
    if len(tokens) < FEWEST_VALIDATION:
        raise TrainingError(
            f"Found {len(tokens)} validation tumors, the out-of-distribution rule needs at least "
            f"{FEWEST_VALIDATION}. Add studies."
        )


def _shuffled(
    encoder: Encoder,
    tokens: TumorTokens,
    patterns: GenePatterns,
    space: TypeSpace,
    progress: Progress,
) -> list[NDArray[np.float64]]:
    """Gather the evidence on tumors shuffled as a whole, and on their mutations shuffled alone."""
    found = []
    for i, copy_number in enumerate((True, False)):
        nonsense = shuffle_genes(tokens, encoder.vocabulary, SEED + i, copy_number=copy_number)
        read = encoder.read(nonsense, progress=progress)
        found.append(gather_evidence(nonsense, read, patterns, space))
    return found


def _nonsense_weights(
    known: NDArray[np.float64], shuffled: list[NDArray[np.float64]], tokens: TumorTokens
) -> NDArray[np.float64]:
    """Tell tumors from their shuffled selves by logistic regression, (E + 1,)."""
    altered = num_mutated(tokens) > 0
    graded = np.asarray(tokens.graded)
    parts = [
        (known, np.ones(len(known)), 0),
        (shuffled[0][altered], np.full(int(altered.sum()), 0.5), 1),
        (shuffled[1][altered & graded], np.full(int((altered & graded).sum()), MUTATIONS_ALONE), 1),
    ]
    inputs = np.concatenate([part for part, _, _ in parts])
    weights = np.concatenate([weight for _, weight, _ in parts])
    truth = np.concatenate([np.full(len(part), label) for part, _, label in parts])
    center, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(max_iter=500)
    model.fit((inputs - center) / scale, truth, sample_weight=weights)
    raw = model.coef_[0] / scale
    return np.append(raw, model.intercept_[0] - raw @ center)


def _tables(
    known: NDArray[np.float64], weights: NDArray[np.float64], tokens: TumorTokens
) -> dict[str, NDArray[np.float64]]:
    """Summarize how the measures are spread among the validation tumors."""
    stratum = stratum_of(tokens)
    logit, entropy = measures(known, weights)
    nonsense = quantiles_by_stratum(logit, stratum)
    undecided = quantiles_by_stratum(entropy, stratum)
    tails = log_tail(logit, nonsense, stratum), log_tail(entropy, undecided, stratum)
    together = combine(*tails, stratum)
    return {
        "nonsense": nonsense,
        "undecided": undecided,
        "strangeness": quantiles_by_stratum(together, stratum),
    }


def add_detector(
    directory: Path,
    tumors: TumorTokens,
    cancer_types: Sequence[str],
    parts: NDArray[np.str_],
    *,
    progress: Progress = no_progress,
) -> None:
    """Fit the detector of a model folder, write it beside the weights and seal the folder.

    Args:
        directory: Folder of the encoder.
        tumors: N tumors.
        cancer_types: Type of each.
        parts: Part of each, (N,); those of the test part are not read.
        progress: Told how far the work is.
    """
    encoder = Encoder.load(directory)
    train, validation = (
        read_tumors(encoder, tumors, cancer_types, np.flatnonzero(parts == part), progress)
        for part in (TRAIN, VALIDATION)
    )
    fit_detector(encoder, train, validation, progress).save(directory)
    seal(directory)


def read_tumors(
    encoder: Encoder,
    tokens: TumorTokens,
    cancer_types: Sequence[str],
    rows: NDArray[np.int64],
    progress: Progress = no_progress,
) -> ReadTumors:
    """Read some tumors of a cohort, (n,) rows in the wanted order."""
    chosen = tokens.take(rows)
    return ReadTumors(
        tokens=chosen,
        readout=encoder.read(chosen, progress=progress),
        cancer_types=[cancer_types[i] for i in rows],
    )
