from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.group_members import GroupError, form_groups

NONE = np.zeros(6, dtype=bool)


def mask(*rows: int) -> np.ndarray:
    found = np.zeros(6, dtype=bool)
    found[list(rows)] = True
    return found


def test_a_tumor_in_two_groups_is_in_neither() -> None:
    groups = form_groups(["a", "b"], [mask(0, 1, 2), mask(2, 3)], list("abcdef"), NONE)
    assert groups.codes.tolist() == [0, 0, -1, 1, -1, -1]
    assert (groups.num_in_several, groups.num_tumors, groups.sizes) == (1, (3, 2), (2, 1))
    assert groups.members.tolist() == [0, 1, 3]


def test_a_person_counts_once_by_the_tumor_of_known_follow_up() -> None:
    groups = form_groups(["a", "b"], [mask(0, 1, 2), mask(4)], list("xxyzwz"), mask(1))
    assert groups.codes.tolist() == [-1, 0, 0, -1, 1, -1]
    assert groups.num_further == 1


def test_a_person_in_two_groups_is_in_neither() -> None:
    groups = form_groups(["a", "b"], [mask(0, 1), mask(2, 3)], list("xyxzvw"), NONE)
    assert groups.codes.tolist() == [-1, 0, -1, 1, -1, -1]
    assert groups.num_split_persons == 1


def test_a_tumor_outside_all_groups_does_not_stand_for_its_person() -> None:
    groups = form_groups(["a", "b"], [mask(1), mask(2)], list("xxyzvw"), mask(0))
    assert groups.codes.tolist() == [-1, 0, 1, -1, -1, -1]


def test_one_group_is_not_compared() -> None:
    with pytest.raises(GroupError, match="expected two or more"):
        form_groups(["a"], [mask(1)], list("abcdef"), NONE)
