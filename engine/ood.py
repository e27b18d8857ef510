"""Does the model know when it does not know: how unlike the reference a tumor is.

Two measures, both from means, covariances and frequencies of the training tumors, nobody's row:
whether chance explains the altered genes better than any kind of tumor does ("nonsense"), and how
undecided the features are between all kinds ("undecided"). The map plays no part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_safetensors
from safetensors.numpy import save_file

from engine.errors import WeightsError
from engine.gene_patterns import GenePatterns, num_mutated
from engine.readout import Readout
from engine.tokens import COPY_NUMBER, TumorTokens
from engine.type_space import TypeSpace

OOD, OOD_CARD = "ood.safetensors", "ood.json"

FLAGGED_ABOVE = 0.955
"""Share of held-out reference tumors that a flagged tumor is stranger than; a little above 0.95,
so that at most 5% of new tumors like the reference are flagged."""

OOD_RULE = (
    "A tumor is out of distribution when it is stranger than 95.5% of the reference tumors that "
    "were held out of training and whose copy number was measured the same way: when chance "
    "explains its altered genes better than any kind of tumor does, or when the model is less "
    "decided about what kind it is."
)

UNDECIDED_WEIGHTS = (0.0, 1.0)
"""What indecision counts beside nonsense in each stratum; chosen on validation tumors. Without
copy number nearly every tumor is undecided, and the measure only costs false flags."""

NUM_QUANTILES = 1001
STRATA = ("copy number not graded", "copy number graded")
USUAL_COHERENCE = 0.9
"""Stands in where copy number says nothing: the median of graded tumors."""

EVIDENCE = (
    "log ratio per root gene",
    "log ratio",
    "log mutated genes",
    "log mutated genes squared",
    "coherence of copy number",
    "coherence squared",
    "coherence known",
    "log distance",
    "entropy",
    "entropy by log mutated genes",
    "log distance by log mutated genes",
    "log ratio by log mutated genes",
)


@dataclass(frozen=True, kw_only=True)
class Strangeness:
    """How unlike the reference N tumors are.

    Args:
        scores: Share of held-out reference tumors that are less strange, 0..1, (N,).
        out_of_distribution: Where `OOD_RULE` holds, (N,), bool.
    """

    scores: NDArray[np.float64]
    out_of_distribution: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class OodDetector:
    """The measures, and how they are spread among held-out reference tumors.

    Args:
        patterns: Frequencies of mutated genes in kinds of tumors.
        space: Kinds of tumors in the space of `Readout.frozen`.
        weights: Weights of `EVIDENCE` and, last, the bias: the logit of nonsense, (E + 1,).
        nonsense: Its quantiles in each stratum, (2, Q), ascending.
        undecided: The same of the entropy, nats.
        strangeness: The same of the two together.
        card: What it was fitted on and how well it does, JSON values.
    """

    patterns: GenePatterns
    space: TypeSpace
    weights: NDArray[np.float64]
    nonsense: NDArray[np.float64]
    undecided: NDArray[np.float64]
    strangeness: NDArray[np.float64]
    card: dict[str, Any] = field(default_factory=dict)

    def score(self, tokens: TumorTokens, readout: Readout) -> Strangeness:
        """Tell how strange tumors are.

        Args:
            tokens: N tumors.
            readout: The same, as the encoder tells them.

        Returns:
            Scores and flags; those of a tumor do not depend on the others.

        Raises:
            WeightsError: If the readout is not as wide as the one that this was fitted on.
        """
        self._check_width(readout)
        evidence = gather_evidence(tokens, readout, self.patterns, self.space)
        nonsense, undecided = measures(evidence, self.weights)
        stratum = stratum_of(tokens)
        tails = (
            log_tail(nonsense, self.nonsense, stratum),
            log_tail(undecided, self.undecided, stratum),
        )
        scores = share_below(combine(*tails, stratum), self.strangeness, stratum)
        return Strangeness(scores=scores, out_of_distribution=scores > FLAGGED_ABOVE)

    def _check_width(self, readout: Readout) -> None:
        found, expected = readout.frozen.shape, len(self.space.center)
        if found[1] != expected:
            raise WeightsError(
                f"Found features of shape {found}, expected (N, {expected}) as the "
                "out-of-distribution score was fitted on. Use the files that belong to the encoder."
            )

    def save(self, directory: Path) -> None:
        """Write it beside the weights; `engine.weights.seal` comes after."""
        arrays = {
            "patterns.log_frequencies": np.log(self.patterns.frequencies).astype(np.float16),
            "patterns.shares": self.patterns.shares,
            "patterns.state_shares": self.patterns.state_shares,
            "space.center": self.space.center,
            "space.basis": self.space.basis,
            "space.means": self.space.means,
            "space.shares": self.space.shares,
        } | {name: getattr(self, name) for name in TABLES}
        save_file(
            {name: np.ascontiguousarray(values) for name, values in arrays.items()},
            directory / OOD,
        )
        card = self.card | {"temperature": self.space.temperature, "rule": OOD_RULE}
        (directory / OOD_CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def parse(cls, contents: Mapping[str, bytes]) -> OodDetector | None:
        """Read the detector of a model.

        Args:
            contents: Verified files of the model, by name.

        Returns:
            The detector; None where the model has none.

        Raises:
            WeightsError: If a file is missing or says something else than it should.
        """
        if OOD not in contents:
            return None
        try:
            card = json.loads(contents[OOD_CARD])
            arrays = parse_safetensors(contents[OOD])
            return cls(
                patterns=_patterns(arrays),
                space=_space(arrays, card["temperature"]),
                card=card,
                **{name: arrays[name] for name in TABLES},
            )
        except (ValueError, KeyError, SafetensorError) as error:
            raise WeightsError(
                "The out-of-distribution score of the model cannot be read "
                f"({type(error).__name__}). Reinstall TumorXY or train the model again."
            ) from error


TABLES = ("weights", "nonsense", "undecided", "strangeness")


def gather_evidence(
    tokens: TumorTokens, readout: Readout, patterns: GenePatterns, space: TypeSpace
) -> NDArray[np.float64]:
    """Lay out what speaks for and against nonsense.

    Args:
        tokens: N tumors.
        readout: The same, as the encoder tells them.
        patterns: Frequencies of mutated genes.
        space: Kinds of tumors among the features.

    Returns:
        (N, E), columns as `EVIDENCE`.
    """
    ratio = patterns.log_ratio(tokens)
    number = num_mutated(tokens)
    bounded, width = np.clip(ratio, -20, 40) / 10, np.log1p(number)
    coherence = copy_number_coherence(tokens)
    known = np.isfinite(coherence)
    coherence = np.where(known, coherence, USUAL_COHERENCE)
    distance, entropy = space.strangeness(readout.frozen)
    distance = np.log(np.maximum(distance, 1e-6))
    columns = [
        ratio / np.sqrt(number + 1),
        bounded,
        width,
        width**2,
        coherence,
        coherence**2 * known,
        known,
        distance,
        entropy,
        entropy * width,
        distance * width,
        bounded * width,
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def measures(
    evidence: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tell the logit of nonsense and the entropy in nats, (N,) each, to three decimals.

    Equal tumors must score the same, and the last bits depend on the batch.
    """
    logit = evidence @ weights[:-1] + weights[-1]
    return logit.round(3), evidence[:, EVIDENCE.index("entropy")].round(3)


