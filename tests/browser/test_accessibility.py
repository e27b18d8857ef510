"""WCAG 2.2 AA by axe, on every page in both appearances, and nothing that jumps while it loads."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.driving import PAGES, TOUR_SEEN, settle

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

OF_STREAMLIT = {
    # The field in which one types within a list of several choices is as wide as what is typed;
    # the whole box around it can be pressed.
    ("target-size", 'role="combobox"'),
    # The area to drop files on is a section that cannot take the focus, with the button in it.
    ("presentation-role-conflict", "stFileUploaderDropzone"),
}
"""What Streamlit's own elements break: rule, and a part of the element that only they have."""

MOST_SHIFT = 0.05
"""Cumulative layout shift of a page; 0.1 is called good."""

WATCH_SHIFTS = """() => {
  window.shifts = []
  const name = ({ node, previousRect: a, currentRect: b }) => {
    const element = node?.nodeType === 1 ? node : node?.parentElement
    const kind = element?.getAttribute("data-testid") ?? element?.className
    return `${kind} from ${[a.x, a.y, a.height]} to ${[b.x, b.y, b.height]}`
  }
  const note = (shift) => ({ value: shift.value, what: shift.sources.map(name) })
  new PerformanceObserver((list) =>
    window.shifts.push(...list.getEntries().filter((s) => !s.hadRecentInput).map(note))
  ).observe({ type: "layout-shift", buffered: true })
}"""

QUERY = {"patient": "?sample=synthetic_demo/SYNT-00007"}


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_used_by_everybody(
    browser: Browser, address: str, path: str, appearance: str
) -> None:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        color_scheme=appearance,  # type: ignore[arg-type]
    )
    context.add_init_script(TOUR_SEEN)
    context.add_init_script(f"({WATCH_SHIFTS})()")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/{path}{QUERY.get(path, '')}")
    page.wait_for_selector("h1")
    settle(page)
    page.wait_for_timeout(800)
    settle(page)
    shifts: list[dict[str, Any]] = page.evaluate("() => window.shifts")
    assert sum(shift["value"] for shift in shifts) < MOST_SHIFT, shifts
    assert _violations(page) == []
    context.close()


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES})
    return [
        f"{broken['id']}: {node['target']} {node['html'][:120]} {_reason(node)}"
        for broken in found.response["violations"]
        for node in broken["nodes"]
        if not _is_of_streamlit(broken["id"], node)
    ]


def _is_of_streamlit(rule: str, node: dict[str, Any]) -> bool:
    return any(rule == known and part in node["html"] for known, part in OF_STREAMLIT)


def _reason(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return checks[0]["message"] if checks else ""
