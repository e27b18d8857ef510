from __future__ import annotations

import numpy as np
import pytest

from engine.epidemiology.counts import Features, join
from engine.epidemiology.pathways import PATHWAY, roll_up
from engine.epidemiology.region import contrast
from engine.genes import GeneTable
from tests.engine.epidemiology.made import features_of, noise

GENES = ["KRAS", "CDKN2A", "RB1"]
SETS = {"RTK-RAS": ("KRAS", "EGFR"), "Cell_Cycle": ("CDKN2A", "RB1", "CCND1")}
ROLES = {
    ("RTK-RAS", "KRAS"): "OG",
    ("Cell_Cycle", "CDKN2A"): "TSG",
    ("Cell_Cycle", "RB1"): "TSG",
}


def counted(mutated: np.ndarray, amplified: np.ndarray, deleted: np.ndarray) -> Features:
    groups = {"mutation": mutated, "amplification": amplified, "deep deletion": deleted}
    return join([features_of(has, names=GENES, group=group) for group, has in groups.items()])


def one(gene: str) -> np.ndarray:
    return np.array([[name == gene for name in GENES], [False] * 3])


NONE = np.zeros((2, 3), dtype=bool)


def altered(features: Features) -> list[bool]:
    found = roll_up(features, SETS, ROLES)
    assert [feature.label for feature in found.features.features] == [
        "RTK-RAS pathway",
        "Cell_Cycle pathway",
    ]
    has, _ = found.features.dense()
    assert not has[1].any()
    return has[0].tolist()


def test_an_alteration_counts_where_it_fits_the_role() -> None:
    assert altered(counted(one("RB1"), NONE, NONE)) == [False, True]
    assert altered(counted(NONE, one("KRAS"), NONE)) == [True, False]
    assert altered(counted(NONE, NONE, one("CDKN2A"))) == [False, True]


def test_an_amplified_suppressor_and_a_deleted_oncogene_do_not_count() -> None:
    assert altered(counted(NONE, one("CDKN2A"), one("KRAS"))) == [False, False]


def test_genes_that_were_not_profiled_are_accounted_for() -> None:
    known = np.array([[True, True, True], [False, True, False], [False, False, False]])
    found = roll_up(features_of(np.ones((3, 3)), known, GENES), SETS, ROLES)
    assert found.coverage == pytest.approx(
        np.array([[1 / 2, 2 / 3], [0, 1 / 3], [0, 0]]), abs=1e-12
    )
    has, asked = found.features.dense()
    assert asked.tolist() == [[True, True], [False, True], [False, False]]
    assert has.tolist() == asked.tolist()


def test_a_pathway_with_two_altered_genes_is_altered_once() -> None:
    found = roll_up(features_of(np.ones((1, 3)), names=GENES), SETS, ROLES)
    assert found.features.tumor.tolist() == [0, 0]
    assert found.features.column_of("Cell_Cycle", PATHWAY) == 1


def test_no_mutation_panel_is_nothing_known() -> None:
    found = roll_up(features_of(np.ones((4, 3)), names=GENES, group="amplification"), SETS)
    assert not found.features.dense()[1].any()
    assert found.features.tumor.size == 0


def test_a_region_is_compared_by_the_ten_pathways() -> None:
    table = GeneTable.load()
    genes = sorted({gene for members in table.pathways().values() for gene in members})
    has = noise(300, len(genes), share=0.002)
    inside = np.arange(300) < 60
    has[inside, genes.index("KEAP1")] |= noise(60, 1, 0.5)[:, 0]
    found = roll_up(features_of(has, names=genes), table.pathways(), table.pathway_roles())
    assert found.coverage.min() == 1.0
    region = contrast(found.features, inside, ~inside, np.zeros(300, dtype=np.int64))
    assert region.markers[0].feature.label == "NRF2 pathway"
    assert region.markers[0].estimate.q_value < 1e-6
