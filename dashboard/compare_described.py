"""Labels and numbers of groups. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard.compare_groups import Formed
from dashboard.outcome_facts import TIMES
from dashboard.queries import Objects
from engine.epidemiology.associations import find_q_values
from engine.epidemiology.group_comparison import (
    LabelComparison,
    NumberComparison,
    compare_label,
    compare_number,
)

Floats = npt.NDArray[np.float64]

STATUSES = {f"{title} status" for title in TIMES.values()}


def compare_labels(
    labels: Mapping[str, Objects], formed: Formed, without: Sequence[str] = ()
) -> tuple[LabelComparison, ...]:
    """Compare all labels of groups, the strongest difference first.

    Args:
        labels: By title, a label of each tumor, (N,), None where not known.
        formed: The groups.
        without: Titles left out: those that the groups are made of. The status at the end of a
            follow-up is left out as well, which depends on how long that was.
    """
    found = (
        compare_label(title, values, formed.groups.codes, len(formed.groups))
        for title, values in labels.items()
        if title not in without and title not in STATUSES
    )
    return tuple(sorted((f for f in found if f is not None), key=lambda label: -label.strength))


def compare_numbers(
    numbers: Mapping[str, Floats], formed: Formed, reference: int = 0
) -> tuple[NumberComparison, ...]:
    """Compare all numbers of groups, the one with most evidence first.

    Months of follow-up are left out: without the event they end where nobody looked on.
    """
    found = (
        compare_number(title, values, formed.groups.codes, len(formed.groups), reference)
        for title, values in numbers.items()
        if title not in TIMES.values()
    )
    known = [number for number in found if number is not None]
    return tuple(sorted(known, key=lambda n: (np.isnan(n.p_value), n.p_value, -n.spread)))


def label_table(labels: Sequence[LabelComparison]) -> pd.DataFrame:
    """List labels with the strength of their difference."""
    q_values = find_q_values(np.array([label.p_value for label in labels]))
    return pd.DataFrame(
        [
            {
                "Label": label.name,
                "Cramer's V": label.strength,
                "Lower": label.lower,
                "Upper": label.upper,
                "q": q_value,
                "Test": "exact" if label.is_exact else "chi-square",
                "n": sum(label.known),
                "Values": len(label.values),
            }
            for label, q_value in zip(labels, q_values.tolist(), strict=True)
        ]
    )


def composition_table(label: LabelComparison, names: Sequence[str]) -> pd.DataFrame:
    """List every value of a label in every group, for a file."""
    known = np.maximum(label.counts.sum(axis=1), 1)
    return pd.DataFrame(
        [
            {
                "Label": label.name,
                "Value": value,
                "Group": name,
                "Tumors": int(label.counts[group, place]),
                "Known": int(label.counts[group].sum()),
                "Share, %": 100 * label.counts[group, place] / known[group],
            }
            for place, value in enumerate(label.values)
            for group, name in enumerate(names)
        ]
    )


def number_table(numbers: Sequence[NumberComparison], names: Sequence[str]) -> pd.DataFrame:
    """List numbers: medians, effect sizes against the reference, and the test."""
    p_values = np.array([number.p_value for number in numbers])
    q_values = find_q_values(p_values, ~np.isnan(p_values))
    rows = []
    for number, q_value in zip(numbers, q_values.tolist(), strict=True):
        row: dict[str, object] = {"Number": number.name}
        for name, (_, middle, _) in zip(names, number.quartiles, strict=True):
            row[f"Median {name}"] = middle
        for name, shift in zip(names, number.shifts, strict=True):
            if shift is not None:
                row[f"Delta {name}"] = shift.delta
                row[f"Delta {name}, from"] = shift.lower
                row[f"Delta {name}, to"] = shift.upper
        rows.append(row | {"ε²": number.spread, "q": q_value, "n": sum(number.known)})
    return pd.DataFrame(rows)
