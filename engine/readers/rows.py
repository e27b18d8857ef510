"""Alterations on their way from a file to a cohort: columns as codes, and an open account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engine.cohort import ALTERATIONS
from engine.genes import GeneTable
from engine.kinds import Kind
from engine.readers.findings import RowAccount, Rule
from engine.readers.profiling import Profiling, Standing

KINDS = tuple(Kind)
KIND_CODE = {kind: code for code, kind in enumerate(KINDS)}
IDENTITY = ("start_position", "reference_allele", "tumor_allele", "protein_change")

UNKNOWN_SAMPLE = Rule(
    "sample-not-in-clinical",
    "The sample has no row in the clinical sample file; expected one. The row was left out; "
    "add the sample to the clinical file if it belongs to the study.",
)
SAMPLE_NOT_PROFILED = Rule(
    "sample-not-profiled",
    "The sample has a call but, by the panel matrix, was not looked at; the row was left out. "
    "State the sample's panel in the matrix if it was.",
)
OFF_PANEL = Rule(
    "off-panel",
    "The gene is not on the panel that the sample was looked at with, so nothing is known of the "
    "other samples of that panel; the row was left out.",
)
DUPLICATE = Rule(
    "duplicate",
    "The same alteration of the same sample stands further up in the file; the repetition was "
    "left out.",
)
TCGA_ALIQUOT = Rule(
    "tcga-aliquot", "A TCGA aliquot barcode was read as the sample of its first 15 characters."
)


@dataclass
class AlterationRows:
    """The rows of one file, each one alteration, before panels and duplicates are judged.

    Attributes:
        account: Which rows are still in.
        samples: Distinct sample names as written, (S,).
        sample_codes: Position in `samples`, (N,), int32.
        sample_column: Name of the sample column in the file.
        gene_codes: Position in `GeneTable.symbols`, -1 where unknown, (N,), int32.
        gene_column: Name of the gene column in the file.
        kind_codes: Position in `KINDS`, -1 where unknown, (N,), int8.
        fields: The other columns of `ALTERATIONS`, (N,).
    """

    account: RowAccount
    samples: tuple[str, ...]
    sample_codes: npt.NDArray[np.int32]
    sample_column: str
    gene_codes: npt.NDArray[np.int32]
    gene_column: str
    kind_codes: npt.NDArray[np.int8]
    fields: Mapping[str, pa.Array]

    def sample_ids(self) -> tuple[str, ...]:
        """Return the samples with a row that broke no rule, sorted.

        A sample whose rows were all skipped was looked at, and has no alteration.
        """
        there = np.unique(self.sample_codes[~self.account.rejected])
        return tuple(sorted(self.samples[code] for code in there.tolist()))

    def lost_samples(self) -> tuple[str, ...]:
        """Return the samples of which every row broke a rule, sorted."""
        return tuple(sorted(set(self.samples) - set(self.sample_ids())))

    def genes_seen(self, genes: GeneTable) -> frozenset[str]:
        """Return the genes with a row that is still in."""
        there = np.unique(self.gene_codes[self.account.keep])
        return frozenset(genes.symbols[code] for code in there.tolist() if code >= 0)

    def keep_profiled(self, profiling: Profiling, genes: GeneTable) -> None:
        """Leave out rows of unknown samples, of samples not profiled and of genes off the panel."""
        names = [profiling.sample(name) for name in self.samples]
        standing = profiling.standing(names, self.sample_codes, self.gene_codes)
        written, column = _Names(self.samples, self.sample_codes), self.sample_column
        unknown = standing == Standing.UNKNOWN_SAMPLE
        self.account.reject(unknown, UNKNOWN_SAMPLE, column=column, values=written)
        unprofiled = standing == Standing.SAMPLE_NOT_PROFILED
        self.account.reject(unprofiled, SAMPLE_NOT_PROFILED, column=column, values=written)
        symbols = _Names(genes.symbols, self.gene_codes)
        off_panel = standing == Standing.OFF_PANEL
        self.account.skip(off_panel, OFF_PANEL, column=self.gene_column, values=symbols)
        shortened = np.array([a not in (b, None) for a, b in zip(names, self.samples, strict=True)])
        aliquots = shortened[self.sample_codes]
        self.account.warn(aliquots, TCGA_ALIQUOT, column=column, values=written)
        self.samples = tuple(a or b for a, b in zip(names, self.samples, strict=True))

    def drop_duplicates(self) -> None:
        """Leave out rows that repeat an earlier row that is still in."""
        rows = np.flatnonzero(self.account.keep)
        identity = pd.DataFrame(
            {"sample": self._canonical_samples()[rows], "gene": self.gene_codes[rows]}
        )
        identity["kind"] = self.kind_codes[rows]
        for name in IDENTITY:
            identity[name] = _codes(self.fields[name])[rows]
        repeated = np.zeros(len(self.account.keep), dtype=np.bool_)
        repeated[rows] = identity.duplicated().to_numpy()
        samples = _Names(self.samples, self.sample_codes)
        self.account.skip(repeated, DUPLICATE, column=self.sample_column, values=samples)

    def finish(self, genes: GeneTable) -> pa.Table:
        """Count the rows that are still in as loaded.

        Returns:
            These rows, `ALTERATIONS`, in the order of the file.
        """
        rows = pa.array(self.account.load())
        columns = {
            "sample_id": _decode(self.sample_codes, self.samples, rows),
            "hugo_symbol": _decode(self.gene_codes, genes.symbols, rows),
            "kind": _decode(self.kind_codes, [kind.value for kind in KINDS], rows),
        }
        columns |= {name: self.fields[name].take(rows) for name in ALTERATIONS.names[3:]}
        return pa.table(columns, schema=ALTERATIONS)

    def _canonical_samples(self) -> npt.NDArray[np.int32]:
        """Number samples so that two names of one sample share a number."""
        number: dict[str, int] = {}
        codes = [number.setdefault(name, len(number)) for name in self.samples]
        return np.array(codes, dtype=np.int32)[self.sample_codes]


@dataclass(frozen=True)
class _Names:
    """Texts by row number, looked up only when one is shown."""

    names: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    def __getitem__(self, row: int) -> str:
        return self.names[int(self.codes[row])]


def encode(values: pa.ChunkedArray | pa.Array) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Number the distinct texts of a column.

    Args:
        values: Text without nulls, (N,).

    Returns:
        Codes, (N,), int32, and the texts they stand for.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    encoded = pc.dictionary_encode(values)
    return encoded.indices.to_numpy(), tuple(encoded.dictionary.to_pylist())


def _codes(values: pa.Array) -> npt.NDArray[np.int64]:
    """Number values of any type for comparison; null is -1."""
    if pa.types.is_integer(values.type):
        filled = pc.fill_null(values, -1)
        return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)
    indices = pc.fill_null(pc.dictionary_encode(values).indices, -1)
    return np.asarray(indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def _decode(codes: npt.NDArray[np.integer], names: object, rows: pa.Array) -> pa.Array:
    chosen = pa.array(codes, pa.int32()).take(rows)
    return pc.take(pa.array(names, pa.string()), chosen)
