"""Read which panel each sample of a study was looked at with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.errors import ImportRefusedError
from engine.panel_notes import CNA, FUSIONS, MUTATIONS
from engine.readers.context import ReadContext
from engine.readers.findings import Rule
from engine.readers.panels import Panel, public_panel
from engine.readers.rows import UNKNOWN_SAMPLE, encode
from engine.readers.table import Columns, TextTable, read_table

MATRIX_COLUMNS = Columns(
    required={"sample": ("SAMPLE_ID",)},
    optional={
        MUTATIONS: ("mutations", "mutation", "mutations_extended"),
        CNA: ("cna", "gistic", "discrete_cna", "cna_rae"),
        FUSIONS: ("structural_variants", "structural_variant", "sv", "fusion", "fusions"),
    },
)
NOT_PROFILED = ("", "NA", "na", "N/A", "NONE", "None")

REPEATED_SAMPLE = Rule(
    "duplicate-id", "The sample stands further up in the panel matrix; the row was left out."
)
ON_NO_PANEL = Rule(
    "sample-on-no-panel",
    "Samples of the clinical file have no row in the panel matrix; they count as not profiled. "
    "Add a row for each sample that was sequenced.",
)

PanelOf = dict[str, str | None]


def read_panel_matrix(
    path: Path, sample_ids: frozenset[str], panels: dict[str, Panel], context: ReadContext
) -> dict[str, PanelOf]:
    """Read `data_gene_panel_matrix.txt`.

    Args:
        path: Sample ids and, by kind of measurement, panel ids; NA is not profiled.
        sample_ids: Samples of the study.
        panels: Panels of the study's own files; public panels that are named are added.
        context: Shared state.

    Returns:
        By kind of measurement in the file (`mutations`, `cna`, `fusions`): each sample of the
        study to its panel, None where it was not profiled.

    Raises:
        ImportRefusedError: If a panel is named that is in no file and not public.
    """
    table = read_table(path, context.limits, context.collector, MATRIX_COLUMNS)
    context.digests[path.name] = table.digest
    written, ids = table.written["sample"], table["sample"].to_pylist()
    absent = np.array([name not in sample_ids for name in ids], dtype=np.bool_)
    table.account.reject(absent, UNKNOWN_SAMPLE, column=written, values=ids)
    repeated = pd.Series(ids).duplicated().to_numpy(dtype=np.bool_)
    table.account.reject(repeated, REPEATED_SAMPLE, column=written, values=ids)
    rows = table.account.load()
    matrix = {
        kind: _one_kind(table, kind, rows, panels, context)
        for kind in (MUTATIONS, CNA, FUSIONS)
        if kind in table
    }
    missing = sorted(sample_ids - {ids[row] for row in rows.tolist()})
    if missing:
        value = f"{len(missing)} samples, the first is {missing[0]}"
        context.collector.warn(path.name, ON_NO_PANEL, column=written, values=value)
    for panel_of in matrix.values():
        panel_of.update(dict.fromkeys(missing))
    return matrix


def _one_kind(
    table: TextTable,
    kind: str,
    rows: npt.NDArray[np.int64],
    panels: dict[str, Panel],
    context: ReadContext,
) -> PanelOf:
    codes, names = encode(table[kind])
    for code, name in enumerate(names):
        if name in NOT_PROFILED or name in panels:
            continue
        public = public_panel(name, context.genes)
        if public is None:
            raise _unknown_panel(table, kind, int(np.argmax(codes == code)), panels)
        panels[name] = Panel(name, public.genes)
    panel_of = [None if name in NOT_PROFILED else name for name in names]
    ids = table["sample"].to_pylist()
    return {ids[row]: panel_of[codes[row]] for row in rows.tolist()}


def _unknown_panel(
    table: TextTable, kind: str, row: int, panels: Mapping[str, Panel]
) -> ImportRefusedError:
    known = ", ".join(sorted(panels)) or "none"
    return ImportRefusedError(
        f"the panel is described nowhere; expected one of the study's gene_panels folder ({known}) "
        "or a public panel",
        advice="Put the panel's file (stable_id and gene_list) into the folder gene_panels of the "
        "study",
        file=table.file,
        rule="unknown-panel",
        line=int(table.account.line_numbers[row]),
        column=table.written[kind],
        value=table[kind][row].as_py(),
    )
