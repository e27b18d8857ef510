"""Nothing that a page loads comes from, or goes to, another host.

The browser is told to reach every host but this machine through a proxy. The proxy writes down
what it is asked for and answers nothing.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.browser.driving import PAGES, TOUR_SEEN, settle


class _Refusal(socketserver.StreamRequestHandler):
    """Writes down the first line of a request, and refuses it."""

    def handle(self) -> None:
        self.server.log.append(self.rfile.readline().decode(errors="replace"))  # type: ignore[attr-defined]
        self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")


BROWSER_ITSELF = "content-autofill.googleapis.com"
"""Chromium asks its maker about the fields of any form, whatever page it shows; a hospital turns
that off by the policies AutofillAddressEnabled and AutofillCreditCardEnabled."""


@pytest.fixture
def proxy_log() -> Iterator[tuple[int, list[str]]]:
    """Port of the proxy, and what it was asked for."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Refusal) as server:
        server.daemon_threads = True
        server.log = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], server.log  # type: ignore[attr-defined]
        server.shutdown()


def test_no_page_reaches_another_host(
    browser: Browser, address: str, proxy_log: tuple[int, list[str]]
) -> None:
    port, asked = proxy_log
    proxy = {"server": f"http://127.0.0.1:{port}", "bypass": "127.0.0.1"}
    context = browser.new_context(proxy=proxy)  # type: ignore[arg-type]
    context.add_init_script(TOUR_SEEN)
    page = context.new_page()
    page.set_default_timeout(60_000)
    seen: set[str] = set()
    page.on("request", lambda request: seen.add(request.url))
    page.on("websocket", lambda socket: seen.add(socket.url))
    for path in PAGES:
        page.goto(f"{address}/{path}")
        page.wait_for_selector("h1")
        settle(page)
    _save_a_figure(page)
    hosts = {urlsplit(url).hostname for url in seen if urlsplit(url).scheme.startswith(("h", "w"))}
    assert hosts == {"127.0.0.1"}
    assert [line for line in asked if BROWSER_ITSELF not in line] == []
    with pytest.raises(Error, match="ERR_HTTP_RESPONSE_CODE_FAILURE"):
        page.goto("http://example.invalid/")
    assert any(line.startswith("GET http://example.invalid/") for line in asked)
    context.close()


def _save_a_figure(page: Page) -> None:
    """Open what fetches a library when it is asked for."""
    page.get_by_role("button", name="Save figure").first.click()
    with page.expect_download():
        page.get_by_role("button", name="Save as SVG").click()
