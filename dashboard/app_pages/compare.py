"""Compare: two or more groups of tumors, their survival, genes, labels and numbers."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from dashboard.compare_controls import choose_endpoint, choose_groups
from dashboard.compare_described_section import show_labels, show_numbers
from dashboard.compare_facts import Facts
from dashboard.compare_genes_section import show_enrichment, show_oncoprint
from dashboard.compare_groups import Asked, Formed
from dashboard.compare_resources import load_cautions, load_facts, load_groups
from dashboard.compare_survival_section import show_survival
from dashboard.compare_who import FEWEST, caption_of, member_table, show_who
from dashboard.csv_export import to_csv
from dashboard.downloads import offer_download
from dashboard.explanation_resources import load_counted
from dashboard.outcome_facts import Endpoint
from dashboard.queries import MapData
from dashboard.resources import Published
from dashboard.saved_section import show_saved
from dashboard.widgets import plain_text, show_empty, show_header
from dashboard.wording import count

ICON = ":material/compare_arrows:"
SURVIVAL, ONCOPRINT, GENES, LABELS, NUMBERS = (
    "Survival",
    "Oncoprint",
    "Genes and pairs",
    "Labels",
    "Numbers",
)


def show_compare(key: Published, data: MapData) -> None:
    """Show the choices beside the comparison."""
    with st.spinner("Reading the tumors", show_time=True):
        load_counted(key, data, data.layout_id)
        facts = load_facts(key, data, data.layout_id)
    left, right = st.columns([1, 3.7], gap="medium")
    with left:
        asked = choose_groups(key, data)
        show_saved(data, "compare")
    if asked is None:
        return
    formed = load_groups(key, data, data.layout_id, asked)
    empty = [n for n, s in zip(formed.groups.names, formed.groups.sizes, strict=True) if s < FEWEST]
    with left:
        endpoint = _choose_endpoint(formed, facts)
        _offer_members(data, asked, formed)
    with right:
        if len(formed.groups) - len(empty) < 2:
            st.info(
                f"Fewer than {FEWEST} patients in {plain_text(', '.join(empty))}"
                f"{_why_empty(formed)}. Choose wider groups."
            )
            return
        with st.spinner("Looking for what may mislead", show_time=True):
            cautions = load_cautions(key, data, data.layout_id, asked, endpoint)
        show_who(formed, cautions)
        _show_sections(key, data, asked, (formed, endpoint))


def _why_empty(formed: Formed) -> str:
    if not formed.num_unknown:
        return ""
    return f"; {count(formed.num_unknown, 'tumor')} {plain_text(formed.unknown_reason)}"


def _choose_endpoint(formed: Formed, facts: Facts) -> Endpoint | None:
    inside = formed.groups.codes >= 0
    return choose_endpoint({e: int((inside & s.known).sum()) for e, s in facts.survival.items()})


def _offer_members(data: MapData, asked: Asked, formed: Formed) -> None:
    offer_download(
        "Download the groups",
        lambda: to_csv(
            member_table(data, formed), ["Compared groups", *caption_of(data, asked, formed)]
        ),
        file_name="tumorxy-compare-tumors.csv",
        help="Which tumor is in which group.",
        key="compare_members_csv",
    )


def _show_sections(
    key: Published, data: MapData, asked: Asked, where: tuple[Formed, Endpoint | None]
) -> None:
    """Show the section that is open; the others cost nothing until they are opened."""
    formed, _ = where
    tabs = st.tabs(
        [SURVIVAL, ONCOPRINT, GENES, LABELS, NUMBERS],
        key="compare",
        on_change="rerun",
        bind="query-params",
    )
    for tab, title in zip(tabs, (SURVIVAL, ONCOPRINT, GENES, LABELS, NUMBERS), strict=True):
        if not tab.open:
            continue
        with tab:
            match title:
                case "Survival":
                    show_survival(key, data, asked, where)
                case "Oncoprint":
                    show_oncoprint(key, data, asked, formed)
                case "Genes and pairs":
                    show_enrichment(key, data, asked, formed)
                case "Labels":
                    show_labels(key, data, asked, formed)
                case _:
                    show_numbers(key, data, asked, formed)


def show_page() -> None:
    """Show the page, or what to do when there is no map."""
    key = resources.published()
    data = None if key is None else resources.load_map(key, None)
    show_header("Compare", synthetic=data is not None and data.synthetic)
    if key is None or data is None:
        show_empty(
            "No tumors to compare yet",
            "Run `make demo` for the bundled synthetic cohort, or import studies and make a map "
            "of them on the **Data** page.",
            ICON,
        )
    else:
        show_compare(key, data)


show_page()
