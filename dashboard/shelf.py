"""A bounded place for contents that a page made and a browser will ask for. Pure."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Packed:
    """Bytes, and the name that follows from them.

    Attributes:
        content: What is sent to a browser.
        digest: Name of the content: equal contents have equal names.
    """

    content: bytes
    digest: str


def pack(content: bytes) -> Packed:
    """Name bytes by their content: 1 ms for a megabyte."""
    return Packed(content, digest_of(content))


def digest_of(*parts: bytes) -> str:
    """Return a name that follows from parts, 32 hexadecimal digits."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little"))
        hasher.update(part)
    return hasher.hexdigest()


class Shelf(Generic[T]):
    """Keeps values by key; those not asked for longest leave first. Safe for threads.

    Args:
        most: Largest sum of the sizes of the values.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def put(self, key: Hashable, value: T, size: int = 1) -> None:
        """Keep a value; one of the same key is replaced."""
        with self._lock:
            _, old_size = self._values.pop(key, (None, 0))
            self._values[key] = (value, size)
            self._size += size - old_size
            while self._size > self._most and len(self._values) > 1:
                _, (_, freed) = self._values.popitem(last=False)
                self._size -= freed

    def get(self, key: Hashable) -> T | None:
        """Return a value; None when it is not here, or left."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]
