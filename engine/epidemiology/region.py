"""Why is this region a region? Selected tumors against others: genes by kind, and pairs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

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
from engine.epidemiology.counts import CountingError, Feature, Features, Group
from engine.epidemiology.pairs import cross_count

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class RegionConfig:
    """What is tested of a region.

    Args:
        least_altered: Tumors on both sides together that must have a feature, or a pair, for it
            to be tested; rarer ones could hardly be found and would cost all others.
        num_enriched: Most enriched features whose pairs are tested.
        num_frequent: Most frequent features of the selection whose pairs are tested as well.
        least_share: Share of the selection that such a feature must be in.
        least_known: Share of the selection of which such a feature must be known: of a gene on few
            panels, a few tumors would speak for all.
        arms: Chromosome arm of each gene. Two features of one arm that copy number decides are no
            pair: they are one event.
    """

    least_altered: int = 5
    num_enriched: int = 30
    num_frequent: int = 15
    least_share: float = 0.05
    least_known: float = 0.2
    arms: Mapping[str, str] = field(default_factory=dict)


DEFAULTS = RegionConfig()


@dataclass(frozen=True, kw_only=True)
class Sides:
    """How many of the selected tumors and of the others have something, where it is known.

    Attributes:
        num_in: Selected tumors that have it.
        known_in: Selected tumors of which it is known.
        num_out: Other tumors that have it.
        known_out: Other tumors of which it is known.
        expected_share: Share of the selection that would have it by its strata alone; NaN where
            no stratum has tumors on both sides.
        estimate: Common odds ratio within strata; above 1 is more often in the selection.
        z: What markers are ranked by; positive is more often in the selection.
    """

    num_in: int
    known_in: int
    num_out: int
    known_out: int
    expected_share: float
    estimate: Estimate
    z: float

    @property
    def share_in(self) -> float:
        """Share of the selection, 0..1; NaN where it is known of none."""
        return self.num_in / self.known_in if self.known_in else float("nan")

    @property
    def share_out(self) -> float:
        """Share of the others, 0..1."""
        return self.num_out / self.known_out if self.known_out else float("nan")


@dataclass(frozen=True, kw_only=True)
class Marker(Sides):
    """A feature that was tested."""

    feature: Feature


@dataclass(frozen=True, kw_only=True)
class PairMarker(Sides):
    """Two features in one tumor.

    Attributes:
        first: The one more often altered in the selection.
        second: The other.
        independent_share: Share of the selection that would have both if one had nothing to do
            with the other.
    """

    first: Feature
    second: Feature
    independent_share: float


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """Selected tumors against others.

    Attributes:
        num_selected: Tumors of the selection.
        num_against: Tumors that it is compared with.
        num_compared: Tumors of the selection in strata that have tumors on both sides; only
            they enter odds ratios.
        markers: Features that were tested, the most distinctive first.
        pairs: Pairs that were tested, the most distinctive first.
    """

    num_selected: int
    num_against: int
    num_compared: int
    markers: tuple[Marker, ...]
    pairs: tuple[PairMarker, ...]


def contrast(
    features: Features,
    selected: Mask,
    against: Mask,
    strata: Codes,
    *,
    config: RegionConfig = DEFAULTS,
) -> Contrast:
    """Compare selected tumors with others, within strata.

    Args:
        features: F features of N tumors.
        selected: Tumors of the region, (N,).
        against: Tumors to compare with, (N,): all others, those of the same types
            (`strata.same_strata`), or a second region.
        strata: Stratum of each tumor, (N,), for example cancer type and panel; zeros for none.
            What differs between strata alone is no effect.
        config: What is tested.

    Returns:
        Features and pairs, ranked by evidence. Pairs are chosen among features by the same data,
        so their q-values tell how distinctive a pair is, not whether it is more than its parts:
        `PairMarker.independent_share` stands beside it for that.

    Raises:
        CountingError: If a side is empty, or a tumor is on both.
    """
    _require_sides(selected, against)
    groups, num_strata = _informative(strata, selected, against)
    inside = features.count(np.where(selected, groups, -1), num_strata + 1)
    outside = features.count(np.where(against, groups, -1), num_strata + 1)
    markers = _test(inside, outside, config.least_altered)
    chosen = _candidates(features, markers, int(selected.sum()), config)
    return Contrast(
        num_selected=int(selected.sum()),
        num_against=int(against.sum()),
        num_compared=int((selected & (groups < num_strata)).sum()),
        markers=tuple(
            Marker(**markers.sides(i), feature=features.features[i]) for i in markers.order
        ),
        pairs=_test_pairs(features.choose(chosen), (selected, against), groups, config),
    )


def _require_sides(selected: Mask, against: Mask) -> None:
    if not selected.any() or not against.any() or (selected & against).any():
        raise CountingError(
            f"Found {int(selected.sum())} selected tumors, {int(against.sum())} to compare them "
            f"with and {int((selected & against).sum())} on both sides, expected some, some and "
            "none. Select other tumors."
        )


def _informative(strata: Codes, selected: Mask, against: Mask) -> tuple[Codes, int]:
    """Number the strata with tumors on both sides; all others share the number after the last."""
    both = np.intersect1d(strata[selected], strata[against])
    places = np.minimum(np.searchsorted(both, strata), max(len(both) - 1, 0))
    is_known = both[places] == strata if len(both) else np.zeros(len(strata), dtype=bool)
    return np.where(is_known, places, len(both)).astype(np.int64), len(both)


class _Sides(TypedDict):
    """The fields of `Sides`."""

    num_in: int
    known_in: int
    num_out: int
    known_out: int
    expected_share: float
    estimate: Estimate
    z: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tested:
    """Counts of both sides with their associations, all (F,)."""

    counts: tuple[Floats, Floats, Floats, Floats]  # in, known in, out, known out
    compared: Floats  # selected tumors in informative strata of which the feature is known
    found: Associations
    q_values: Floats
    order: Codes  # tested features, the most distinctive first

    def sides(self, column: int) -> _Sides:
        num_in, known_in, num_out, known_out = (int(values[column]) for values in self.counts)
        compared = self.compared[column]  # above 0 for whatever was tested
        return {
            "num_in": num_in,
            "known_in": known_in,
            "num_out": num_out,
            "known_out": known_out,
            "expected_share": float(self.found.expected[column] / compared),
            "estimate": estimate_of(self.found, self.q_values, column),
            "z": float(self.found.z[column]),
        }


def _test(
    inside: tuple[Floats, Floats], outside: tuple[Floats, Floats], least_altered: int
) -> _Tested:
    """Test what is frequent enough; the last row of the counts is left out of the comparison."""
    tables = Tables.of_sides((inside[0][:-1], inside[1][:-1]), (outside[0][:-1], outside[1][:-1]))
    counts = tuple(part.sum(axis=0) for part in (*inside, *outside))
    compared = np.where(tables.drawn < tables.total, tables.drawn, 0.0).sum(axis=0)
    is_tested = (tables.positive.sum(axis=0) >= least_altered) & (compared > 0)
    found = associate(tables, is_tested)
    tested = np.flatnonzero(is_tested)
    return _Tested(
        counts=counts,
        compared=compared,
        found=found,
        q_values=find_q_values(found.p_value, is_tested),
        order=tested[np.argsort(-np.abs(found.z[tested]), kind="stable")],
    )


def _candidates(
    features: Features, tested: _Tested, num_selected: int, config: RegionConfig
) -> Codes:
    """Choose the features whose pairs are tested: enriched or frequent, one of each gene."""
    num_in, known_in, _, _ = tested.counts
    enough = known_in >= max(config.least_known * num_selected, 1)
    share = np.divide(num_in, known_in, out=np.zeros_like(num_in), where=enough)
    enriched = [i for i in tested.order if tested.found.z[i] > 0 and share[i] >= config.least_share]
    frequent = tested.order[np.argsort(-share[tested.order], kind="stable")]
    chosen: dict[str, int] = {}
    for source, most in ((enriched, config.num_enriched), (frequent, config.num_frequent)):
        limit = len(chosen) + most
        for column in source:
            if len(chosen) >= limit or share[column] < config.least_share:
                break
            chosen.setdefault(features.features[column].name, int(column))
    return np.array(list(chosen.values()), dtype=np.int64)


def _separate_pairs(features: Sequence[Feature], arms: Mapping[str, str]) -> tuple[Codes, Codes]:
    """List the pairs that copy number does not alter together."""
    first, second = np.triu_indices(len(features), k=1)
    places = np.array(
        [
            f"\0{i}" if f.group == Group.MUTATION else arms.get(f.name, f"\0{i}")
            for i, f in enumerate(features)
        ]
    )
    apart = places[first] != places[second]
    return first[apart], second[apart]


def _test_pairs(
    chosen: Features, sides: tuple[Mask, Mask], groups: Codes, config: RegionConfig
) -> tuple[PairMarker, ...]:
    if len(chosen.features) < 2:
        return ()
    has, known = chosen.dense()
    first, second = _separate_pairs(chosen.features, config.arms)
    num_groups = int(groups.max()) + 2
    counted = []
    for side in sides:
        group = np.where(side, groups, -1)
        both, asked = (cross_count(part, part, group, num_groups) for part in (has, known))
        counted.append((both[:, first, second], asked[:, first, second]))
    tested = _test(counted[0], counted[1], config.least_altered)
    selected = sides[0]
    shares = np.where(known[selected], has[selected], np.nan)
    with np.errstate(invalid="ignore"):
        share = np.nansum(shares, axis=0) / np.maximum(known[selected].sum(axis=0), 1)
    return tuple(
        PairMarker(
            **tested.sides(i),
            first=chosen.features[a],
            second=chosen.features[b],
            independent_share=float(share[a] * share[b]),
        )
        for i in tested.order
        for a, b in [sorted((int(first[i]), int(second[i])), key=lambda c: -share[c])]
    )
