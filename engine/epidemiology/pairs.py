"""Pairs of alterations over a cohort: together more often than chance, or never together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.epidemiology.associations import (
    Associations,
    Estimate,
    Tables,
    associate,
    estimate_of,
    find_q_values,
)
from engine.epidemiology.counts import Feature, Features
from engine.progress import Progress, no_progress

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

BIN_RATIO = 1.25
"""Tumors of one bin of burden differ by less than this factor in how many genes are altered."""
MOST_BINS = 40
"""Bins above which numbers of altered genes are not told apart: about 7,500 genes."""
MOST_CELLS = 4_000_000
"""Counts by stratum and pair that are held at once; 32 MB each."""


@dataclass(frozen=True, kw_only=True)
class PairConfig:
    """Which pairs are tested.

    Args:
        least_altered: Tumors, profiled for both, that must have each of the two.
    """

    least_altered: int = 10


DEFAULTS = PairConfig()


@dataclass(frozen=True, kw_only=True)
class PairRecord:
    """Two features over a cohort, counted among the tumors profiled for both.

    Attributes:
        first: One feature.
        second: The other.
        both: Tumors that have both.
        first_only: Tumors that have the first only.
        second_only: Tumors that have the second only.
        neither: Tumors that have neither.
        crude: Association, nothing held fixed.
        within_strata: Association within strata.
        within_burden: Association within strata and bins of the burden of other genes; the one
            to believe. Equal to `within_strata` where no burden was given.
    """

    first: Feature
    second: Feature
    both: int
    first_only: int
    second_only: int
    neither: int
    crude: Estimate
    within_strata: Estimate
    within_burden: Estimate

    @property
    def num_profiled(self) -> int:
        """Tumors profiled for both."""
        return self.both + self.first_only + self.second_only + self.neither


@dataclass(frozen=True, kw_only=True, eq=False)
class PairStatistics:
    """P pairs of features.

    Attributes:
        features: The features.
        first: Column of the first of each pair, (P,).
        second: Column of the second, (P,).
        counts: Both, first only, second only, neither, (P, 4), int64.
        crude: Associations, nothing held fixed.
        within_strata: Associations within strata.
        within_burden: Associations within strata and burden.
        is_tested: Pairs of features that are both frequent enough, (P,).
    """

    features: tuple[Feature, ...]
    first: Codes
    second: Codes
    counts: Codes
    crude: Associations
    within_strata: Associations
    within_burden: Associations
    is_tested: Mask

    def record(self, pair: int) -> PairRecord:
        """Return everything that is known of a pair."""
        estimates = {
            name: estimate_of(found, find_q_values(found.p_value, self.is_tested), pair)
            for name, found in (
                ("crude", self.crude),
                ("within_strata", self.within_strata),
                ("within_burden", self.within_burden),
            )
        }
        both, first_only, second_only, neither = self.counts[pair].tolist()
        return PairRecord(
            first=self.features[self.first[pair]],
            second=self.features[self.second[pair]],
            both=both,
            first_only=first_only,
            second_only=second_only,
            neither=neither,
            **estimates,
        )

    def ranked(self) -> Codes:
        """Return the tested pairs, the one with most evidence first."""
        tested = np.flatnonzero(self.is_tested)
        order: Codes = tested[np.argsort(-np.abs(self.within_burden.z[tested]), kind="stable")]
        return order


def burden_of(features: Features, group: str) -> Codes:
    """Count the genes that are altered in each tumor in one way.

    Args:
        features: Features of N tumors.
        group: The group whose features are counted, for example `mutation`.

    Returns:
        Number of features that each tumor has, (N,). It compares within a panel only.
    """
    counted = np.array([feature.group == group for feature in features.features])
    number: Codes = np.bincount(
        features.tumor[counted[features.column]], minlength=features.num_tumors
    )
    return number


def pair_statistics(
    features: Features,
    strata: Codes,
    *,
    burden: Codes | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
    config: PairConfig = DEFAULTS,
    progress: Progress = no_progress,
) -> PairStatistics:
    """Tell which features occur together, and which exclude each other.

    A tumor with many alterations has any two of them together. With `burden`, tumors are compared
    that have about as many altered genes besides the two: a bin by all genes would hold
    the two against each other, because what one adds to the burden the other must not.

    Args:
        features: Features of N tumors; a tumor counts for a pair if it is profiled for both.
        strata: Stratum of each tumor, (N,), for example cancer type and panel.
        burden: Number of altered genes of each tumor, (N,), the features among them, as
            `burden_of` counts it for their group.
        pairs: Columns of the features of each pair; all pairs by default.
        config: Which are tested.
        progress: Told the number of features done.

    Returns:
        Counts and associations; an odds ratio above 1 is together more often than apart.
    """
    first, second = _pairs(len(features.features), pairs)
    has, known = features.dense()
    one = np.zeros(len(strata), dtype=np.int64)
    groupings = [(one,) * 3, (_numbered(strata),) * 3]
    if burden is not None:
        groupings.append(_by_burden(strata, burden))
    found = []
    for step, grouping in enumerate(groupings):
        found.append(_associate(has, known, grouping, first, second))
        progress("Counting pairs", step + 1, len(groupings))
    counts = found[0][1]
    least = np.minimum(counts[:, 0] + counts[:, 1], counts[:, 0] + counts[:, 2])
    return PairStatistics(
        features=features.features,
        first=first,
        second=second,
        counts=counts,
        crude=found[0][0],
        within_strata=found[1][0],
        within_burden=found[-1][0],
        is_tested=least >= config.least_altered,
    )


def _pairs(num_features: int, pairs: Sequence[tuple[int, int]] | None) -> tuple[Codes, Codes]:
    if pairs is None:
        first, second = np.triu_indices(num_features, k=1)
        return first, second
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


Grouping = tuple[Codes, Codes, Codes]
"""Group of each tumor where it has neither, one and both of the two features, (N,) each."""


def _numbered(strata: Codes) -> Codes:
    codes: Codes = np.unique(strata, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return codes


def _by_burden(strata: Codes, burden: Codes) -> Grouping:
    """Group tumors by stratum and by how many other genes are altered."""
    parts = [strata * (MOST_BINS + 1) + burden_bins(burden - own) for own in (0, 1, 2)]
    numbered = _numbered(np.concatenate(parts)).reshape(3, -1)
    return numbered[0], numbered[1], numbered[2]


def burden_bins(burden: Codes) -> Codes:
    """Bin numbers of altered genes: few are told apart, many by their ratio.

    Args:
        burden: Altered genes of each tumor, (N,), 0 or more.

    Returns:
        Bin of each, (N,), int64, 0 for no altered gene.
    """
    bins: Codes = np.floor(np.log(np.maximum(burden, 1)) / np.log(BIN_RATIO)).astype(np.int64)
    return np.where(burden > 0, np.minimum(bins + 1, MOST_BINS), 0)


def cross_count(left: Mask, right: Mask, groups: Codes, num_groups: int) -> Floats:
    """Count tumors that have one feature and another, by group.

    Args:
        left: Who has each of A features, (N, A).
        right: Who has each of B features, (N, B).
        groups: Group of each tumor, (N,); -1 is not counted.
        num_groups: K.

    Returns:
        Counts, (K, A, B), float64.
    """
    counts = np.zeros((num_groups, left.shape[1], right.shape[1]))
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(num_groups + 1))
    # Sums of float32 ones are exact up to 2**24 tumors.
    sorted_left, sorted_right = (part[order].astype(np.float32) for part in (left, right))
    for group in np.flatnonzero(np.diff(bounds)):
        rows = slice(bounds[group], bounds[group + 1])
        counts[group] = sorted_left[rows].T @ sorted_right[rows]
    return counts


def _associate(
    has: Mask, known: Mask, grouping: Grouping, first: Codes, second: Codes
) -> tuple[Associations, Codes]:
    """Associate chunks of pairs that share few first features."""
    num_groups = max(int(groups.max(initial=0)) for groups in grouping) + 1
    per_chunk = max(1, MOST_CELLS // (num_groups * has.shape[1]))
    parts, counts = [], np.zeros((len(first), 4), dtype=np.int64)
    order = np.argsort(first, kind="stable")
    wanted, start = np.unique(first[order], return_index=True)
    ends = np.append(start[1:], len(order))
    for chunk in range(0, len(wanted), per_chunk):
        columns = wanted[chunk : chunk + per_chunk]
        pairs = order[start[chunk] : ends[chunk + len(columns) - 1]]
        cells = _cells(has, known, grouping, columns, num_groups)
        place = np.searchsorted(columns, first[pairs])
        both, a_only, b_only, neither = (part[:, place, second[pairs]] for part in cells)
        parts.append(
            associate(
                Tables(
                    hits=both,
                    drawn=both + a_only,
                    positive=both + b_only,
                    total=both + a_only + b_only + neither,
                )
            )
        )
        counts[pairs] = np.stack(
            [part.sum(axis=0) for part in (both, a_only, b_only, neither)], axis=1
        )
    return _restore(parts, order), counts


def _cells(
    has: Mask, known: Mask, grouping: Grouping, columns: Codes, num_groups: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Count both, first only, second only and neither, each (K, A, F), for A first features."""
    neither, one, both = grouping
    wild = known & ~has
    return (
        cross_count(has[:, columns], has, both, num_groups),
        cross_count(has[:, columns], wild, one, num_groups),
        cross_count(wild[:, columns], has, one, num_groups),
        cross_count(wild[:, columns], wild, neither, num_groups),
    )


def _restore(parts: Sequence[Associations], order: Codes) -> Associations:
    """Join chunks and bring pairs back into the order they were asked in."""
    joined = {}
    for name in Associations.__dataclass_fields__:
        values = np.concatenate([getattr(part, name) for part in parts])
        joined[name] = np.empty_like(values)
        joined[name][order] = values
    return Associations(**joined)
