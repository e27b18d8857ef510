"""Which alterations and pairs are more frequent in one group than in the others. No Streamlit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.compare_groups import Formed
from dashboard.region_tables import EXPECTED, KIND, LOWER, ODDS, Q_VALUE, UPPER, WHAT
from dashboard.regions import Counted, Fixed
from engine.epidemiology.counts import Feature
from engine.epidemiology.region import Contrast, Marker, PairMarker, RegionConfig, Sides, contrast
from engine.epidemiology.strata import combine

Codes = npt.NDArray[np.int64]

LEAST_KNOWN = 0.2
"""Share of a group that must have been profiled for a gene to speak for the group."""
FOUND_BELOW = 0.05
SHARE, KNOWN, OTHERS_SHARE, OTHERS_KNOWN = "In group, %", "n", "In others, %", "n others"


@dataclass(frozen=True, kw_only=True)
class Enrichment:
    """One group against all others.

    Attributes:
        name: What the group is called.
        against: What it is compared with.
        markers: Genes by kind, the most distinctive first; without those that define the groups.
        pairs: Pairs of them.
        num_compared: Patients of the group in strata that hold others too.
        num_group: Patients of the group.
        num_others: Patients of the others.
    """

    name: str
    against: str
    markers: tuple[Marker, ...]
    pairs: tuple[PairMarker, ...]
    num_compared: int
    num_group: int
    num_others: int


def find_enrichment(formed: Formed, counted: Counted, group: int, fixed: Fixed) -> Enrichment:
    """Compare one group with all others; each patient counts once.

    Args:
        formed: The groups.
        counted: What is known of the tumors.
        group: Number of the group.
        fixed: What is held fixed.

    Raises:
        CountingError: If a side is empty.
    """
    groups = formed.groups
    rows = groups.members
    codes = groups.codes[rows]
    strata = strata_of(counted, rows, fixed)
    free = [
        i for i, f in enumerate(counted.features.features) if not _is_defining(f, formed.defining)
    ]
    found = contrast(
        counted.features.take(rows).choose(free),
        codes == group,
        codes != group,
        strata,
        config=RegionConfig(arms=counted.arms),
    )
    others = [name for i, name in enumerate(groups.names) if i != group]
    return Enrichment(
        name=groups.names[group],
        against=others[0] if len(others) == 1 else "all other groups",
        markers=tuple(m for m in found.markers if _is_known(m, found)),
        pairs=tuple(p for p in found.pairs if _is_known(p, found)),
        num_compared=found.num_compared,
        num_group=found.num_selected,
        num_others=found.num_against,
    )


def _is_defining(feature: Feature, defining: frozenset[Feature]) -> bool:
    return feature in defining


def _is_known(sides: Sides, found: Contrast) -> bool:
    return sides.known_in >= LEAST_KNOWN * found.num_selected


def strata_of(counted: Counted, rows: Codes, fixed: Fixed) -> Codes:
    """Number what is held fixed of some tumors, (n,)."""
    if fixed is Fixed.PANEL:
        return counted.panels[rows]
    return combine(counted.type_codes[rows], counted.panels[rows])


def single_table(found: Enrichment) -> pd.DataFrame:
    """List genes by kind, with what was profiled on both sides."""
    rows = [{WHAT: m.feature.name, KIND: m.feature.group} | _row(m) for m in found.markers]
    return pd.DataFrame(rows)


def pair_table(found: Enrichment) -> pd.DataFrame:
    """List pairs; `By chance` is the share that two unrelated alterations would make."""
    return pd.DataFrame(
        [
            {
                WHAT: f"{p.first.label} + {p.second.label}",
                "By chance, %": 100 * p.independent_share,
            }
            | _row(p)
            for p in found.pairs
        ]
    )


def _row(sides: Sides) -> dict[str, object]:
    estimate = sides.estimate
    return {
        SHARE: 100 * sides.share_in,
        KNOWN: sides.known_in,
        OTHERS_SHARE: 100 * sides.share_out,
        OTHERS_KNOWN: sides.known_out,
        EXPECTED: 100 * sides.expected_share,
        ODDS: estimate.odds_ratio,
        LOWER: estimate.lower,
        UPPER: estimate.upper,
        Q_VALUE: estimate.q_value,
    }
