"""A region in words: its most telling markers, and a sentence about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.epidemiology.counts import Group
from engine.epidemiology.region import Contrast, Marker, PairMarker, Sides

FOUND_BELOW = 0.05
"""False discovery rate below which something is said."""
LEAST_SHARE_IN = 0.1
"""Share of a region below which a marker does not describe it, however rare it is elsewhere."""
LEAST_KNOWN = 0.2
"""Share of a region of which a marker must be known to describe it."""
RARE = 0.05
"""Share of a region up to which an alteration is called rare in it."""
LEAST_ELSEWHERE = 0.2
"""Share of the other tumors from which that is worth saying."""
LEAST_Q = 1e-30
"""A q-value below is written as being below: its exponent means nothing."""


def top_markers(contrast: Contrast, most: int = 3) -> tuple[Marker, ...]:
    """Choose the markers that describe a region: more frequent in it, one of each gene.

    Args:
        contrast: The region against others.
        most: Markers at most.

    Returns:
        The markers, the most distinctive first; none where nothing was found.
    """
    chosen: dict[str, Marker] = {}
    for marker in contrast.markers:
        if _is_telling(marker, contrast.num_selected):
            chosen.setdefault(marker.feature.name, marker)
    return tuple(chosen.values())[:most]


def top_pair(contrast: Contrast) -> PairMarker | None:
    """Choose the pair that describes a region best: found, and together beyond chance in it."""
    return next(
        (
            pair
            for pair in contrast.pairs
            if _is_telling(pair, contrast.num_selected) and pair.share_in > pair.independent_share
        ),
        None,
    )


def top_missing(contrast: Contrast) -> Marker | None:
    """Choose the alteration that is rare in a region and frequent elsewhere, if any was found."""
    return next(
        (
            marker
            for marker in contrast.markers
            if marker.estimate.q_value < FOUND_BELOW
            and marker.known_in >= LEAST_KNOWN * contrast.num_selected
            and marker.share_in <= RARE
            and marker.share_out >= LEAST_ELSEWHERE
        ),
        None,
    )


def _is_telling(sides: Sides, num_selected: int) -> bool:
    found = sides.estimate.q_value < FOUND_BELOW and sides.z > 0
    is_known = sides.known_in >= LEAST_KNOWN * num_selected
    return found and is_known and sides.share_in >= LEAST_SHARE_IN


def say(contrast: Contrast, cancer_types: Sequence[str | None], most: int = 2) -> str:
    """Describe a region in one sentence.

    Args:
        contrast: The region against others.
        cancer_types: Stated type of each selected tumor, as the page names it.
        most: Genes named.

    Returns:
        For example "211 tumors, 64% LUAD; STK11 altered in 71% (against 15%, q < 1e-30); KRAS and
        STK11 together in 38% (against 6%)". Shares are of the tumors that were profiled.
    """
    parts = [_opening(contrast, cancer_types)]
    markers = top_markers(contrast, most)
    parts += [_say_marker(marker) for marker in markers]
    pair = top_pair(contrast)
    if pair is not None:
        names = f"{_name(pair.first.name, pair.first.group)} and " + _name(
            pair.second.name, pair.second.group
        )
        parts.append(f"{names} together in {_against(pair)}")
    if not markers:
        parts.append(_say_missing(contrast))
    return "; ".join(parts)


def _say_missing(contrast: Contrast) -> str:
    missing = top_missing(contrast)
    if missing is not None:
        return f"no alteration is more frequent than in comparable tumors; {_say_marker(missing)}"
    clearest = next((m for m in contrast.markers if _is_clear(m, contrast)), None)
    if clearest is None:
        return "no alteration sets them apart from comparable tumors"
    return f"no frequent alteration is typical of them; clearest: {_say_marker(clearest)}"


def _is_clear(marker: Marker, contrast: Contrast) -> bool:
    is_known = marker.known_in >= LEAST_KNOWN * contrast.num_selected
    return marker.estimate.q_value < FOUND_BELOW and is_known


def _opening(contrast: Contrast, cancer_types: Sequence[str | None]) -> str:
    number = contrast.num_selected
    tumors = f"{number:,} tumor" + ("" if number == 1 else "s")
    known = Counter(name for name in cancer_types if name)
    if not known:
        return tumors
    name, count = known.most_common(1)[0]
    return f"{tumors}, {count / len(cancer_types):.0%} {name}"


def _say_marker(marker: Marker) -> str:
    how = {Group.ALTERED: "altered", Group.MUTATION: "mutated"}
    word = how.get(Group(marker.feature.group)) if marker.feature.group in _GROUPS else None
    what = f"{marker.feature.name} {word}" if word else marker.feature.label
    return f"{what} in {_against(marker, with_q=True)}"


_GROUPS = frozenset(map(str, Group))


def _name(gene: str, group: str) -> str:
    return gene if group in (Group.ALTERED, Group.MUTATION) else f"{gene} {group}"


def _against(sides: Sides, *, with_q: bool = False) -> str:
    q_value = sides.estimate.q_value
    written = f"q < {LEAST_Q:.0e}" if q_value < LEAST_Q else f"q = {q_value:.1g}"
    tail = f", {written}" if with_q else ""
    return f"{sides.share_in:.0%} (against {sides.share_out:.0%}{tail})"
