"""The table of aggregate statistics that the synthetic cohort is drawn from.

One long table: a statistic, where it holds, and its value with the counts behind it. `cancer_type`
and `subtype` name one group of tumors; a null `subtype` is the pool of those groups of the type,
and a null `cancer_type` the pool of those groups of all types, that have too few tumors for a value
of their own. No value rests on fewer than `MIN_COUNT` tumors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.genes import DATA

MIN_COUNT = 11
"""Fewest tumors that a published count may concern."""

SCHEMA = pa.schema(
    [
        ("statistic", pa.string()),
        ("cancer_type", pa.string()),
        ("subtype", pa.string()),  # "" where the type has none
        ("hugo_symbol", pa.string()),
        ("detail", pa.string()),
        ("value", pa.float32()),
        ("num_tumors", pa.int32()),  # tumors looked at
        ("num_positive", pa.int32()),  # tumors counted; null where the value is no frequency
    ]
)

GROUP = "group"  # detail: cancer type | OncoTree code; num_tumors: size
MUTATED = "mutated"  # share of tumors with a mutation that alters the gene
MUTATED_PER_TMB = "mutated per TMB"  # mutated genes per tumor and mutation per megabase
TMB_CORRELATION = "TMB correlation"  # latent correlation of MUTATED with the TMB rank
PAIR_LOG_ODDS = "pair log odds"  # detail: second gene; within subtype and TMB stratum
PAIR_CORRELATION = "pair correlation"  # latent correlation that gives the log odds
AMPLIFIED = "amplified"
DEEPLY_DELETED = "deeply deleted"
ARM_GAIN = "arm gain"  # detail: arm
ARM_LOSS = "arm loss"
HOTSPOT = "hotspot"  # share of the tumors mutated in the gene; detail: see `Hotspot`
PROMOTER = "promoter"  # share of tumors with this promoter mutation; detail: see `Hotspot`
PROFILED = "profiled"  # share of tumors whose copy number of the gene is known
CLASSIFICATION = "classification"  # detail: MAF Variant_Classification
SILENT_RATIO = "silent per altering mutation"
SUBSTITUTION = "substitution"  # detail: C>A .. T>G
INDEL_LENGTH = "indel length"  # detail: bases; the last one stands for all longer ones
TMB_QUANTILE = "TMB quantile"  # detail: probability
VAF_QUANTILE = "VAF quantile"
SURVIVAL = "survival"  # detail: event or censor, shape or scale of a Weibull law, months
AGE = "age"  # detail: mean or sd, years
FEMALE = "female"  # share
PANEL = "panel"  # detail: panel id; share of tumors


class Hotspot(NamedTuple):
    """One recurrent protein change; positions are GRCh37."""

    protein_change: str
    classification: str
    chromosome: str
    position: int
    reference_allele: str
    tumor_allele: str

    @property
    def protein_position(self) -> int:
        """First residue, 12 of p.G12C; 0 for promoters."""
        residue = re.search(r"\d+", self.protein_change)
        return int(residue.group()) if residue else 0

    @property
    def indel_length(self) -> int:
        """Inserted minus deleted bases; 0 for substitutions."""
        return len(self.tumor_allele.strip("-")) - len(self.reference_allele.strip("-"))

    def encode(self) -> str:
        """Write the parts as the `detail` of a row."""
        return "|".join(map(str, self))

    @classmethod
    def decode(cls, detail: str) -> Hotspot:
        """Read the parts from the `detail` of a row."""
        change, classification, chromosome, position, reference, tumor = detail.split("|")
        return cls(change, classification, chromosome, int(position), reference, tumor)


Scope = tuple[str | None, str | None]


class Group(NamedTuple):
    """Tumors of one type and subtype."""

    cancer_type: str
    subtype: str


class Row(NamedTuple):
    """One value of a statistic."""

    cancer_type: str | None
    subtype: str | None
    hugo_symbol: str | None
    detail: str | None
    value: float
    num_tumors: int


@dataclass(frozen=True)
class Statistics:
    """The table, with the lookups that sampling needs."""

    table: pa.Table

    @classmethod
    def load(cls) -> Statistics:
        """Read the shipped table."""
        return cls(pq.ParquetFile(DATA / "synthetic.parquet").read())

    @cached_property
    def _by_scope(self) -> dict[str, dict[Scope, list[Row]]]:
        scopes: dict[str, dict[Scope, list[Row]]] = {}
        for values in self.table.drop_columns(["num_positive"]).to_pylist():
            rows = scopes.setdefault(values.pop("statistic"), {})
            row = Row(**values)
            rows.setdefault((row.cancer_type, row.subtype), []).append(row)
        return scopes

    @cached_property
    def groups(self) -> dict[Group, Row]:
        """Groups of tumors in the order of the table."""
        return {Group(r.cancer_type or "", r.subtype or ""): r for r in self.rows(GROUP)}

    def rows(self, statistic: str) -> list[Row]:
        """Return all rows of one statistic."""
        return [row for rows in self._by_scope.get(statistic, {}).values() for row in rows]

    def fitting(self, statistic: str, group: Group) -> Iterator[Row]:
        """Yield the rows that hold for a group, from the widest pool to the group itself."""
        for scope in ((None, None), (group.cancer_type, None), group):
            yield from self._by_scope.get(statistic, {}).get(scope, [])

    def details(self, statistic: str, group: Group) -> dict[str, float]:
        """Return values by detail; the narrowest scope that has the statistic gives all of them."""
        chosen: dict[str, float] = {}
        scope: Scope | None = None
        for row in self.fitting(statistic, group):
            if (row.cancer_type, row.subtype) != scope:
                scope, chosen = (row.cancer_type, row.subtype), {}
            chosen[row.detail or ""] = row.value
        return chosen

    def quantiles(self, statistic: str, group: Group) -> tuple[np.ndarray, np.ndarray]:
        """Return (probabilities, values), ascending, for `np.interp`."""
        pairs = sorted((float(p), v) for p, v in self.details(statistic, group).items())
        probabilities, values = zip(*pairs, strict=True)
        return np.array(probabilities), np.array(values)
