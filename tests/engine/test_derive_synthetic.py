from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy import stats

from engine import synthetic_statistics as names
from engine.synthetic_statistics import MIN_COUNT, Statistics
from engine.training import derive_synthetic
from engine.training.synthetic_clinical import fit_weibull
from engine.training.synthetic_pairs import latent_correlation, pair_genes
from engine.training.synthetic_rows import Cell, Rows, add_quantiles, add_shares, count_cells


def make_samples(**sizes: int) -> pd.DataFrame:
    """Tumors of groups named `TYPE_subtype`."""
    keys = [key.split("_") for key, size in sizes.items() for _ in range(size)]
    return pd.DataFrame(keys, columns=["cancer_type", "subtype"])


def test_a_row_with_a_small_count_stops_the_work() -> None:
    with pytest.raises(ValueError, match="rests on fewer than 11 tumors"):
        Rows().add("s", Cell("", "A", "a", 100, MIN_COUNT - 1), 0.1)
    with pytest.raises(ValueError, match="rests on fewer than 11 tumors"):
        Rows().add("s", Cell("", "A", "a", MIN_COUNT - 1), 0.1)
    rows = Rows()
    rows.add("s", Cell("", "A", "a", 100), 0.123456)
    assert rows.table().to_pylist()[0]["num_positive"] is None
    assert rows.table().to_pylist()[0]["value"] == pytest.approx(0.1235)


def test_rare_features_are_pooled_in_the_type_then_over_types() -> None:
    samples = make_samples(A_a=40, A_b=30, A_c=30, B_x=50)
    flags = np.zeros((150, 2), dtype=bool)
    flags[:20, 0] = True  # 20 of A a
    flags[40:46, 0] = flags[70:76, 0] = True  # 6 of A b and 6 of A c
    flags[100:105, 0] = True  # 5 of B x
    flags[:4, 1] = flags[100:109, 1] = True
    cells, remaining = count_cells(samples, flags, ["often", "rarely"])
    assert [(c.name, c.cancer_type, c.subtype, c.num_tumors, c.num_positive) for c in cells] == [
        ("often", "A", "a", 40, 20),
        ("often", "A", None, 60, 12),
    ]
    assert [(c.name, c.num_tumors, c.num_positive) for c in remaining] == [
        ("often", 50, 5),
        ("rarely", 150, 13),
    ]


def test_shares_leave_out_values_of_few_tumors() -> None:
    calls = pd.DataFrame(
        {
            "sample_id": [f"S{i}" for i in range(40)] + ["S0"] * 20,
            "value": ["x"] * 28 + ["y"] * 12 + ["z"] * 20,
        }
    )
    rows = Rows()
    add_shares(rows, "s", calls, "value")
    found = {row["detail"]: row for row in rows.table().to_pylist()}
    assert found.keys() == {"x", "y"}, "z is of one tumor, however many calls"
    assert found["x"]["value"] == pytest.approx(0.7)
    assert (found["y"]["num_tumors"], found["y"]["num_positive"]) == (40, 12)


@pytest.mark.parametrize(("size", "knots"), [(32, 0), (33, 2), (66, 5), (1000, 19)])
def test_quantiles_keep_eleven_tumors_apart(size: int, knots: int) -> None:
    rows = Rows()
    values = pd.Series(np.arange(size, dtype=float))
    add_quantiles(rows, "q", values, scope=Cell("", "A", "", size))
    drawn = rows.table()["value"].to_pylist()
    assert len(drawn) == knots
    edges = [0, *drawn, size - 1]
    assert knots == 0 or min(np.diff(edges)) >= MIN_COUNT - 1


