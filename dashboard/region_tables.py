"""The tables of what sets selected tumors apart. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from dashboard.regions import Region
from engine.epidemiology.naming import LEAST_KNOWN
from engine.epidemiology.region import Contrast, Sides

WHAT, KIND, TABLE = "Alteration", "Kind", "Table"
SHARE_IN, SHARE_OUT, KNOWN_IN, KNOWN_OUT = "In", "Out", "n in", "n out"
EXPECTED, ODDS, LOWER, UPPER, Q_VALUE = "Expected", "Odds ratio", "Lower", "Upper", "q"
RATIOS = (ODDS, LOWER, UPPER)


def gene_table(region: Region) -> pd.DataFrame:
    """List genes by kind, the most distinctive first, with what was profiled on both sides."""
    return _listed(
        [
            {WHAT: m.feature.name, KIND: m.feature.group} | _row(m)
            for m in region.genes.markers
            if is_looked_at(m, region.genes)
        ]
    )


def is_looked_at(sides: Sides, found: Contrast) -> bool:
    """Tell whether enough of a selection was profiled for something to speak for it."""
    return sides.known_in >= LEAST_KNOWN * found.num_selected


def pair_table(region: Region) -> pd.DataFrame:
    """List pairs; `By chance` is the share that two unrelated alterations would make."""
    return _listed(
        [
            {
                WHAT: f"{p.first.label} + {p.second.label}",
                "By chance": 100 * p.independent_share,
            }
            | _row(p)
            for p in region.genes.pairs
            if is_looked_at(p, region.genes)
        ]
    )


def pathway_table(region: Region) -> pd.DataFrame:
    """List pathways, the most distinctive first."""
    return _listed(
        [{WHAT: m.feature.name.replace("_", " ")} | _row(m) for m in region.pathways.markers]
    )


def _row(sides: Sides) -> dict[str, object]:
    """Return what every comparison tells; shares in percent of the tumors profiled."""
    return {
        SHARE_IN: 100 * sides.share_in,
        SHARE_OUT: 100 * sides.share_out,
        EXPECTED: 100 * sides.expected_share,
        KNOWN_IN: sides.known_in,
        KNOWN_OUT: sides.known_out,
        ODDS: sides.estimate.odds_ratio,
        LOWER: sides.estimate.lower,
        UPPER: sides.estimate.upper,
        Q_VALUE: sides.estimate.q_value,
    }


def _listed(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def number_table(region: Region) -> pd.DataFrame:
    """List numbers; the difference is in standard deviations, within what is held fixed."""
    return pd.DataFrame(
        [
            {
                "Number": n.name,
                "Median in": n.median_in,
                "Median out": n.median_out,
                "Difference (SD)": n.difference,
                KNOWN_IN: n.known_in,
                KNOWN_OUT: n.known_out,
                Q_VALUE: n.q_value,
            }
            for n in region.numbers
        ]
    )


def label_table(region: Region) -> pd.DataFrame:
    """List the values of labels, the label that differs most first; nothing is held fixed."""
    return pd.DataFrame(
        [
            {
                "Label": label.name,
                "Value": value.value,
                SHARE_IN: 100 * value.share_in,
                SHARE_OUT: 100 * value.share_out,
                KNOWN_IN: label.known_in,
                KNOWN_OUT: label.known_out,
                ODDS: value.estimate.odds_ratio,
                LOWER: value.estimate.lower,
                UPPER: value.estimate.upper,
                Q_VALUE: value.estimate.q_value,
            }
            for label in region.labels
            for value in label.categories
        ]
    )


TABLES = {
    "Genes": gene_table,
    "Pairs": pair_table,
    "Pathways": pathway_table,
    "Numbers": number_table,
    "Labels": label_table,
}
"""The tables of a region by title, in the order in which they are shown."""


def export_table(region: Region) -> pd.DataFrame:
    """Put all tables below each other; `Table` names which one a line is of."""
    parts = [(title, make(region)) for title, make in TABLES.items()]
    return pd.concat(
        [part.assign(**{TABLE: title}) for title, part in parts if len(part)], ignore_index=True
    )
