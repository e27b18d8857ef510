"""OncoTree: what a tumor type code stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ONCOTREE = Path(__file__).parent / "data" / "oncotree.parquet"

ONCOTREE_SCHEMA = pa.schema(
    [
        ("code", pa.string()),  # LUAD
        ("main_type", pa.string()),  # Non-Small Cell Lung Cancer
        ("name", pa.string()),  # Lung Adenocarcinoma
        ("tissue", pa.string()),  # Lung
    ]
)


@dataclass(frozen=True)
class TumorType:
    """One node of the tree."""

    code: str
    main_type: str
    name: str
    tissue: str


FORMER_CODES = {"CRC": "COADREAD", "OV": "OVT", "THCA": "THYROID"}
"""Codes of TCGA and of older OncoTree releases that stand for a node under another code."""


def tumor_type(code: str) -> TumorType | None:
    """Look a code up.

    Args:
        code: OncoTree code, in any case.

    Returns:
        The tumor type, or None if the code is not in the tree.
    """
    known = code.strip().upper()
    return _by_code().get(FORMER_CODES.get(known, known))


def tumor_type_named(name: str) -> TumorType | None:
    """Look a tumor type up by its full name, in any case; None if the tree has no such name."""
    return _by_name().get(name.strip().lower())


def type_names(stated: str) -> tuple[str, ...]:
    """Name a tumor type as stated, by its code and by its main type, as far as they are known."""
    node = tumor_type_named(stated) or tumor_type(stated)
    names = (stated.strip(), node.code, node.main_type) if node else (stated.strip(),)
    return tuple(dict.fromkeys(name for name in names if name))


@cache
def main_types() -> tuple[str, ...]:
    """Return the main types of the tree, sorted."""
    return tuple(sorted({node.main_type for node in _tumor_types() if node.main_type}))


@cache
def _tumor_types() -> tuple[TumorType, ...]:
    return tuple(TumorType(**row) for row in pq.read_table(ONCOTREE).to_pylist())


@cache
def _by_code() -> dict[str, TumorType]:
    return {node.code.upper(): node for node in _tumor_types()}


@cache
def _by_name() -> dict[str, TumorType]:
    return {node.name.lower(): node for node in _tumor_types()}
