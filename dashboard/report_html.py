"""A report as one HTML file: nothing is fetched, nothing is run, and it prints."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path

from dashboard.report import Report
from dashboard.report_figures import draw_qr, draw_survival
from dashboard.report_view import Bar, Call, Curves, Table, Trust, View, Why, view_report

STYLE = Path(__file__).parent / "static" / "report" / "report.css"

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
"""What the file may do in a browser: show its own styles and its own picture of the map."""


def to_html(report: Report, map_svg: str) -> str:
    """Write a report as a page that stands alone.

    Args:
        report: The report.
        map_svg: The map, as `dashboard.report_map.draw_map` returns it; not used where the tumor
            must not be interpreted.

    Returns:
        An HTML document; every text of a file is escaped in it.
    """
    view = view_report(report)
    body = _refused(view) if view.refused else _read(report, view, map_svg)
    return (
        '<!DOCTYPE html>\n<html lang="en-US"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{_text(view.name)}: {_text(view.title)}</title>"
        f"<style>{STYLE.read_text(encoding='utf-8')}</style></head><body>"
        f"{_header(view)}<main>{_sequenced(view)}{_trust(view.trust)}{body}</main>"
        f"{_footer(report, view)}</body></html>\n"
    )


def _text(value: str) -> str:
    return html.escape(value, quote=True)


def _paragraphs(lines: Iterable[str], kind: str = "") -> str:
    role = f' class="{kind}"' if kind else ""
    return "".join(f"<p{role}>{_text(line)}</p>" for line in lines)


def _section(title: str, body: str, kind: str) -> str:
    heading = f"<h2>{_text(title)}</h2>" if title else ""
    return f'<section class="{kind}">{heading}{body}</section>'


def _header(view: View) -> str:
    return (
        f'<header><h1>{_text(view.name)}</h1><span class="muted">{_text(view.title)}</span>'
        f'<span class="notice">{_text(view.notice)}</span></header>'
    )


def _sequenced(view: View) -> str:
    synthetic = _paragraphs([view.synthetic], "synthetic") if view.synthetic else ""
    return _section("What was sequenced", _paragraphs(view.sequenced) + synthetic, "half")


def _trust(trust: Trust) -> str:
    body = _paragraphs(trust.lines) + _paragraphs(trust.warnings, "warning")
    tone = "good" if trust.interpretable else "bad"
    return _section(f"Can this be trusted? {trust.title}", body, f"half {tone}")


def _refused(view: View) -> str:
    box = _section("Do not interpret", _paragraphs([view.refused]), "wide bad refused")
    return box + _alterations(view)


def _alterations(view: View) -> str:
    return _section("Alterations that change a gene", _paragraphs([view.alterations]), "wide")


def _read(report: Report, view: View, map_svg: str) -> str:
    beside = [_section("Where it lies", map_svg, "left")]
    if view.neighbors is not None:
        beside.append(_neighbors(view.neighbors))
    told = []
    if report.survival is not None and view.survival is not None:
        told.append(_survival(view.survival, draw_survival(report.survival)))
    elif view.no_survival:
        told.append(_section("", _paragraphs([view.no_survival]), "wide"))
    if view.why is not None:
        told.append(_why(view.why))
    called = ""
    if view.calls:
        calls = "".join(_call(call) for call in view.calls)
        called = _section("What the model would call it: probability (95% interval)", calls, "left")
    return (
        f'{"".join(beside)}<div class="right stack">{"".join(told)}</div>{called}'
        f"{_alterations(view)}"
    )


def _neighbors(table: Table) -> str:
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in table.headings)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    caption = _paragraphs([table.caption], "caption")
    return _section("The tumors most like it", body + caption, "right")


def _survival(curves: Curves, drawing: str) -> str:
    words = _paragraphs(curves.lines) + _paragraphs(curves.caveats, "caption")
    return _section(curves.title, drawing + words, "wide")


def _call(call: Call) -> str:
    badges = "".join(f'<span class="badge">{_text(badge)}</span>' for badge in call.badges)
    bars = "".join(_probability(bar) for bar in call.bars)
    note = _paragraphs([call.note], "caption") if call.note else ""
    return f"<h3>{_text(call.title)}{badges}</h3>{bars}{note}"


def _probability(bar: Bar) -> str:
    drawn = [_rect(0, bar.value, "value")]
    if bar.lower is not None and bar.upper is not None:
        drawn.append(_rect(bar.lower, bar.upper, "interval"))
    return (
        f'<div class="row"><span>{_text(bar.label)}</span><span>{_text(bar.text)}</span></div>'
        f"{_strip(drawn)}"
    )


def _strip(drawn: Iterable[str]) -> str:
    """Draw bars on a strip that is 100 wide; what they show stands beside them in words."""
    return (
        '<svg class="strip" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(drawn)}</svg>"
    )


def _rect(start: float, end: float, kind: str) -> str:
    left, right = sorted((max(0.0, min(1.0, start)), max(0.0, min(1.0, end))))
    y, height = (1.5, 1) if kind == "interval" else (0, 4)
    return (
        f'<rect class="{kind}" x="{100 * left:.2f}" y="{y}" width="{100 * (right - left):.2f}" '
        f'height="{height}"/>'
    )


def _why(why: Why) -> str:
    rows = "".join(
        f"<tr><td>{_text(bar.label)}</td><td>{_signed(bar)}</td><td>{_text(bar.text)}</td></tr>"
        for bar in why.genes
    )
    pairs = f"<h3>Together, beyond their sum</h3>{_paragraphs(why.pairs)}" if why.pairs else ""
    caption = _paragraphs([why.caption], "caption")
    body = f'<table class="why"><tbody>{rows}</tbody></table>{pairs}{caption}'
    return _section(why.title, body, "wide")


def _signed(bar: Bar) -> str:
    kind = "down" if bar.value < 0 else "value up"
    return _strip([_rect(0.5, 0.5 + bar.value / 2, kind)])


def _footer(report: Report, view: View) -> str:
    lines = _paragraphs([view.notice], "warning") + _paragraphs(view.footer, "muted")
    if report.link is None:
        return f"<footer><div>{lines}</div></footer>"
    reopen = _paragraphs([f"Reopen this state: {view.link}"], "muted")
    return (
        f'<footer><div>{lines}{reopen}</div><div class="qr">{draw_qr(report.link)}</div></footer>'
    )
