from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.driving import (
    MAP,
    free_port,
    lasso,
    num_selected,
    settle,
    start_server,
    summary,
    wait_for_map,
)

STALE = "html[data-tumorxy-stale]"
VIEW = "/?by=Gene&gene=TP53"


def test_a_killed_server_comes_back_with_the_same_view(home: Path, page: Page) -> None:
    port = free_port()
    server = start_server(home, port)
    try:
        page.goto(f"http://127.0.0.1:{port}{VIEW}")
        wait_for_map(page, "TP53")
        lasso(page, [(0.05, 0.05), (0.95, 0.05), (0.95, 0.6), (0.05, 0.6)])
        expect(summary(page)).to_be_visible()
        settle(page)
        expect(page.locator(STALE)).to_have_count(0)
        before, drawn = page.url, num_selected(page)
        server.kill()
        server.wait(20)
        expect(page.locator(STALE)).to_have_count(1)
        expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
        server = start_server(home, port)
        expect(page.locator(STALE)).to_have_count(0)
        settle(page)
        for again in (False, True):
            if again:
                page.reload()
            wait_for_map(page, "TP53")
            expect(summary(page)).to_have_text(f"{drawn:,} tumors selected")
            expect(page.locator(MAP)).to_have_attribute("data-selected", str(drawn))
            assert page.url == before
    finally:
        server.kill()
        server.wait(20)


def test_a_page_that_is_opened_again_after_a_restart_shows_the_same(home: Path, page: Page) -> None:
    port = free_port()
    path = f"http://127.0.0.1:{port}/patient?sample=synthetic_demo/SYNT-00007"
    for _ in range(2):
        server = start_server(home, port)
        try:
            page.goto(path)
            expect(page.get_by_text("SYNT-00007", exact=True).first).to_be_visible()
            settle(page)
        finally:
            server.kill()
            server.wait(20)
        assert page.url.endswith("SYNT-00007")
