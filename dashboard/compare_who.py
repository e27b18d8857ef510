"""The head of a comparison: who is compared, who is left out, and what to beware of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.compare_groups import Asked, Formed, Source
from dashboard.compare_warnings import Caution, say_left_out
from dashboard.figure_notes import FigureOptions
from dashboard.queries import MapData
from dashboard.selection import source_lines
from dashboard.theme import Palette
from dashboard.widgets import current_palette, plain_text
from dashboard.wording import clip, count, day

FEWEST = 3
"""Patients of a group below which it is not compared."""
SERIOUS_SHOWN, MOST_IN_ROW = 3, 4


def show_who(formed: Formed, cautions: Sequence[Caution]) -> None:
    """Say who is compared, and what may make the comparison mislead."""
    _show_groups(formed)
    told = say_left_out(formed)
    if told:
        st.caption(" ".join(plain_text(line) for line in told))
    serious = [caution for caution in cautions if caution.is_serious]
    for caution in serious[:SERIOUS_SHOWN]:
        st.markdown(f":orange[:material/warning:] {plain_text(caution.text)}")
    rest = [*serious[SERIOUS_SHOWN:], *(c for c in cautions if not c.is_serious)]
    if rest:
        with st.expander(f"{count(len(rest), 'further remark')} on this comparison"):
            for caution in rest:
                st.markdown(f"- {plain_text(caution.text)}")


def _show_groups(formed: Formed) -> None:
    """Show a card for each group, at most four in a row."""
    groups, palette = formed.groups, current_palette()
    width = next(w for w in (len(groups), 3, 4) if w <= MOST_IN_ROW and -(-len(groups) // w) < 3)
    for start in range(0, len(groups), width):
        for slot, column in zip(
            range(start, min(start + width, len(groups))), st.columns(width), strict=False
        ):
            with column, st.container(border=True, gap=None, height="stretch"):
                _show_color(slot, palette.categories[slot])
                _show_group(groups.names[slot], groups.sizes[slot], groups.num_tumors[slot])


def _show_color(slot: int, color: str) -> None:
    """Show the color of a group as a bar above its name."""
    # Streamlit fetches what draws HTML; the style sheet keeps the bar's height until then.
    with st.container(key=f"compare_color_{slot}"):
        st.markdown(
            f'<div style="height:5px; border-radius:3px; background:{color}" '
            'aria-hidden="true"></div>',
            unsafe_allow_html=True,
        )


def _show_group(name: str, size: int, given: int) -> None:
    st.markdown(f"**{plain_text(name)}**")
    st.caption(
        count(size, "patient") + ("" if size == given else f" of {count(given, 'tumor')}"),
        help="One tumor stands for each patient, one of known follow-up first. Tumors in more "
        "than one group are in none.",
    )


def figure_options(data: MapData, palette: Palette | None = None) -> FigureOptions:
    """Return how the figures of a comparison are drawn, in the reader's colors by default."""
    return FigureOptions(
        palette=palette or current_palette(), source=source_of(data), synthetic=data.synthetic
    )


def source_of(data: MapData) -> str:
    """Name the map and the model behind a figure."""
    return (
        f"map {data.name} v{data.layout_id}, {day(data.created_at)} · model {data.model_digest[:8]}"
    )


def caption_of(data: MapData, asked: Asked, formed: Formed) -> list[str]:
    """Say of whom an export is, one line each."""
    parts = zip(formed.groups.names, formed.groups.sizes, strict=True)
    types = f"; only {', '.join(asked.types)}" if asked.types else ""
    of = {
        Source.LABEL: f"label {asked.label}",
        Source.GENE: f"{asked.genes[0] if asked.genes else ''} by {asked.kind}",
        Source.PAIR: f"{' and '.join(asked.genes)} by {asked.kind}",
    }.get(asked.source, "selections")
    return [
        f"Groups by {of}{types}",
        "Patients: " + "; ".join(f"{clip(name, 60)} {size:,}" for name, size in parts),
        *say_left_out(formed),
        *source_lines(data),
    ]


def member_table(data: MapData, formed: Formed) -> pd.DataFrame:
    """List the tumors of the groups, for a file."""
    rows = formed.groups.members
    samples = data.samples.iloc[rows]
    names = np.array(formed.groups.names, dtype=object)
    return pd.DataFrame(
        {
            "Group": names[formed.groups.codes[rows]],
            "Study": samples["study_id"].to_numpy(dtype=object),
            "Sample": samples["sample_id"].to_numpy(dtype=object),
            "Cancer type": samples["cancer_type"].to_numpy(dtype=object),
        }
    )
