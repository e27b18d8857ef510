"""Colors, shapes and standing words of the pages, for a light and a dark screen.

Categories use the palette of Okabe and Ito, which readers with any common color vision tell apart,
and a marker shape each. Greys are translucent, so that they recede on either background.

References:
    Okabe M, Ito K. 2008, Color Universal Design.
    Crameri F, Shephard G, Heron P. 2020, The misuse of colour in science communication,
    doi 10.1038/s41467-020-19160-7.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.kinds import Kind

RESEARCH_USE = "Research use only, not for care decisions"
"""Stands on every page, figure export and table export."""

SYNTHETIC = "Synthetic"
"""Badge of whatever shows tumors that were sampled and never existed."""

SYNTHETIC_NOTE = (
    "Synthetic: these tumors were sampled from aggregate statistics. None of them is a person."
)

MOST_COLORS = 8
"""Colors at once; a ninth could not be told from the others."""

SYMBOLS = (
    "circle",
    "diamond",
    "square",
    "triangle-up",
    "cross",
    "x",
    "triangle-down",
    "star",
)
"""Marker shapes, in the order of the colors."""

OTHER = "rgba(128, 140, 152, 0.45)"
"""Categories beyond the eighth, and tumors of unknown value."""

WILD_TYPE = "rgba(110, 130, 150, 0.55)"
"""Looked at, and nothing altering found."""

NOT_PROFILED = "rgba(150, 155, 160, 0.16)"
"""Never looked at: fainter than wild type, and never mixed with it."""


OPAQUE_GREYS = {"other": "#808C98", "wild type": "#6E8296", "not profiled": "#969BA0"}
"""The same greys without their translucency, by role."""

OPACITY = {"color": 0.85, "other": 0.45, "wild type": 0.55, "not profiled": 0.16}
"""How much of a point covers what lies behind it, by role."""


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colors of one appearance.

    Attributes:
        categories: Eight colors in the order in which they are handed out.
        ink: Strongest contrast with the background, for outlines and marked points.
        paper: The background.
        faint: Lines that must not compete with data.
        accent: The point that a page is about.
        scale: Colors of a number from low to high.
    """

    categories: tuple[str, ...]
    ink: str
    paper: str
    faint: str
    accent: str
    scale: tuple[str, ...]


# Black and yellow, which each vanish on one of the backgrounds, come last and are adapted.
_SHARED = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

# Viridis, cut where it would vanish into the background.
_VIRIDIS = (
    "#440154",
    "#482878",
    "#3E4A89",
    "#31688E",
    "#26828E",
    "#1F9E89",
    "#35B779",
    "#6DCD59",
    "#B4DE2C",
    "#FDE725",
)

LIGHT = Palette(
    categories=(*_SHARED, "#000000", "#C9B800"),
    ink="#17212B",
    paper="#FFFFFF",
    faint="#CBD4DD",
    accent="#D0006F",
    scale=tuple(reversed(_VIRIDIS[:9])),
)

DARK = Palette(
    categories=(*_SHARED, "#FFFFFF", "#F0E442"),
    ink="#E8EDF2",
    paper="#10161D",
    faint="#364453",
    accent="#FF5CB0",
    scale=_VIRIDIS[2:],
)


def palette(appearance: str) -> Palette:
    """Choose the colors of an appearance, `light` or `dark`."""
    return DARK if appearance == "dark" else LIGHT


GENE_GROUPS: tuple[tuple[tuple[Kind, ...], int], ...] = (
    ((Kind.MISSENSE,), 2),
    ((Kind.TRUNCATING,), 6),
    ((Kind.IN_FRAME, Kind.SPLICE, Kind.PROMOTER), 4),
    ((Kind.UNKNOWN,), 5),
    ((Kind.AMPLIFICATION,), 1),
    ((Kind.DEEP_DELETION,), 0),
    ((Kind.FUSION,), 3),
)
"""Kinds of alteration that share a color, and the place of that color in the palette."""

SEVERAL_KINDS = ("several kinds", 7)
"""A gene altered in more than one way in one tumor."""
