"""The form Type alterations: rows are chosen or typed, checked as a file's are, and placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import explanation_resources, resources
from dashboard.errors import report_error
from dashboard.glossary import meaning
from dashboard.patient_upload import Uploaded, place_again, place_cohort
from dashboard.resources import Published, shared
from dashboard.stated_options import WHOLE_EXOME
from dashboard.typed_tumor import (
    KINDS,
    LOOKED_FOR,
    TypedRow,
    TypedTumor,
    gene_choices,
    read_typed,
    say_findings,
)
from dashboard.widgets import plain_text
from engine.oncotree import main_types

PLACED = "patient_typed"
"""Where the session keeps what was typed and placed last."""

ROWS, ROUND, REFUSED = "typed_rows", "typed_round", "typed_refused"
GENE, KIND, CHANGE = "Gene", "Kind", "Protein change"
ONLY_THESE = "These genes only"
SEXES = ("Female", "Male")
DEFAULT_NAME = "typed-tumor"

PANEL = meaning(
    "Gene panel",
    "With “these genes only”, every gene that is not named here is unknown; with a panel, its "
    "other genes count as looked at and not altered.",
)
UNALTERED = "Genes that were looked at and found unaltered: that is knowledge too."
ALSO = (
    "What the test covered beside mutations. What was not looked for is unknown, never absent; "
    "what is typed below counts as looked for by itself."
)
CHANGE_MATTERS = "without it the model cannot tell a hotspot, and may call the tumor strange."
CHANGES = f"As p.G12C. It may be left out; {CHANGE_MATTERS}"
GENES = (
    "Approved symbols, former names and aliases. What is not in the list can be typed; it is "
    "looked up in the table of genes."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Placed:
    """What was typed, and where it was placed."""

    tumor: TypedTumor
    uploaded: Uploaded


@shared(max_entries=1)
def _gene_choices() -> dict[str, str]:
    return gene_choices(resources.gene_table(), resources.offered_genes())


def choose_typed(key: Published) -> Uploaded | None:
    """Let the reader type a tumor, and place it once it is asked for.

    Args:
        key: The snapshot whose map it is placed on.

    Returns:
        What was placed last in this browser session; None before that.
    """
    placed: Placed | None = st.session_state.get(PLACED)
    if placed is not None and placed.uploaded.snapshot != key:
        placed = Placed(tumor=placed.tumor, uploaded=place_again(key, placed.uploaded))
        st.session_state[PLACED] = placed
    with st.expander("Type alterations", icon=":material/edit_note:", expanded=placed is None):
        left, right = st.columns([1.7, 1], gap="medium")
        with left:
            rows = _edit_rows()
            st.button(
                "Place on the map",
                type="primary",
                key="typed_place",
                disabled=not rows,
                on_click=_place,
                args=(key, rows),
            )
            _tell(placed, rows)
        with right:
            _ask_facts()
    return placed.uploaded if placed is not None else None


def _tell(placed: Placed | None, rows: tuple[TypedRow, ...]) -> None:
    """Say what became of what was typed."""
    if REFUSED in st.session_state:
        st.error(plain_text(st.session_state[REFUSED]), icon=":material/error:")
    for sentence in say_findings(placed.uploaded.cohort) if placed else ():
        st.caption(f":material/info: {plain_text(sentence)}")
    if placed is not None and placed.tumor.rows != rows:
        st.caption("The rows were changed since: place them again to see what follows.")


def forget_typed() -> None:
    """Drop what was typed from the browser session."""
    for name in (PLACED, ROWS, REFUSED):
        st.session_state.pop(name, None)
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def _edit_rows() -> tuple[TypedRow, ...]:
    _offer_row()
    if ROWS not in st.session_state:
        st.session_state[ROWS] = _table([])
    edited = st.data_editor(
        st.session_state[ROWS],
        num_rows="dynamic",
        hide_index=True,
        height=212,
        placeholder="",
        column_config={
            GENE: st.column_config.TextColumn(help=GENES, required=True),
            KIND: st.column_config.SelectboxColumn(
                options=[kind.value for kind in KINDS], required=True
            ),
            CHANGE: st.column_config.TextColumn(help=CHANGES),
        },
        key=_editor(),
        alt="Typed alterations",
    )
    return _rows(edited)


def _offer_row() -> None:
    gene, kind, change, add = st.columns([1.3, 1, 1, 0.6], vertical_alignment="bottom")
    gene.selectbox(
        GENE,
        list(_gene_choices()),
        index=None,
        key="typed_gene",
        placeholder="For example KRAS or HER2",
        accept_new_options=True,
        help=GENES,
    )
    kind.selectbox(KIND, [kind.value for kind in KINDS], key="typed_kind")
    change.text_input(CHANGE, key="typed_change", placeholder="p.G12C", help=CHANGES)
    add.button("Add", icon=":material/add:", key="typed_add", on_click=_add, width="stretch")
    st.caption(f"{CHANGE}: {CHANGE_MATTERS}")


def _add() -> None:
    """Append the row that was chosen; the editor begins anew with all of them."""
    state = st.session_state
    gene = str(state.get("typed_gene") or "").strip()
    if not gene:
        return
    symbol = _gene_choices().get(gene) or resources.gene_table().resolve([gene]).approved[0]
    row = TypedRow(
        gene=symbol or gene,
        kind=state["typed_kind"],
        protein_change=state.get("typed_change") or "",
    )
    rows = [*_edited_rows(), row]
    state[ROWS] = _table(rows)
    state[ROUND] = state.get(ROUND, 0) + 1
    state["typed_gene"], state["typed_change"] = None, ""


def _editor() -> str:
    return f"typed_editor_{st.session_state.get(ROUND, 0)}"


def _edited_rows() -> tuple[TypedRow, ...]:
    """Return the rows of the editor, with what was changed in it since it was made."""
    table: pd.DataFrame = st.session_state.get(ROWS, _table([])).copy()
    changes: dict[str, Any] = st.session_state.get(_editor(), {})
    for row, cells in changes.get("edited_rows", {}).items():
        for column, value in cells.items():
            table.loc[int(row), column] = value
    table = table.drop(index=changes.get("deleted_rows", []))
    added = pd.DataFrame(changes.get("added_rows", []), columns=[GENE, KIND, CHANGE])
    return _rows(pd.concat([table, added], ignore_index=True) if len(added) else table)


def _table(rows: list[TypedRow]) -> pd.DataFrame:
    values = [(row.gene, row.kind, row.protein_change) for row in rows]
    return pd.DataFrame(values, columns=[GENE, KIND, CHANGE], dtype=object)


def _rows(table: pd.DataFrame) -> tuple[TypedRow, ...]:
    """Read the rows of a table; those without a gene are not there yet."""
    filled = table.astype(object).where(table.notna(), "")
    return tuple(
        TypedRow(gene=str(gene), kind=str(kind), protein_change=str(change))
        for gene, kind, change in zip(filled[GENE], filled[KIND], filled[CHANGE], strict=True)
        if str(gene).strip()
    )


def _ask_facts() -> None:
    """Ask for panel, cancer type, sex and age; `_stated_facts` reads the answers."""
    panels = [ONLY_THESE, WHOLE_EXOME, *sorted(resources.gene_table().panels())]
    if st.selectbox("Gene panel", panels, key="typed_panel", help=PANEL) == ONLY_THESE:
        st.multiselect(
            "Looked at and unaltered",
            resources.offered_genes(),
            key="typed_unaltered",
            placeholder="Genes, if any",
            accept_new_options=True,
            help=UNALTERED,
            wrap=True,
        )
    st.pills(
        "The test also covered", LOOKED_FOR, selection_mode="multi", key="typed_tests", help=ALSO
    )
    st.selectbox(
        "Cancer type",
        main_types(),
        index=None,
        key="typed_cancer_type",
        placeholder="Not known",
        accept_new_options=True,
        help=meaning("OncoTree", "Its main types, as the studies name them."),
    )
    left, right = st.columns(2)
    left.selectbox("Sex", SEXES, index=None, key="typed_sex", placeholder="Not stated")
    right.number_input("Age, years", 0, 120, None, key="typed_age", placeholder="Not stated")
    st.text_input("Name", DEFAULT_NAME, key="typed_name", help="What it is called here.")


def _stated_facts() -> dict[str, Any]:
    """Return what was answered, as fields of a `TypedTumor`."""
    state = st.session_state
    panel = state.get("typed_panel", ONLY_THESE)
    age = state.get("typed_age")
    return {
        "name": (state.get("typed_name") or DEFAULT_NAME).strip(),
        "panel": None if panel == ONLY_THESE else panel,
        "unaltered": tuple(state.get("typed_unaltered") or ()),
        "looked_for": tuple(state.get("typed_tests") or ()),
        "cancer_type": (state.get("typed_cancer_type") or "").strip() or None,
        "sex": state.get("typed_sex"),
        "age": None if age is None else int(age),
    }


def _place(key: Published, rows: tuple[TypedRow, ...]) -> None:
    """Read, place and keep what was typed; a refusal is told, and leaves nobody in its place."""
    for name in (PLACED, REFUSED, explanation_resources.EXPLAINED):
        st.session_state.pop(name, None)
    try:
        st.session_state[PLACED] = _read_and_place(key, TypedTumor(rows=rows, **_stated_facts()))
    except Exception as error:  # noqa: BLE001 - the edge of the page; recorded, then told
        st.session_state[REFUSED] = report_error(error, resources.settings().home).message


def _read_and_place(key: Published, tumor: TypedTumor) -> Placed:
    cohort = read_typed(tumor, resources.gene_table())
    tumors, vectors = place_cohort(key, cohort)
    uploaded = Uploaded(
        file_id=f"typed {hash(tumor)}",
        snapshot=key,
        name=f"{tumor.name}.tsv",
        content=tumor.content,
        options=tumor.options,
        cohort=cohort,
        tumors=tumors,
        vectors=vectors,
        storable=tumor.panel is not None,
    )
    return Placed(tumor=tumor, uploaded=uploaded)
