from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cache.store import Store
from dashboard.cli import app
from dashboard.cohort_pairs import PairsAsked, count_pairs
from dashboard.errors import NothingToDoError
from dashboard.theme import SYNTHETIC_NOTE
from engine.errors import UnknownGeneError
from engine.genes import GeneTable
from tests.app.small_home import build_home, draw_cohort

NUM_TUMORS = 400


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    build_home(folder, [draw_cohort("synthetic_demo", NUM_TUMORS)], with_map=False)
    return folder


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home)


def run(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setenv("TUMORXY_HOME", str(home))
    return CliRunner().invoke(app, ["pairs", *arguments])


def test_pairs_are_counted_among_those_profiled_for_both(store: Store) -> None:
    found = count_pairs(store, PairsAsked(genes=["TP53", "KRAS", "HER2"])).pairs
    names = {frozenset((pair.first.name, pair.second.name)) for pair in found}
    assert names == {
        frozenset(("TP53", "KRAS")),
        frozenset(("TP53", "ERBB2")),
        frozenset(("KRAS", "ERBB2")),
    }
    by_pair = {frozenset((pair.first.name, pair.second.name)): pair for pair in found}
    # ERBB2 is not on the small panel of half of the tumors: they say nothing about it.
    small = by_pair[frozenset(("TP53", "KRAS"))].num_profiled
    assert by_pair[frozenset(("TP53", "ERBB2"))].num_profiled < small <= NUM_TUMORS


def test_a_type_may_be_chosen(store: Store) -> None:
    asked = PairsAsked(genes=["TP53", "KRAS"], cancer_type="glioma")
    [pair] = count_pairs(store, asked).pairs
    assert 0 < pair.num_profiled < NUM_TUMORS / 4


@pytest.mark.parametrize(
    "genes", [["TP53"], ["MLL2", "KMT2D"], sorted(GeneTable.load().panels()["IMPACT505"])[:41]]
)
def test_too_few_and_too_many_genes_are_refused(store: Store, genes: list[str]) -> None:
    with pytest.raises(NothingToDoError, match="expected 2 to 40"):
        count_pairs(store, PairsAsked(genes=genes))


def test_what_cannot_be_counted_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UnknownGeneError, match=r"'KRSA' .* Did you mean .*KRAS"):
        count_pairs(store, PairsAsked(genes=["KRSA", "TP53"]))
    with pytest.raises(NothingToDoError, match="no sequenced tumor of the type 'Hair'"):
        count_pairs(store, PairsAsked(genes=["KRAS", "TP53"], cancer_type="Hair"))
    with pytest.raises(NothingToDoError, match="none is imported"):
        count_pairs(Store(tmp_path), PairsAsked(genes=["KRAS", "TP53"]))


def test_the_command_tells_pairs_as_a_table_and_as_json(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run(home, monkeypatch, "TP53", "KRAS")
    assert told.exit_code == 0, told.output
    assert SYNTHETIC_NOTE in " ".join(told.stdout.split())
    assert "above 1 is together more often than apart" in " ".join(told.stdout.split())
    told = run(home, monkeypatch, "TP53", "KRAS", "--json")
    document = json.loads(told.stdout)
    assert document["synthetic"] is True
    [found] = document["pairs"]
    pair = found["pair"]
    counts = [pair[name] for name in ("both", "first_only", "second_only", "neither")]
    assert found["num_profiled"] == sum(counts)
    assert pair["within_burden"]["lower"] <= pair["within_burden"]["odds_ratio"]
