from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.map_view import read_state
from dashboard.scene import pack_rows


def told(mask: bytes, **more: object) -> SimpleNamespace:
    selection = {"version": 4, "count": 2, "mask": base64.b64encode(mask).decode()}
    return SimpleNamespace(selection=selection | {"polygon": [[0, 1], [2, 3]]}, **more)


def test_what_the_browser_told_is_read() -> None:
    mask = pack_rows(np.array([0, 19]), 20).content
    state = read_state(
        told(mask, view=[0, 1, 2, 3], hidden={"a": ["other"]}, open=7), num_tumors=20
    )
    assert state.selected is not None
    assert state.selected.tolist() == [0, 19]
    assert state.selection_version == 4
    assert state.polygon == ((0, 1), (2, 3))
    assert state.view == (0, 1, 2, 3)
    assert state.hidden == {"a": ("other",)}
    assert state.opened == 7


def test_nothing_told_is_nothing_selected() -> None:
    for nothing in (None, SimpleNamespace(), SimpleNamespace(selection=None, view=None)):
        state = read_state(nothing, num_tumors=20)
        assert state.selected is None
        assert (state.selection_version, state.view, state.opened) == (0, None, None)


@pytest.mark.parametrize("mask", [b"", b"\x01", b"\x01\x02\x03\x04"])
def test_a_set_of_another_map_is_none(mask: bytes) -> None:
    assert read_state(told(mask), num_tumors=20).selected is None


@pytest.mark.parametrize("row", [-1, 20, "7", None])
def test_a_row_that_is_not_on_the_map_is_not_opened(row: object) -> None:
    assert read_state(SimpleNamespace(open=row), num_tumors=20).opened is None
