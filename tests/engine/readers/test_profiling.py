from __future__ import annotations

import numpy as np
import pytest

from engine.genes import GeneTable
from engine.readers.panels import Panel
from engine.readers.profiling import Profiling, Standing


@pytest.fixture(scope="module")
def genes() -> GeneTable:
    return GeneTable.load()


def profiling(genes: GeneTable) -> Profiling:
    panels = {"A": Panel("A", frozenset({"KRAS", "TP53"})), "B": Panel("B", frozenset({"EGFR"}))}
    return Profiling({"S1": "A", "S2": "B", "S3": None}, panels, genes)


def test_the_standing_of_calls(genes: GeneTable) -> None:
    kras = genes.index["KRAS"]
    standing = profiling(genes).standing(
        ["S1", "S2", "S3", None],
        np.array([0, 1, 2, 3, 0], dtype=np.int32),
        np.array([kras, kras, kras, kras, -1], dtype=np.int32),
    )
    assert standing.tolist() == [
        Standing.PROFILED,
        Standing.OFF_PANEL,
        Standing.SAMPLE_NOT_PROFILED,
        Standing.UNKNOWN_SAMPLE,
        Standing.PROFILED,
    ]


def test_members_of_a_panel(genes: GeneTable) -> None:
    of = profiling(genes)
    members = of.members("S1")
    assert members is not None
    assert [genes.symbols[i] for i in np.flatnonzero(members)] == ["KRAS", "TP53"]
    assert of.members("S3") is None


@pytest.mark.parametrize(
    ("written", "sample"),
    [
        ("TCGA-02-0003-01", "TCGA-02-0003-01"),
        ("TCGA-02-0003-01A-01D-1490-08", "TCGA-02-0003-01"),
        ("TCGA-02-0003-10A-01D-1490-08", None),
        ("TCGA-02-0003-01A", None),
        ("S9", None),
    ],
)
def test_a_tcga_aliquot_means_its_sample(
    written: str, sample: str | None, genes: GeneTable
) -> None:
    of = Profiling({"TCGA-02-0003-01": None}, {}, genes)
    assert of.sample(written) == sample
