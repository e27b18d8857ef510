"""Shares of flagged or covered tumors as rows of the evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.evaluation.paired import compare
from engine.evaluation.rows import HIGHER, LOWER, Estimate, Row


def share_row(named: Row, flags: npt.NDArray[np.bool_], patients: Sequence[str]) -> Row:
    """Fill a row with the share of tumors that are flagged, with its interval.

    Args:
        named: The row with its names; its figures are replaced.
        flags: What happened to each tumor, (N,).
        patients: Patient of each tumor; the interval resamples patients.

    Returns:
        The filled row.
    """
    told = {"ours": flags.astype(np.float64)[:, None]}
    nothing = np.zeros(len(flags), dtype=np.int64)
    return compare(named, _mean, told, nothing, patients)


def named_row(  # noqa: PLR0913 - the names of one row
    task: str,
    view: str,
    metric: str,
    *,
    part: str,
    reach: float | None = None,
    lower: bool = False,
    note: str = "",
) -> Row:
    """Name a row whose figures are still to be measured."""
    return Row(
        task=task,
        view=view,
        part=part,
        metric=metric,
        ours=Estimate(value=0.0),
        num_tumors=0,
        reach=reach,
        better=LOWER if lower else HIGHER,
        note=note,
    )


def _mean(values: npt.NDArray[np.floating], _: npt.NDArray[np.int64]) -> float:
    return float(values.mean())
