from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from engine import synthetic_statistics as names
from engine.genes import DATA
from engine.synthetic_statistics import MIN_COUNT, SCHEMA, Group, Hotspot, Statistics


@pytest.fixture(scope="module")
def shipped() -> Statistics:
    return Statistics.load()


def make_statistics(rows: list[tuple[str | None, str | None, str, float]]) -> Statistics:
    """Statistics "s" of (cancer type, subtype, detail, value)."""
    table = [
        {
            "statistic": "s",
            "cancer_type": t,
            "subtype": u,
            "detail": d,
            "value": v,
            "num_tumors": 20,
        }
        for t, u, d, v in rows
    ]
    return Statistics(pa.Table.from_pylist(table, schema=SCHEMA))


def test_no_shipped_number_rests_on_fewer_than_eleven_tumors(shipped: Statistics) -> None:
    assert MIN_COUNT == 11
    assert shipped.table.schema.equals(SCHEMA)
    assert pc.min(shipped.table["num_tumors"]).as_py() >= MIN_COUNT
    assert pc.min(shipped.table["num_positive"]).as_py() >= MIN_COUNT


def test_every_shipped_frequency_tells_how_many_tumors_have_the_feature(
    shipped: Statistics,
) -> None:
    frequencies = (
        names.MUTATED, names.MUTATED_PER_TMB, names.AMPLIFIED, names.DEEPLY_DELETED,
        names.ARM_GAIN, names.ARM_LOSS, names.HOTSPOT, names.PROMOTER, names.CLASSIFICATION,
        names.SUBSTITUTION, names.INDEL_LENGTH, names.PANEL, names.PROFILED,
    )  # fmt: skip
    chosen = shipped.table.filter(pc.is_in(shipped.table["statistic"], pa.array(frequencies)))
    assert chosen["num_positive"].null_count == 0
    by_gene = chosen.filter(pc.is_in(chosen["statistic"], pa.array(frequencies[2:4])))
    share = pc.divide(pc.cast(by_gene["num_positive"], pa.float64()), by_gene["num_tumors"])
    assert np.allclose(share.to_numpy(), by_gene["value"].to_numpy(), rtol=1e-3)


def test_quantiles_leave_out_the_extremes_and_keep_eleven_tumors_apart(
    shipped: Statistics,
) -> None:
    for row in shipped.rows(names.TMB_QUANTILE):
        assert float(row.detail or 0) * row.num_tumors >= MIN_COUNT - 1
        assert (1 - float(row.detail or 0)) * row.num_tumors >= MIN_COUNT - 1


def test_the_shipped_files_are_small(shipped: Statistics) -> None:
    assert (DATA / "synthetic.parquet").stat().st_size < 1_000_000
    card = (DATA / "synthetic.md").read_text("utf-8")
    assert f"{shipped.table.num_rows:,} aggregate statistics" in card
    assert "fewer than 11" in card


def test_the_narrowest_scope_wins_row_by_row() -> None:
    statistics = make_statistics(
        [(None, None, "x", 1.0), ("A", None, "x", 2.0), ("A", "a", "x", 3.0), ("B", "b", "x", 4.0)]
    )
    values = [row.value for row in statistics.fitting("s", Group("A", "a"))]
    assert values == [1.0, 2.0, 3.0]
    assert [row.value for row in statistics.fitting("s", Group("A", "other"))] == [1.0, 2.0]
    assert [row.value for row in statistics.fitting("s", Group("C", ""))] == [1.0]


def test_details_come_from_one_scope_only() -> None:
    statistics = make_statistics(
        [(None, None, "x", 1.0), (None, None, "y", 2.0), ("A", "", "x", 3.0)]
    )
    assert statistics.details("s", Group("A", "")) == {"x": 3.0}
    assert statistics.details("s", Group("B", "")) == {"x": 1.0, "y": 2.0}


def test_quantiles_are_in_ascending_order() -> None:
    statistics = make_statistics([("A", "", "0.5", 2.0), ("A", "", "0.25", 1.0)])
    probabilities, values = statistics.quantiles("s", Group("A", ""))
    assert (list(probabilities), list(values)) == ([0.25, 0.5], [1.0, 2.0])


def test_a_hotspot_survives_writing_and_reading() -> None:
    spot = Hotspot("p.E746_A750del", "In_Frame_Del", "7", 55242465, "GGAATTAAGAGAAGC", "-")
    assert Hotspot.decode(spot.encode()) == spot
    assert (spot.protein_position, spot.indel_length) == (746, -15)
    assert Hotspot("", "5'Flank", "5", 1295228, "G", "A").protein_position == 0
