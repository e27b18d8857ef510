"""Cell lines as tumors, from the tables of the cell line folder."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from engine.cohort import ALTERATIONS, PANELS, SAMPLES
from engine.errors import EvaluationError
from engine.kinds import Kind
from engine.tokens import Tables

LINES, ALTERED, PROFILED = "cell_lines.tsv", "cell_line_alterations.parquet", "profiled_genes.txt"
PANEL = "cell lines"
KINDS = {"mut": Kind.UNKNOWN, "amp": Kind.AMPLIFICATION, "del": Kind.DEEP_DELETION}
DEEP_ONLY = 3


def cell_line_tables(directory: Path) -> Tables:
    """Read the profiled cell lines of a folder.

    Args:
        directory: Folder with `cell_lines.tsv`, `cell_line_alterations.parquet` and
            `profiled_genes.txt`.

    Returns:
        Tables of a study: mutations of unknown consequence, deep copy number changes.

    Raises:
        EvaluationError: If a file is missing.
    """
    for name in (LINES, ALTERED, PROFILED):
        if not (directory / name).is_file():
            raise EvaluationError(
                f"{directory.name} holds no {name}, expected the cell line folder. Name the data "
                "folder that has it, or leave this section out."
            )
    told = pa_csv.read_csv(directory / LINES, parse_options=pa_csv.ParseOptions(delimiter="\t"))
    lines = told.filter(pc.equal(pc.utf8_lower(pc.cast(told["profiled"], pa.string())), "true"))
    names = [str(name) for name in lines["cell_line"].to_pylist()]
    genes = (directory / PROFILED).read_text(encoding="utf-8").split()
    members = [{"panel_id": PANEL, "hugo_symbol": gene} for gene in genes]
    return Tables(
        genome="GRCh37",
        samples=pa.Table.from_pylist([_sample(name) for name in names], schema=SAMPLES),
        alterations=_alterations(directory / ALTERED, set(names)),
        panels=pa.Table.from_pylist(members, schema=PANELS),
    )


def _sample(name: str) -> dict[str, object]:
    known = {"sample_id": name, "patient_id": name, "cna_levels": DEEP_ONLY}
    return dict.fromkeys(SAMPLES.names) | known | {"mutation_panel": PANEL, "cna_panel": PANEL}


def _alterations(path: Path, names: set[str]) -> pa.Table:
    empty = dict.fromkeys(ALTERATIONS.names)
    rows = [
        empty
        | {"sample_id": row["cell_line"], "hugo_symbol": row["hugo_symbol"]}
        | {"kind": str(KINDS[row["kind"]])}
        for row in pq.read_table(path).to_pylist()
        if row["cell_line"] in names
    ]
    return pa.Table.from_pylist(rows, schema=ALTERATIONS)
