from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from dashboard.kept_assets import KeptAssets
from tests.dashboard.asking import Client

SCRIPT = b"export const answer = 42;\n" * 100
FONT = b"wOF2 font"
GZIP = {"Accept-Encoding": "gzip, br"}


async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("passed on")(scope, receive, send)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    folder = tmp_path / "static"
    (folder / "js").mkdir(parents=True)
    (folder / "js" / "index.ab12.js").write_bytes(SCRIPT)
    (folder / "font.woff2").write_bytes(FONT)
    (folder / "index.html").write_text("<html>")
    (tmp_path / "secret.js").write_text("secret")
    return Client(KeptAssets(streamlit, folder))


def test_a_script_is_sent_compressed_and_may_be_kept_for_ever(client: Client) -> None:
    for _ in range(2):
        answer = client.get("/static/js/index.ab12.js", GZIP)
        assert gzip.decompress(answer.content) == SCRIPT
        assert len(answer.content) < len(SCRIPT) / 10
        assert "javascript" in answer.headers["content-type"]
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_font_is_sent_as_it_is(client: Client) -> None:
    answer = client.get("/static/font.woff2", GZIP)
    assert answer.content == FONT
    assert "content-encoding" not in answer.headers


def test_what_a_browser_has_is_not_sent_again(client: Client) -> None:
    tag = client.get("/static/js/index.ab12.js", GZIP).headers["etag"]
    answer = client.get("/static/js/index.ab12.js", {**GZIP, "If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_who_does_not_read_compressed_files_asks_streamlit(client: Client) -> None:
    assert client.get("/static/js/index.ab12.js").text == "passed on"


@pytest.mark.parametrize(
    "path",
    ["/", "/static/index.html", "/static/gone.js", "/static/../secret.js", "/data/x.js"],
)
def test_everything_else_is_passed_on(client: Client, path: str) -> None:
    assert client.get(path, GZIP).text == "passed on"


def test_only_reading_is_answered(client: Client) -> None:
    assert client.post("/static/js/index.ab12.js").text == "passed on"
