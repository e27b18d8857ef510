"""Concordance: how often the patient told to be at higher risk dies first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.training.cox import Floats, Followed


def within_strata(followed: Followed, scores: Floats) -> float:
    """Tell the concordance within strata, over all their pairs.

    Args:
        followed: N tumors; their features are not read.
        scores: Told risk, (N,); higher is a higher hazard.

    Returns:
        Share of the comparable pairs in the right order, 0..1, half for equal scores; 0.5 is
        chance, NaN where no pair can be compared.

    References:
        Harrell et al. 1982, Evaluating the yield of medical tests, doi:10.1001/jama.247.18.2543.
    """
    ordered, comparable = pairs_by_tumor(followed, scores)
    return float(ordered.sum() / comparable.sum()) if comparable.sum() else float("nan")


def pairs_by_tumor(followed: Followed, scores: Floats) -> tuple[Floats, Floats]:
    """Count, for each tumor whose patient died, the patients of its stratum who outlived it.

    Args:
        followed: N tumors; their features are not read.
        scores: Told risk, (N,).

    Returns:
        Pairs in the right order and comparable pairs, (N,) each; zeros where the patient lives.
    """
    ordered, comparable = np.zeros(len(scores)), np.zeros(len(scores))
    for rows in members_of(followed.strata):
        dead, told = rows[followed.died[rows]], scores[rows]
        longer = outlived(followed.months[rows], followed.died[rows])
        right = (scores[dead, None] > told) + 0.5 * (scores[dead, None] == told)
        ordered[dead] = (longer * right).sum(axis=1)
        comparable[dead] = longer.sum(axis=1)
    return ordered, comparable


def outlived(months: Floats, is_dead: NDArray[np.bool_]) -> Floats:
    """Tell who outlived each of the dead: those seen alive at that time did.

    Args:
        months: Time until death or the last contact, (n,).
        is_dead: Whether the time ends with death, (n,), D of them.

    Returns:
        1 where the patient of the column outlived the one of the row, else 0, (D, n).
    """
    died = months[is_dead, None]
    longer: Floats = ((months > died) | ((months == died) & ~is_dead)).astype(np.float64)
    return longer


def members_of(strata: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Find the tumors of each stratum: S arrays of rows."""
    order = np.argsort(strata, kind="stable")
    bounds = np.flatnonzero(np.diff(strata[order])) + 1
    return list(np.split(order, bounds))
