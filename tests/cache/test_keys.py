from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cache.keys import KEY_VERSION, digest

PARTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=6,
)


def strict(part: Any) -> Any:
    """Return a value that is equal only for parts that must share a key."""
    if isinstance(part, list):
        return "list", [strict(inner) for inner in part]
    if isinstance(part, dict):
        return "mapping", sorted((key, strict(inner)) for key, inner in part.items())
    if isinstance(part, float):
        return "float", struct.pack("<d", part)
    return type(part).__name__, part


def test_the_encoding_is_type_then_length_then_contents() -> None:
    version = b"i" + struct.pack("<Q", 1) + str(KEY_VERSION).encode()
    text = b"s" + struct.pack("<Q", 3) + b"TP5"
    whole = version + text
    expected = hashlib.sha256(b"l" + struct.pack("<Q", len(whole)) + whole).hexdigest()
    assert digest("TP5") == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(PARTS, max_size=3), st.lists(PARTS, max_size=3))
def test_keys_are_equal_only_for_equal_parts(one: list[Any], other: list[Any]) -> None:
    assert (digest(*one) == digest(*other)) == (strict(one) == strict(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("1",), (1,)),
        ((1,), (1.0,)),
        ((1,), (True,)),
        (("a",), (b"a",)),
        ((["a"], "b"), (["a", "b"],)),
        (((),), ()),
        ((None,), ("",)),
        ((0.0,), (-0.0,)),
    ],
)
def test_neighbors_do_not_collide(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert digest(*one) != digest(*other)


def test_order_counts_except_of_mappings() -> None:
    assert digest("a", "b") != digest("b", "a")
    assert digest({"x": 1, "y": 2}) == digest({"y": 2, "x": 1})


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="cannot be made of a set"):
        digest({1, 2})  # type: ignore[arg-type]
