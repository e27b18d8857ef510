"""What a map shows, as the browser's map and the server's picture draw it. Pure.

Whatever grows with the number of tumors is `Packed`: fetched once by its name and kept by the
browser. The rest of a scene is small and may change at every run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.coloring import Categories, Category, Coloring, Role
from dashboard.queries import MapData, Rows
from dashboard.shelf import Packed, digest_of, pack
from dashboard.theme import DARK, OPAQUE_GREYS, RESEARCH_USE, SYMBOLS, SYNTHETIC, Palette
from dashboard.wording import count

MOST_PANELS = 4
NUM_COLORS = 256

View = tuple[float, float, float, float]
"""Left, right, lower and upper edge of what is seen, in coordinates of the map."""


@dataclass(frozen=True, kw_only=True)
class LegendEntry:
    """One line of a legend.

    Attributes:
        name: Category.
        count: Tumors in it.
        color: `#RRGGBB`.
        role: How it is drawn, see `coloring.Role`.
        shape: One of `theme.SYMBOLS`.
    """

    name: str
    count: int
    color: str
    role: str
    shape: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A number beside a color bar: `at` is its place, 0 to 1."""

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class NumberScale:
    """A color bar.

    Attributes:
        colors: 256 colors from low to high.
        ticks: Numbers beside it.
        unit: Unit of the numbers.
        missing: Tumors without a number.
    """

    colors: tuple[str, ...]
    ticks: tuple[Tick, ...]
    unit: str
    missing: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """One of the linked pictures of a map.

    Attributes:
        panel_id: `a`, `b`, ...; stays when the coloring changes.
        coloring: What it is colored by.
        entries: Legend of categories; empty for a number.
        scale: Color bar of a number; None for categories.
        sentence: What is seen, for a reader who does not see it.
    """

    panel_id: str
    coloring: Coloring
    entries: tuple[LegendEntry, ...]
    scale: NumberScale | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class OverlayPoint:
    """A point drawn above the map.

    Attributes:
        x: Its place.
        y: Its place.
        label: Written beside it; may be empty.
        role: `tumor`, `before`, `after`, `neighbor` or `found`.
        color: `#RRGGBB`.
        row: Row of the map when it is one of its tumors.
    """

    x: float
    y: float
    label: str
    role: str
    color: str
    row: int | None = None


@dataclass(frozen=True, kw_only=True)
class OverlayLine:
    """A line from one place of the map to another."""

    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class RegionLabel:
    """A name written where most tumors of a category lie."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Tumors that the server selects; the browser takes it over when the version grows."""

    version: int = 0
    mask: Packed | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """A map as it is shown.

    Attributes:
        data: The tumors.
        panels: One to four linked pictures.
        palette: Colors of the appearance.
        foreground: Tumors that keep their color, see `pack_mask`; all when None.
        points: Drawn above the map.
        lines: Drawn above the map, below the points.
        labels: Names of regions.
        selection: Selected tumors.
        view: What is seen at first; everything when None.
        tools: Whether lasso, legend and buttons are offered.
        narrow: Whether the map is small.
        named: Whether pointing at a tumor tells its id.
    """

    data: MapData
    panels: tuple[Panel, ...]
    palette: Palette
    foreground: Packed | None = None
    points: tuple[OverlayPoint, ...] = ()
    lines: tuple[OverlayLine, ...] = ()
    labels: tuple[RegionLabel, ...] = ()
    selection: Selection = field(default_factory=Selection)
    view: View | None = None
    tools: bool = True
    narrow: bool = False
    named: bool = True

    @property
    def caption(self) -> str:
        """What must stand below every picture of the map."""
        parts = (SYNTHETIC.upper() if self.data.synthetic else "", RESEARCH_USE, self.data.source)
        return " · ".join(part for part in parts if part)

    @property
    def contents(self) -> dict[str, Packed]:
        """What a browser fetches, by the kind of its address and its digest."""
        packed = [("geometry", self.data.geometry)]
        packed += [("column", panel.coloring.column) for panel in self.panels]
        masks = (self.foreground, self.selection.mask)
        packed += [("mask", mask) for mask in masks if mask is not None]
        return {f"{kind}/{content.digest}": content for kind, content in packed}

    @property
    def colored_by(self) -> str:
        """Name of what the panels and cards show, whatever the appearance."""
        titles = [panel.coloring.heading.encode() for panel in self.panels]
        columns = [panel.coloring.column.digest.encode() for panel in self.panels]
        return digest_of(b"named" if self.named else b"", *titles, *columns)

    @property
    def looks(self) -> str:
        """Name of what a picture of the map shows; the camera and overlays count, tools do not."""
        shown = (self.foreground, self.points, self.lines, self.labels, self.view, self.palette)
        entries = [(panel.entries, panel.scale) for panel in self.panels]
        return digest_of(self.colored_by.encode(), repr((shown, entries)).encode())

    def to_json(self, address: Callable[[str], str]) -> dict[str, Any]:
        """Write the scene for the component.

        Args:
            address: Makes an address from a path such as `column/3f2a`.
        """

        def mask(packed: Packed | None) -> str | None:
            return address(f"mask/{packed.digest}") if packed else None

        return {
            "geometry": address(f"geometry/{self.data.geometry.digest}"),
            "num": len(self.data),
            "panels": [_panel_json(panel, address) for panel in self.panels],
            "filter": mask(self.foreground),
            "hover": address(f"hover/{self.colored_by}/") if self.named else "",
            "overlay": {
                "points": [asdict(point) for point in self.points],
                "lines": [{"from": line.start, "to": line.end} for line in self.lines],
            },
            "labels": [asdict(label) for label in self.labels],
            "selection": {
                "version": self.selection.version,
                "mask": mask(self.selection.mask),
            },
            "view": self.view,
            "picture": address(f"picture/{self.looks}.png"),
            "table": address(f"table/{self.colored_by}"),
            "theme": _theme_json(self.palette),
            "caption": self.caption,
            "tools": self.tools,
            "narrow": self.narrow,
        }


