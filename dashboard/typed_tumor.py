"""A tumor whose alterations are typed: read by the same rules as a file. No Streamlit."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.errors import UploadRefusedError
from dashboard.wording import count
from engine.cohort import CLINICAL, PANELS, SAMPLES
from engine.errors import ImportRefusedError
from engine.kinds import COPY_NUMBER_KINDS, SINGLE_COPY_KINDS, Kind
from engine.readers.options import STUDY_ID, ReadOptions

if TYPE_CHECKING:
    from engine.cohort import Cohort
    from engine.genes import GeneTable

KINDS = (
    Kind.MISSENSE,
    Kind.TRUNCATING,
    Kind.IN_FRAME,
    Kind.SPLICE,
    Kind.PROMOTER,
    Kind.AMPLIFICATION,
    Kind.DEEP_DELETION,
    Kind.FUSION,
    Kind.GAIN,
    Kind.SHALLOW_DELETION,
    Kind.UNKNOWN,
    Kind.SILENT,
)
"""Kinds that can be typed, the most frequent first."""

THESE_GENES = "typed genes"
"""Panel of a tumor of which nothing but the typed genes is known."""

COPY_NUMBER, FUSIONS = "copy number", "fusions"
LOOKED_FOR = (COPY_NUMBER, FUSIONS)
OLDEST = 89
HEADER = ("sample", "gene", "kind", "protein_change")

MOST_ROWS = 1_000
"""Alterations of one typed tumor; the most mutated tumors are read from files."""


@dataclass(frozen=True, kw_only=True)
class TypedRow:
    """One alteration as it was typed."""

    gene: str
    kind: str
    protein_change: str = ""


@dataclass(frozen=True, kw_only=True)
class TypedTumor:
    """A tumor as it was typed.

    Attributes:
        name: What it is called here: letters, digits, `_`, `.` and `-`.
        rows: Its alterations.
        panel: The panel that was used; None where only the typed genes are known.
        unaltered: Genes that were looked at as well and found unaltered, where no panel is known.
        looked_for: Which of `LOOKED_FOR` the test covered, beside mutations.
        cancer_type: As stated; None where not known.
        sex: As stated; None where not known.
        age: Years; None where not known.
    """

    name: str
    rows: tuple[TypedRow, ...]
    panel: str | None = None
    unaltered: tuple[str, ...] = ()
    looked_for: tuple[str, ...] = ()
    cancer_type: str | None = None
    sex: str | None = None
    age: int | None = None

    def __post_init__(self) -> None:
        """Refuse a name that no file could carry, and a tumor of no alteration or too many."""
        if not STUDY_ID.fullmatch(self.name):
            raise UploadRefusedError(
                f"The name {self.name[:40]!r} cannot be used. Use letters, digits, '_', '.' and "
                "'-', beginning with a letter or digit."
            )
        if not self.rows:
            raise UploadRefusedError(
                "No alteration was typed, so there is nothing to place. Type at least one gene."
            )
        if len(self.rows) > MOST_ROWS:
            raise UploadRefusedError(
                f"Found {len(self.rows):,} typed alterations; at most {MOST_ROWS} are taken from "
                "a form. Upload them as a file."
            )

    @property
    def options(self) -> ReadOptions:
        """What a reader is told."""
        return ReadOptions(panel=self.panel or "exome", cancer_type=self.cancer_type)

    @property
    def content(self) -> bytes:
        """The rows as a table that every reader of files understands."""
        lines = [HEADER, *((self.name, r.gene, r.kind, r.protein_change) for r in self.rows)]
        text = "\n".join("\t".join(_cell(value) for value in line) for line in lines)
        return f"{text}\n".encode()


def _cell(value: str) -> str:
    return " ".join(value.split())


def read_typed(tumor: TypedTumor, genes: GeneTable) -> Cohort:
    """Read a typed tumor as its table would be read from a file.

    Args:
        tumor: What was typed.
        genes: Gene table.

    Returns:
        The tumor with the account of every row. Only what was looked for counts as looked at.

    Raises:
        UploadRefusedError: If no row can be taken in; the message names the first of each fault.
    """
    from engine.readers.read import read_input

    with tempfile.TemporaryDirectory(prefix="tumorxy-typed-") as folder:
        path = Path(folder) / "typed.tsv"
        path.write_bytes(tumor.content)
        try:
            cohort = read_input(path, tumor.options, genes)
        except ImportRefusedError as error:
            raise _refusal(error) from error
    if not cohort.alterations.num_rows:
        raise UploadRefusedError(
            f"None of the typed rows can be used. {' '.join(say_findings(cohort))}"
        )
    panel = THESE_GENES if tumor.panel is None else str(cohort.panels["panel_id"][0])
    panels = cohort.panels
    if tumor.panel is None:
        seen = {gene for gene in cohort.alterations["hugo_symbol"].to_pylist() if gene}
        rows = [(panel, gene) for gene in sorted(seen | _approved(tumor.unaltered, genes))]
        panels = pa.table([list(column) for column in zip(*rows, strict=True)], schema=PANELS)
    return replace(
        cohort,
        samples=_samples(cohort, tumor, panel),
        panels=panels,
        clinical=_clinical(tumor),
        notes=_notes(tumor),
    )


def _refusal(error: ImportRefusedError) -> UploadRefusedError:
    """Tell in terms of rows what a reader refused in terms of a file."""
    place = f"Row {error.line - 1}: " if error.line else ""
    found = f" (found {error.value!r})" if error.value else ""
    return UploadRefusedError(f"None of the typed rows can be used. {place}{error.problem}{found}.")


def _approved(names: Collection[str], genes: GeneTable) -> set[str]:
    return {approved for approved in genes.resolve(list(names)).approved if approved}


def _samples(cohort: Cohort, tumor: TypedTumor, panel: str) -> pa.Table:
    kinds = set(pc.unique(cohort.alterations["kind"]).to_pylist())
    single = not kinds.isdisjoint(SINGLE_COPY_KINDS)
    copied = single or COPY_NUMBER in tumor.looked_for or not kinds.isdisjoint(COPY_NUMBER_KINDS)
    fused = FUSIONS in tumor.looked_for or Kind.FUSION in kinds
    row = {
        "sample_id": tumor.name,
        "patient_id": tumor.name,
        "cancer_type": tumor.cancer_type,
        "mutation_panel": panel,
        "cna_panel": panel if copied else None,
        "fusion_panel": panel if fused else None,
        "cna_levels": (5 if single else 3) if copied else None,
    }
    return pa.Table.from_pylist([row], schema=SAMPLES)


def _clinical(tumor: TypedTumor) -> pa.Table:
    facts = {"SEX": tumor.sex, "AGE": None if tumor.age is None else _age(tumor.age)}
    rows = [
        {"sample_id": tumor.name, "attribute": key, "value": value}
        for key, value in facts.items()
        if value
    ]
    return pa.Table.from_pylist(rows, schema=CLINICAL)


def _age(years: int) -> str:
    """Write an age; above 89 a year would single somebody out."""
    return str(years) if years <= OLDEST else f"{OLDEST + 1}+"


def _notes(tumor: TypedTumor) -> tuple[str, ...]:
    known = (
        f"{tumor.panel} was stated: its other genes count as looked at and not altered."
        if tumor.panel
        else "Only the typed genes count as looked at; every other gene is unknown."
    )
    return ("The alterations were typed, without positions or variant fractions.", known)


def say_findings(cohort: Cohort) -> tuple[str, ...]:
    """Say what became of rows that were not taken as they were typed, one sentence each."""
    said = []
    for row in cohort.report.findings.to_pylist():
        # The first line of the table is its header.
        place = f"Row {row['line'] - 1}" if row["line"] else "All rows"
        value = f" “{row['value']}”" if row["value"] else ""
        more = f" and {count(row['count'] - 1, 'further row')}" if row["count"] > 1 else ""
        said.append(f"{place}{value}{more}: {row['message']}")
    return tuple(said)


def gene_choices(genes: GeneTable, first: Sequence[str]) -> dict[str, str]:
    """Return names to choose a gene by: as shown, to the approved symbol.

    Args:
        genes: Gene table.
        first: Approved symbols that stand first, with their former names and aliases.

    Returns:
        Genes worth offering, then their other names (`HER2, now ERBB2`), then all further
        protein-coding genes.
    """
    coding = genes.frame.index[genes.frame["protein_coding"].to_numpy(dtype=bool)]
    known = set(first)
    others = genes.other_names(known)
    return {
        **{symbol: symbol for symbol in first},
        **{f"{name}, now {symbol}": symbol for name, symbol in others.items()},
        **{symbol: symbol for symbol in coding if symbol not in known},
    }
