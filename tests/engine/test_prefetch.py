from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.prefetch import prefetched


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_items_come_in_order(ahead: int) -> None:
    assert list(prefetched(iter(range(20)), ahead)) == list(range(20))


@pytest.mark.parametrize("ahead", [0, 2])
def test_what_the_source_raises_comes_at_its_place(ahead: int) -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    items = prefetched(source(), ahead)
    assert next(items) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(items)


def test_items_are_made_ahead_and_no_further() -> None:
    made = threading.Semaphore(0)
    count = 0

    def source() -> Iterator[int]:
        nonlocal count
        for i in range(100):
            count += 1
            made.release()
            yield i

    items = prefetched(source(), 2)
    assert next(items) == 0
    assert all(made.acquire(timeout=5) for _ in range(3))  # made beside this thread
    assert count <= 4  # one in use, two waiting, one in hand
    items.close()  # type: ignore[attr-defined]


def test_who_stops_early_leaves_no_thread() -> None:
    items = prefetched(iter(range(1_000)), 2)
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert "prefetch" not in {thread.name for thread in threading.enumerate()}