def test_pairs_within_strata_ignore_what_the_strata_explain() -> None:
    rng = np.random.default_rng(0)
    strata = np.repeat([0, 1], 4000)
    first = rng.random(8000) < np.where(strata == 0, 0.1, 0.7)
    second = rng.random(8000) < np.where(strata == 0, 0.1, 0.7)
    log_odds, chi, both = pair_genes(first, second, strata)
    assert abs(log_odds) < 0.2
    assert abs(chi) < 3
    assert both == (first & second).sum()
    crude, far, _ = pair_genes(first, second, np.zeros(8000, dtype=np.int64))
    assert crude > 1
    assert far > 10


def test_pairs_find_the_odds_of_one_table() -> None:
    first = np.repeat([True, True, False, False], [30, 70, 120, 780])
    second = np.repeat([True, False, True, False], [30, 70, 120, 780])
    log_odds, chi, _ = pair_genes(first, second, np.zeros(1000, dtype=np.int64))
    assert log_odds == pytest.approx(np.log(30 * 780 / (70 * 120)))
    expected = 100 * 150 / 1000
    variance = 100 * 900 * 150 * 850 / 1000**2 / 999
    assert chi == pytest.approx((30 - expected) / np.sqrt(variance))


def test_exclusive_pairs_show_a_bound_and_never_a_small_count() -> None:
    strata = np.zeros(1000, dtype=np.int64)
    bounds = []
    for both in (0, 3, 10):
        first = np.arange(1000) < 300
        second = (np.arange(1000) >= 300 - both) & (np.arange(1000) < 600 - both)
        bounds.append(pair_genes(first, second, strata)[:2])
    assert bounds[0] == bounds[1] == bounds[2]
    assert bounds[0][0] == pytest.approx(np.log(10 / 90))


@pytest.mark.parametrize(
    ("log_odds", "first", "second"), [(1.5, 0.3, 0.1), (-2.0, 0.25, 0.4), (0, 0.1, 0.1)]
)
def test_latent_correlation_gives_back_the_log_odds(
    log_odds: float, first: float, second: float
) -> None:
    correlation = latent_correlation(log_odds, first, second)
    law = stats.multivariate_normal(cov=[[1, correlation], [correlation, 1]])
    both = law.cdf(stats.norm.ppf([first, second]))
    found = np.log(both * (1 - first - second + both) / ((first - both) * (second - both)))
    assert found == pytest.approx(log_odds, abs=0.02)


def test_biserial_finds_the_latent_correlation() -> None:
    rng = np.random.default_rng(0)
    scores = rng.standard_normal(200_000)
    latent = 0.6 * scores + 0.8 * rng.standard_normal(200_000)
    assert derive_synthetic.biserial(latent > 1.0, scores) == pytest.approx(0.6, abs=0.01)
    assert derive_synthetic.biserial(np.ones(5, dtype=bool), np.zeros(5)) == 0.0


def test_weibull_is_found_under_censoring() -> None:
    rng = np.random.default_rng(0)
    event, censor = 30 * rng.weibull(1.5, 20_000), 40 * rng.weibull(1.0, 20_000)
    shape, scale = fit_weibull(np.minimum(event, censor), event <= censor)
    assert shape == pytest.approx(1.5, rel=0.03)
    assert scale == pytest.approx(30, rel=0.03)


def test_the_command_asks_for_its_argument() -> None:
    with pytest.raises(SystemExit, match="Usage: python -m"):
        derive_synthetic.main([])


@pytest.mark.realdata
@pytest.mark.slow
def test_the_shipped_table_is_what_the_script_derives(data_root: Path) -> None:
    derived, shipped = derive_synthetic.derive(data_root).table(), Statistics.load().table
    keys = derived.column_names[:5]
    assert derived.select(keys).equals(shipped.select(keys))
    assert derived.drop_columns("value").equals(shipped.drop_columns("value"))
    difference = pc.subtract(derived["value"], shipped["value"])
    limit = pc.multiply(pa.scalar(1e-2), pc.abs(shipped["value"]))
    assert pc.all(pc.less_equal(pc.abs(difference), pc.add(limit, pa.scalar(1e-4)))).as_py()
    assert names.MUTATED in set(derived["statistic"].to_pylist())