def _panel_json(panel: Panel, address: Callable[[str], str]) -> dict[str, Any]:
    coloring = panel.coloring
    return {
        "id": panel.panel_id,
        "title": coloring.title,
        "kind": "numbers" if panel.scale else "categories",
        "column": address(f"column/{coloring.column.digest}"),
        "entries": [asdict(entry) for entry in panel.entries],
        "scale": asdict(panel.scale) if panel.scale else None,
        "note": coloring.note,
        "sentence": panel.sentence,
    }


def _theme_json(palette: Palette) -> dict[str, Any]:
    names = ("ink", "paper", "faint", "accent")
    return {"dark": palette is DARK, **{name: getattr(palette, name) for name in names}}


def make_panel(panel_id: str, coloring: Coloring, palette: Palette) -> Panel:
    """Give the categories or numbers of a coloring their colors.

    Args:
        panel_id: Name of the panel within its scene.
        coloring: N values.
        palette: Colors of the appearance.
    """
    if isinstance(coloring, Categories):
        entries = tuple(
            _entry(entry, found, palette)
            for entry, found in zip(coloring.entries, coloring.counts, strict=True)
        )
        told = ", ".join(f"{entry.name} {entry.count:,}" for entry in entries)
        sentence = f"Colored by {coloring.title}: {told}."
        return Panel(
            panel_id=panel_id, coloring=coloring, entries=entries, scale=None, sentence=sentence
        )
    missing = len(coloring.values) - coloring.known.size
    ticks: tuple[Tick, ...] = ()
    told = "not known of any tumor"
    if coloring.scale is not None:
        places = coloring.scale.place(np.array(coloring.scale.ticks, dtype=np.float32))
        texts = zip(places.tolist(), coloring.scale.labels, strict=True)
        ticks = tuple(Tick(at=at, text=text) for at, text in texts)
        told = f"from {ticks[0].text} to {ticks[-1].text}, not given for {count(missing, 'tumor')}"
    return Panel(
        panel_id=panel_id,
        coloring=coloring,
        entries=(),
        scale=NumberScale(
            colors=blend(palette.scale, NUM_COLORS),
            ticks=ticks,
            unit=coloring.unit,
            missing=missing,
        ),
        sentence=f"Colored by {coloring.heading}: {told}.",
    )


def _entry(category: Category, found: int, palette: Palette) -> LegendEntry:
    is_color = category.role is Role.COLOR
    return LegendEntry(
        name=category.name,
        count=found,
        color=palette.categories[category.slot] if is_color else OPAQUE_GREYS[category.role],
        role=category.role.value,
        shape=SYMBOLS[category.slot] if is_color else SYMBOLS[0],
    )


def blend(stops: Sequence[str], num: int) -> tuple[str, ...]:
    """Blend evenly spaced colors, `#RRGGBB`, into `num` of them."""
    table = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    places = np.linspace(0, len(stops) - 1, num)
    channels = [np.interp(places, np.arange(len(stops)), table[:, i]) for i in range(3)]
    mixed = np.rint(np.stack(channels, axis=1)).astype(int)
    return tuple("#{:02X}{:02X}{:02X}".format(*color) for color in mixed.tolist())


def pack_mask(mask: npt.NDArray[np.bool_]) -> Packed:
    """Write which tumors are meant, (N,), as bits, the lowest first."""
    return pack(np.packbits(mask, bitorder="little").tobytes())


def pack_rows(rows: Rows, num_tumors: int) -> Packed:
    """Write the rows of some of N tumors as bits."""
    mask = np.zeros(num_tumors, dtype=bool)
    mask[rows] = True
    return pack_mask(mask)


def unpack_rows(bits: bytes, num_tumors: int) -> Rows:
    """Return the rows, ascending, of bits that `pack_mask` wrote.

    Raises:
        ValueError: If they are too few for N tumors.
    """
    needed = -(-num_tumors // 8)
    if len(bits) != needed:
        raise ValueError(f"{num_tumors} tumors need {needed} bytes, found {len(bits)}.")
    flags = np.unpackbits(np.frombuffer(bits, dtype=np.uint8), bitorder="little")
    return np.flatnonzero(flags[:num_tumors])
