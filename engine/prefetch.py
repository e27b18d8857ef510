"""Work ahead: the next items are made in a thread while the present one is used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _Failure:
    """The error that ended the making of items."""

    error: BaseException


class _End:
    """Comes after the last item."""


class _Channel(Generic[T]):
    """A queue of few items that either side can close."""

    def __init__(self, ahead: int) -> None:
        self.items: queue.Queue[T | _Failure | _End] = queue.Queue(maxsize=ahead)
        self.closed = threading.Event()

    def put(self, item: T | _Failure | _End) -> bool:
        """Hand an item over; False when nobody wants it any more."""
        while not self.closed.is_set():
            try:
                self.items.put(item, timeout=0.05)
            except queue.Full:
                continue
            return True
        return False

    def fill(self, source: Iterable[T]) -> None:
        """Hand over all items of a source, then how it ended."""
        try:
            for item in source:
                if not self.put(item):
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the items are used
            self.put(_Failure(error=error))
        else:
            self.put(_End())


def prefetched(source: Iterable[T], ahead: int = 2) -> Iterator[T]:
    """Make items in a thread, ahead of their use.

    Args:
        source: Makes the items; it runs in another thread, from the first `next` on.
        ahead: Items that wait at most; 0 makes each when it is asked for, without a thread.

    Yields:
        The items, in order.

    Raises:
        BaseException: What the source raised, at its place among the items.
    """
    if not ahead:
        yield from source
        return
    channel: _Channel[T] = _Channel(ahead)
    thread = threading.Thread(target=channel.fill, args=(source,), name="prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := channel.items.get(), _End):
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        channel.closed.set()
        thread.join()
