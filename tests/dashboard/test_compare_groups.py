from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dashboard.compare_enrichment import find_enrichment, single_table
from dashboard.compare_groups import ANY, REST, Asked, Formed, Known, Source, form
from dashboard.compare_warnings import say_left_out
from dashboard.regions import Counted, Fixed
from engine.epidemiology.counts import CountingError, Features, Group, count_alterations
from engine.epidemiology.group_members import Groups
from engine.epidemiology.pathways import roll_up

NUM = 10


def features(
    altered: list[tuple[int, str, str]], panels: list[str | None], copies: list[str | None]
) -> Features:
    samples = pa.table(
        {
            "sample_id": [f"S{i}" for i in range(len(panels))],
            "mutation_panel": pa.array(panels, pa.string()),
            "cna_panel": pa.array(copies, pa.string()),
            "fusion_panel": pa.nulls(len(panels), pa.string()),
        }
    )
    rows = list(zip(*altered, strict=True)) if altered else [[], [], []]
    table = pa.table(
        {
            "tumor": pa.array(rows[0], pa.int64()),
            "hugo_symbol": pa.array(rows[1], pa.string()),
            "kind": pa.array(rows[2], pa.string()),
        }
    )
    genes = pa.table({"panel_id": ["P", "P", "Q"], "hugo_symbol": ["A", "B", "A"]})
    groups = [Group.MUTATION, Group.AMPLIFICATION, Group.DEEP_DELETION, Group.FUSION]
    return count_alterations(samples, table, genes, ["A", "B"], groups)


