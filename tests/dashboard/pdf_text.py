"""Read the text of a PDF that typst wrote: enough of the format for its own files, no more."""

from __future__ import annotations

import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj(.*?)endobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*?)\nendstream", re.DOTALL)
FONT = re.compile(rb"/(f\d+) (\d+) 0 R")
ESCAPES = {b"n": 10, b"r": 13, b"t": 9, b"b": 8, b"f": 12}
ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
FONT_CHANGE = re.compile(rb"/(f\d+) [\d.]+ Tf")


def num_pages(pdf: bytes) -> int:
    """Count the pages."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def read_text(pdf: bytes) -> str:
    """Return everything that is written, without the blanks between pieces that stand apart."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    fonts: dict[bytes, dict[int, str]] = {}
    for body in objects.values():
        for name, number in FONT.findall(body):
            font = objects.get(int(number), b"")
            told = re.search(rb"/ToUnicode (\d+) 0 R", font)
            if told:
                fonts[name] = _read_map(_unpack(objects[int(told[1])]))
    pages = [_unpack(body) for body in objects.values() if b"stream" in body]
    return "".join(_shown(page, fonts) for page in pages if b" Tf" in page)


def _unpack(body: bytes) -> bytes:
    found = STREAM.search(body)
    if found is None:
        return b""
    return zlib.decompress(found[1]) if b"/FlateDecode" in body else found[1]


def _read_map(cmap: bytes) -> dict[int, str]:
    pairs = re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*[\r\n]", cmap)
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}


def _shown(page: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    """Read the strings of a page; parentheses within them are escaped or balanced."""
    font: dict[int, str] = {}
    parts: list[str] = []
    place = 0
    while (start := page.find(b"(", place)) >= 0:
        for name in FONT_CHANGE.findall(page[place:start]):
            font = fonts.get(name, {})
        end = _end(page, start)
        codes = _unescape(page[start + 1 : end])
        if len(codes) % 2 == 0:  # what is not text may stand in parentheses too
            pairs = zip(codes[::2], codes[1::2], strict=True)
            parts.append("".join(font.get(high * 256 + low, "") for high, low in pairs))
        place = end + 1
    return "".join(parts)


def _end(page: bytes, start: int) -> int:
    depth, place = 0, start
    while True:
        byte = page[place : place + 1]
        depth += (byte == b"(") - (byte == b")")
        if depth == 0:
            return place
        place += 2 if byte == b"\\" else 1


def _unescape(piece: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        code = found[1]
        if code.isdigit():
            return bytes([int(code, 8)])
        return bytes([ESCAPES[code]]) if code in ESCAPES else code

    return ESCAPE.sub(one, piece)
