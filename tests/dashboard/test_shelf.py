from __future__ import annotations

from dashboard.shelf import Shelf, digest_of, pack


def test_contents_are_named_by_what_they_are() -> None:
    assert pack(b"abc") == pack(b"abc")
    assert pack(b"abc").digest != pack(b"abd").digest
    assert digest_of(b"ab", b"c") != digest_of(b"a", b"bc")


def test_those_not_asked_for_longest_leave_first() -> None:
    shelf: Shelf[str] = Shelf(30)
    for name in ("a", "b", "c"):
        shelf.put(name, name.upper(), 10)
    assert shelf.get("a") == "A"
    shelf.put("d", "D", 10)
    assert shelf.get("b") is None
    assert [shelf.get(name) for name in ("a", "c", "d")] == ["A", "C", "D"]


def test_a_value_that_is_put_again_counts_once() -> None:
    shelf: Shelf[str] = Shelf(20)
    for _ in range(5):
        shelf.put("a", "A", 10)
    shelf.put("b", "B", 10)
    assert shelf.get("a") == "A"
    assert shelf.get("b") == "B"


def test_one_value_larger_than_the_shelf_stays_until_the_next() -> None:
    shelf: Shelf[str] = Shelf(5)
    shelf.put("large", "L", 50)
    assert shelf.get("large") == "L"
    shelf.put("small", "S", 1)
    assert shelf.get("large") is None