def copy_number_coherence(tokens: TumorTokens) -> NDArray[np.float64]:
    """Correlate the copy number of each gene with that of the next gene along the genome.

    Arms and chromosomes change as wholes, so real tumors have values near 1, and shuffled genes
    near 0.

    Args:
        tokens: N tumors.

    Returns:
        Lag-one autocorrelation, (N,); NaN where copy number was not graded or nothing changed.
    """
    told = np.full(len(tokens), np.nan)
    for panel in np.unique(tokens.panel[:, COPY_NUMBER]):
        genes = np.flatnonzero(tokens.panel_masks[panel])
        rows = np.flatnonzero((tokens.panel[:, COPY_NUMBER] == panel) & tokens.graded)
        if len(genes) < 2 or not len(rows):
            continue
        levels = tokens.copy_level[np.ix_(rows, genes)].astype(np.float32)
        levels -= levels.mean(axis=1, keepdims=True)
        squares = (levels**2).sum(axis=1)
        products = (levels[:, 1:] * levels[:, :-1]).sum(axis=1)
        changed = squares > 0
        told[rows[changed]] = products[changed] / squares[changed]
    return told


def stratum_of(tokens: TumorTokens) -> NDArray[np.int64]:
    """Number the stratum of `STRATA` that each tumor is compared with, (N,)."""
    return np.asarray(tokens.graded).astype(np.int64)


def quantiles_by_stratum(
    values: NDArray[np.float64], stratum: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Summarize values (N,) at 1,001 evenly spaced shares in each stratum, (2, Q).

    A stratum without tumors is given the quantiles of all.
    """
    shares = np.linspace(0, 1, NUM_QUANTILES)
    parts = [values[stratum == i] for i in range(len(STRATA))]
    return np.array([np.quantile(part if len(part) else values, shares) for part in parts])


def share_below(
    values: NDArray[np.float64], quantiles: NDArray[np.float64], stratum: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Tell the share of the reference of the same stratum that lies below each value, (N,)."""
    below = np.empty(len(values))
    for i, ascending in enumerate(quantiles):
        chosen = stratum == i
        below[chosen] = np.searchsorted(ascending, values[chosen], side="left")
    return np.minimum(below / (NUM_QUANTILES - 1), 1.0)


def log_tail(
    values: NDArray[np.float64], quantiles: NDArray[np.float64], stratum: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Tell how rare values as high are in the reference: minus the logarithm of their share."""
    above = 1 - share_below(values, quantiles, stratum)
    return -np.log(np.maximum(above, 1 / NUM_QUANTILES))


def combine(
    nonsense: NDArray[np.float64], undecided: NDArray[np.float64], stratum: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Take the stranger of two measures, (N,); a trace of their sum orders equals."""
    weighted = np.array(UNDECIDED_WEIGHTS)[stratum] * undecided
    together: NDArray[np.float64] = np.maximum(nonsense, weighted) + 1e-3 * (nonsense + weighted)
    return together


def _patterns(arrays: Mapping[str, NDArray[Any]]) -> GenePatterns:
    return GenePatterns(
        frequencies=np.exp(arrays["patterns.log_frequencies"].astype(np.float32)),
        shares=arrays["patterns.shares"],
        state_shares=arrays["patterns.state_shares"],
    )


def _space(arrays: Mapping[str, NDArray[Any]], temperature: float) -> TypeSpace:
    return TypeSpace(
        center=arrays["space.center"],
        basis=arrays["space.basis"],
        means=arrays["space.means"],
        shares=arrays["space.shares"],
        temperature=temperature,
    )
