"""Streamlit's scripts, styles and fonts, answered from memory and compressed once.

A page begins with more than a hundred of them. Streamlit opens each file anew on a thread of its
own and sends it as it is; on a machine with few cores the first page waits for that.
`tests.benchmarks.pages` measures both.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.file_util import get_static_dir

PREFIX = "/static/"
TEXT = (".js", ".css")
FONTS = (".woff2",)
CACHE_CONTROL = "public, immutable, max-age=31536000"
"""As Streamlit says itself: each of these files has the digest of its content in its name."""

LEVEL = 6


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file as it is sent.

    Attributes:
        content: The bytes, compressed where that makes them fewer.
        headers: What is said about them.
    """

    content: bytes
    headers: Mapping[str, str]


class KeptAssets:
    """Answers with the files that a page begins with.

    Args:
        app: What answers everything else.
        folder: Streamlit's own files when None.
    """

    def __init__(self, app: ASGIApp, folder: Path | None = None) -> None:
        self._app = app
        self._files = _list_files(folder or Path(get_static_dir()) / "static")
        self._kept: dict[str, Asset] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a kept file, or pass the request on."""
        name = scope["path"] if scope["type"] == "http" and scope["method"] == "GET" else ""
        headers = Headers(scope=scope) if name in self._files else Headers()
        if "gzip" not in headers.get("accept-encoding", ""):
            await self._app(scope, receive, send)
            return
        asset = self._kept.get(name)
        if asset is None:
            asset = await run_in_threadpool(read_asset, self._files[name])
            self._kept[name] = asset
        await _answer(asset, headers)(scope, receive, send)


def read_asset(file: Path) -> Asset:
    """Read a file and compress it, unless it is a font, which is compressed already."""
    content = file.read_bytes()
    headers = {
        "Cache-Control": CACHE_CONTROL,
        "Content-Type": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:24]}"',
        "Vary": "Accept-Encoding",
    }
    if file.suffix in TEXT:
        content = gzip.compress(content, LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Asset(content=content, headers=headers)


def _list_files(folder: Path) -> dict[str, Path]:
    """Return the files that are kept, by their paths in an address."""
    found = (path for path in folder.rglob("*") if path.suffix in (*TEXT, *FONTS))
    return {PREFIX + path.relative_to(folder).as_posix(): path for path in found}


def _answer(asset: Asset, asked: Headers) -> Response:
    if asked.get("if-none-match") == asset.headers["ETag"]:
        return Response(status_code=304, headers=dict(asset.headers))
    return Response(asset.content, headers=dict(asset.headers))
