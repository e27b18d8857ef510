"""The style of the pages from the first paint on, and what a browser should fetch early.

Streamlit takes a page's own style with its content. What is painted before would move then: the
page is narrow until it is told to be wide, and its margins change. So the style goes into the
document that a browser opens.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.first_scripts import first_scripts

STYLE = Path(__file__).parent / "static" / "app.css"
DROPPED = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
"""What a browser may ask of a file on disk, and not of a document that is written anew."""


class FirstPaint:
    """Puts title, style and first scripts into the document that a browser opens.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; add to the answer when it is a document."""
        if not _opens_page(scope):
            await self._app(scope, receive, send)
            return
        plain = [pair for pair in scope["headers"] if pair[0].lower() not in DROPPED]
        started: list[Message] = []
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = _completed(started[0], b"".join(parts), scope["path"])
            await send(started[0])
            await send({"type": "http.response.body", "body": body})

        await self._app({**scope, "headers": plain}, receive, collect)


def _opens_page(scope: Scope) -> bool:
    """Tell whether a browser asks for a document, not for a file or data."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    is_document = "text/html" in Headers(scope=scope).get("accept", "")
    return is_document and "." not in scope["path"].rpartition("/")[2]


def _completed(start: Message, body: bytes, path: str) -> bytes:
    headers = MutableHeaders(scope=start)
    if not headers.get("content-type", "").startswith("text/html"):
        return body
    whole = body.replace(b"<title>Streamlit</title>", b"<title>TumorXY</title>", 1)
    whole = whole.replace(b"</head>", first_scripts(path) + _style() + b"</head>", 1)
    headers["content-length"] = str(len(whole))
    for name in ("etag", "last-modified"):
        del headers[name]
    return whole


@cache
def _style() -> bytes:
    return b"<style>" + STYLE.read_bytes() + b"</style>"
