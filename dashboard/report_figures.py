"""Drawings of a report as SVG: survival curves and the QR code. Pure, without a browser."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

import segno

from dashboard.report import CurveTold, SurvivalTold
from dashboard.theme import LIGHT

FONT = "DejaVu Sans"
WIDTH, HEIGHT = 520.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 14.0, 10.0, 84.0
COLORS = (LIGHT.categories[0], LIGHT.categories[1])
DASHES = ("", "6 3")
FAINT, INK = LIGHT.faint, LIGHT.ink


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """Where months and shares lie in the drawing."""

    last: float

    def x(self, months: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * months / self.last

    def y(self, share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def draw_survival(told: SurvivalTold) -> str:
    """Draw both curves with their intervals and the numbers at risk.

    Args:
        told: What is drawn.

    Returns:
        An SVG document; shapes of the lines differ as well as their colors.
    """
    axes = _Axes(last=max(curve.last_month for curve in told.curves))
    parts = [_grid(axes, told.curves[0].ticks)]
    parts += [_band(axes, curve, color) for curve, color in zip(told.curves, COLORS, strict=True)]
    parts += [
        _line(axes, curve, color, dash)
        for curve, color, dash in zip(told.curves, COLORS, DASHES, strict=True)
    ]
    parts += [_at_risk(axes, curve, place) for place, curve in enumerate(told.curves)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'width="{WIDTH:g}" height="{HEIGHT:g}" role="img" font-family="{FONT}" font-size="11" '
        f'fill="{INK}"><title>{_text(_title(told))}</title>{"".join(parts)}</svg>'
    )


def _title(told: SurvivalTold) -> str:
    groups = "; ".join(
        f"{c.name}: {c.num_events} deaths of {c.num_tumors} patients" for c in told.curves
    )
    return f"{told.endpoint}. {groups}"


def _grid(axes: _Axes, ticks: Sequence[float]) -> str:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = axes.y(share)
        parts.append(_rule(LEFT, y, WIDTH - RIGHT, y))
        parts.append(_label(LEFT - 6, y + 4, f"{share:.0%}", anchor="end"))
    for month in ticks:
        parts.append(_label(axes.x(month), axes.y(0) + 16, f"{month:g}", anchor="middle"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(_label(middle, axes.y(0) + 31, "months", anchor="middle"))
    return "".join(parts)


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{FAINT}" '
        'stroke-width="0.7"/>'
    )


def _label(x: float, y: float, text: str, *, anchor: str = "start", fill: str = INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{_text(text)}</text>'
    )


def _steps(axes: _Axes, curve: CurveTold, shares: Sequence[float]) -> list[tuple[float, float]]:
    """Corners of a curve that falls in steps, up to its longest follow-up."""
    corners = [(axes.x(0), axes.y(1))]
    for months, share in zip(curve.times, shares, strict=True):
        corners.append((axes.x(months), corners[-1][1]))
        corners.append((axes.x(months), axes.y(share)))
    corners.append((axes.x(curve.last_month), corners[-1][1]))
    return corners


def _points(corners: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _band(axes: _Axes, curve: CurveTold, color: str) -> str:
    upper = _steps(axes, curve, curve.upper)
    lower = _steps(axes, curve, curve.lower)
    outline = _points([*upper, *reversed(lower)])
    return f'<polygon points="{outline}" fill="{color}" fill-opacity="0.16"/>'


def _line(axes: _Axes, curve: CurveTold, color: str, dash: str) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    points = _points(_steps(axes, curve, curve.survival))
    return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"{dashed}/>'


def _at_risk(axes: _Axes, curve: CurveTold, place: int) -> str:
    y = axes.y(0) + 50 + 16 * place
    dashed = f' stroke-dasharray="{DASHES[place]}"' if DASHES[place] else ""
    key = (
        f'<line x1="4" y1="{y - 4:.1f}" x2="26" y2="{y - 4:.1f}" stroke="{COLORS[place]}" '
        f'stroke-width="2.4"{dashed}/>'
    )
    numbers = [
        _label(axes.x(month), y, f"{number:,}", anchor="middle")
        for month, number in zip(curve.ticks, curve.at_risk, strict=True)
    ]
    return key + "".join(numbers)


def _text(value: str) -> str:
    return html.escape(value, quote=True)


def draw_qr(link: str) -> str:
    """Draw the address that reopens a state as a QR code, an SVG document."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        out, kind="svg", border=2, xmldecl=False, omitsize=True
    )
    return out.getvalue().decode()