def known(counted: Features, **facts: object) -> Known:
    number = counted.num_tumors
    return Known(
        **{
            "features": counted,
            "patients": tuple(f"p{i}" for i in range(number)),
            "followed": np.zeros(number, dtype=bool),
            "types": (np.array(["Lung", "Skin"] * (number // 2), dtype=object),),
            "label": None,
            "sets": {},
            **facts,
        }
    )


COUNTED = features(
    [(0, "A", "missense"), (1, "A", "missense"), (1, "B", "truncating"), (4, "A", "amplification")],
    ["P", "P", "P", "Q", "P", None, "P", "P", "Q", "P"],
    ["P", "P", None, "P", "P", "P", "P", "P", "P", "P"],
)


def codes(formed: Formed) -> list[int]:
    return formed.groups.codes.tolist()


def test_a_gene_that_was_not_profiled_is_neither_altered_nor_wild_type() -> None:
    formed = form(Asked(source=Source.GENE, genes=("B",)), known(COUNTED))
    assert formed.groups.names == ("B mutated", "B wild type")
    assert codes(formed) == [1, 0, 1, -1, 1, -1, 1, 1, -1, 1]
    assert formed.num_unknown == 3
    assert "not counted as wild type" in say_left_out(formed)[0]
    assert {feature.name for feature in formed.defining} == {"B"}


def test_any_alteration_is_known_where_all_were_looked_for() -> None:
    formed = form(Asked(source=Source.GENE, genes=("A",), kind=ANY), known(COUNTED))
    assert codes(formed) == [0, 0, -1, 1, 0, -1, 1, 1, 1, 1]
    amplified = form(
        Asked(source=Source.GENE, genes=("A",), kind=Group.AMPLIFICATION), known(COUNTED)
    )
    assert amplified.groups.names[0] == "A amplified"
    assert codes(amplified)[4] == 0


def test_a_pair_makes_four_groups() -> None:
    formed = form(Asked(source=Source.PAIR, genes=("A", "B")), known(COUNTED))
    assert formed.groups.names == ("A and B", "A only", "B only", "Neither")
    assert codes(formed) == [1, 0, 3, -1, 3, -1, 3, 3, -1, 3]


def test_a_label_makes_a_group_of_each_value_and_the_types_narrow_it() -> None:
    label = np.array(["x", "y", None, "z", "x", "y", "x", "y", "x", "y"], dtype=object)
    asked = Asked(source=Source.LABEL, label="STAGE", members=("x", "y"), types=("Lung",))
    formed = form(asked, known(COUNTED, label=label))
    assert codes(formed) == [0, -1, -1, -1, 0, -1, 0, -1, 0, -1]
    assert formed.num_unknown == 1
    assert not formed.by_treatment


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("RESPONSE", "treatment"),
        ("DURABLE_CLINICAL_BENEFIT", "treatment"),
        ("ICB_DRUG", "treatment"),
        ("LINES_OF_TX", "treatment"),
        ("OS_STATUS", "outcome"),
        ("SEX", ""),
        ("CARCINOMA_TYPE", ""),
    ],
)
def test_groups_known_only_after_treatment_are_recognized(label: str, expected: str) -> None:
    values = np.array(["a", "b"] * 5, dtype=object)
    asked = Asked(source=Source.LABEL, label=label, members=("a", "b"))
    formed = form(asked, known(COUNTED, label=values))
    assert formed.by_treatment == (expected == "treatment")
    assert formed.by_outcome == (expected == "outcome")


def test_sets_and_their_rest() -> None:
    mask = np.arange(NUM) < 4
    sets = {"1": ("Mine", mask), "2": ("Mine", np.arange(NUM) > 7)}
    asked = Asked(source=Source.SETS, members=("set:1", f"{REST}:1"))
    formed = form(asked, known(COUNTED, sets=sets))
    assert formed.groups.names == ("Mine", "All other tumors")
    assert formed.groups.sizes == (4, 6)
    named = form(Asked(source=Source.SETS, members=("set:1", "set:2")), known(COUNTED, sets=sets))
    assert named.groups.names == ("Mine (1)", "Mine (2)")


def test_an_unknown_gene_is_refused() -> None:
    with pytest.raises(CountingError, match="NOPE mutation was asked for"):
        form(Asked(source=Source.GENE, genes=("NOPE",)), known(COUNTED))


def _counted(found: Features, panels: np.ndarray) -> Counted:
    number = found.num_tumors
    return Counted(
        features=found,
        pathways=roll_up(found, {"X": ("A", "B")}, {}),
        patients=tuple(map(str, range(number))),
        types=np.array(["T"] * number, dtype=object),
        type_codes=np.zeros(number, dtype=np.int64),
        panels=panels,
        numbers={},
        labels={},
        arms={},
    )


def test_a_difference_between_panels_is_no_finding_within_panels() -> None:
    """Gene B is mutated more often on one panel, which most of the group was sequenced with."""
    rng = np.random.default_rng(6)
    number = 2_000
    panel = rng.random(number) < 0.5
    group = rng.random(number) < np.where(panel, 0.8, 0.2)
    mutated = rng.random(number) < np.where(panel, 0.5, 0.1)
    altered = [(int(i), "B", "missense") for i in np.flatnonzero(mutated)]
    found = features(altered, ["P"] * number, [None] * number)
    groups = Groups(
        names=("in", "out"),
        codes=np.where(group, 0, 1),
        num_tumors=(int(group.sum()), int((~group).sum())),
        num_in_several=0,
        num_split_persons=0,
        num_further=0,
    )
    formed = Formed(
        groups=groups,
        defining=frozenset(),
        num_unknown=0,
        unknown_reason="",
        by_treatment=False,
        by_outcome=False,
    )
    within = find_enrichment(formed, _counted(found, panel.astype(np.int64)), 0, Fixed.PANEL)
    crude = find_enrichment(formed, _counted(found, np.zeros(number, dtype=int)), 0, Fixed.PANEL)
    assert crude.markers[0].estimate.q_value < 1e-10
    assert within.markers[0].estimate.lower < 1 < within.markers[0].estimate.upper
    table = single_table(crude)
    assert table["Alteration"].tolist() == ["B"]
    assert table["n"].iloc[0] == group.sum()
