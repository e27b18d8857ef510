from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from dashboard.first_paint import STYLE, FirstPaint
from tests.dashboard.asking import finish

PAGE = "<html><head><title>Streamlit</title></head><body>é</body></html>"


async def site(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer data below `/health` and `/data.json`, and the page everywhere else."""
    headers = Request(scope).headers
    answer: Response
    if scope["path"] in ("/health", "/data.json"):
        answer = JSONResponse({"a": "</head>"})
    else:
        kept = "accept-encoding" in headers or "if-none-match" in headers
        answer = HTMLResponse(PAGE, headers={"ETag": "old", "X-Kept": str(kept)})
    await answer(scope, receive, send)


def ask(path: str, **headers: str) -> tuple[dict[str, str], str]:
    """Return headers and text of an answer."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw}
    finish(lambda: FirstPaint(site)(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    assert int(told["content-length"]) == len(body)
    return told, body.decode()


def test_a_document_has_the_style_and_the_title_from_the_first() -> None:
    headers, text = ask(
        "/patient", accept="text/html,*/*", if_none_match="old", accept_encoding="gzip"
    )
    assert text.startswith("<html><head><title>TumorXY</title><link ")
    assert STYLE.read_text(encoding="utf-8") in text
    assert text.endswith("</style></head><body>é</body></html>")
    assert "etag" not in headers
    assert headers["x-kept"] == "False"


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/data.json", "text/html"), ("/health", "text/html"), ("/patient", "application/json")],
)
def test_files_and_data_pass_as_they_are(path: str, accept: str) -> None:
    _, text = ask(path, accept=accept)
    assert text in (PAGE, '{"a":"</head>"}')


def test_the_style_loads_nothing() -> None:
    style = STYLE.read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style
    assert "</" not in style
