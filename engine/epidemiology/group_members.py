"""Who is in which of two or more groups of tumors: nobody twice, nobody in two groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from engine.epidemiology.patients import one_per_patient
from engine.errors import EngineError

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


class GroupError(EngineError):
    """Groups cannot be compared as they were formed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """K groups of N tumors in which nobody counts twice.

    Attributes:
        names: What they are called.
        codes: Group of each tumor, (N,), int64; -1 in none.
        num_tumors: Tumors of each group as it was given.
        num_in_several: Tumors that were in several groups, and are in none now.
        num_split_persons: Persons whose tumors were in different groups, and are in none now.
        num_further: Tumors left out because another of the same person stands for them.
    """

    names: tuple[str, ...]
    codes: Codes
    num_tumors: tuple[int, ...]
    num_in_several: int
    num_split_persons: int
    num_further: int

    def __len__(self) -> int:
        """Number of groups."""
        return len(self.names)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Persons in each group."""
        found: list[int] = np.bincount(self.codes[self.codes >= 0], minlength=len(self)).tolist()
        return tuple(found)

    @property
    def members(self) -> Codes:
        """Tumors that are in a group, sorted."""
        return np.flatnonzero(self.codes >= 0)


def form_groups(
    names: Sequence[str], masks: Sequence[Mask], patients: Sequence[str], preferred: Mask
) -> Groups:
    """Sort tumors into groups, one tumor of each person, nobody in two groups.

    Args:
        names: What the groups are called, K.
        masks: Which tumors are in each, K times (N,), bool.
        patients: Person behind each tumor, N.
        preferred: Tumors that stand for their person rather than others, (N,): those of known
            follow-up.

    Raises:
        GroupError: If there are fewer than two groups.
    """
    if len(names) < 2:
        raise GroupError(f"Found {len(names)} groups, expected two or more. Choose another group.")
    inside = np.stack(masks)
    times = inside.sum(axis=0)
    codes = np.where(times == 1, inside.argmax(axis=0), -1).astype(np.int64)
    persons = pd.factorize(np.asarray(patients, dtype=object))[0]
    split = _split_persons(codes, persons)
    codes[np.isin(persons, split)] = -1
    assigned = codes >= 0
    # Preferred tumors of a group come before its others, and those before tumors of no group.
    order = np.where(assigned & preferred, 0, np.where(assigned, 1, 2)).argsort(kind="stable")
    kept = np.zeros(len(codes), dtype=bool)
    kept[order] = one_per_patient(persons[order].tolist())
    return Groups(
        names=tuple(names),
        codes=np.where(kept, codes, -1),
        num_tumors=tuple(int(mask.sum()) for mask in masks),
        num_in_several=int((times > 1).sum()),
        num_split_persons=len(split),
        num_further=int((assigned & ~kept).sum()),
    )


def _split_persons(codes: Codes, persons: Codes) -> Codes:
    """Return the persons with tumors in more than one group."""
    assigned = codes >= 0
    pairs = np.unique(np.stack([persons[assigned], codes[assigned]]), axis=1)
    found, times = np.unique(pairs[0], return_counts=True)
    return found[times > 1]
