"""Digests of values: sha256 over type- and length-prefixed parts."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias

KEY_VERSION = 1
"""Raised when the encoding below changes, so that no old key is ever met again."""

Part: TypeAlias = "bool | int | float | str | bytes | Sequence[Part] | Mapping[str, Part] | None"
"""What a key can be made of. Arrays go in as bytes, beside their shape and dtype."""


def digest(*parts: Part) -> str:
    """Digest parts so that no two different sequences of parts share an encoding.

    Every part is prefixed by its type and its length: `digest("ab", "c")`, `digest("a", "bc")`
    and `digest(b"ab", "c")` differ, as do `1`, `1.0`, `True` and `"1"`. Tuples and lists are the
    same; mappings are taken in the order of their keys.

    Args:
        *parts: Values, in an order that matters.

    Returns:
        64 hexadecimal characters.

    Raises:
        TypeError: If a part is of another type.
    """
    encoded = _encode([KEY_VERSION, *parts])
    return hashlib.sha256(encoded).hexdigest()


def _encode(part: Part) -> bytes:
    """Return type, length and contents of a part."""
    kind, contents = _contents(part)
    return kind + struct.pack("<Q", len(contents)) + contents


def _contents(part: Part) -> tuple[bytes, bytes]:
    match part:
        case None:
            return b"n", b""
        case bool():
            return b"b", bytes([part])
        case int():
            return b"i", str(part).encode()
        case float():
            return b"f", struct.pack("<d", part)
        case str():
            return b"s", part.encode()
        case bytes():
            return b"y", part
        case list() | tuple():
            return b"l", b"".join(map(_encode, part))
        case dict():
            return b"d", b"".join(_encode(key) + _encode(part[key]) for key in sorted(part))
    raise TypeError(f"a key cannot be made of a {type(part).__name__}; give text, numbers or bytes")
