"""Why is a region a region: a lasso against all others, over a cohort of 30,000 tumors.

Run: `python -m tests.benchmarks.regions`. The cohort is drawn: 1,066 genes in five groups, four
panels, 30 types, burdens that differ a hundredfold. Prints a table and writes
tests/benchmarks/results/regions.csv.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engine.epidemiology.counts import Features, Group, count_alterations
from engine.epidemiology.pairs import burden_of, pair_statistics
from engine.epidemiology.pathways import roll_up
from engine.epidemiology.region import contrast
from engine.epidemiology.strata import combine
from engine.genes import GeneTable
from tests.benchmarks.harness import Measurement, quantiles, show, time_call, write_results

NUM_TUMORS, NUM_GENES, NUM_TYPES, REPEAT = 30_000, 1_066, 30, 7
SELECTED = (200, 3_000)
PAIR_GENES = 100
KINDS = ("missense", "truncating", "amplification", "deep deletion", "fusion")
PANEL_SHARES = {"WES": 1.0, "468": 0.44, "410": 0.38, "341": 0.32}


def main() -> None:
    generator = np.random.default_rng(0)
    genes = GeneTable.load().symbols[:: len(GeneTable.load().symbols) // NUM_GENES][:NUM_GENES]
    samples, altered, panels = draw(generator, genes)
    counted = count_alterations(samples, altered, panels, genes)
    types = generator.integers(0, NUM_TYPES, NUM_TUMORS)
    strata = combine(types, samples["mutation_panel"].to_pylist())
    size = f"{NUM_TUMORS:,} tumors, {len(counted.features):,} features"
    rows = [
        quantiles(
            "lay out alterations",
            "s",
            time_call(lambda: count_alterations(samples, altered, panels, genes), repeat=3),
            note=f"{altered.num_rows:,} alterations",
        )
    ]
    for number in SELECTED:
        inside = chosen(generator, types, number)
        found = contrast(counted, inside, ~inside, strata)
        seconds = time_call(lambda i=inside: contrast(counted, i, ~i, strata), repeat=REPEAT)
        note = f"{size}; {len(found.markers):,} and {len(found.pairs):,} pairs tested"
        rows.append(quantiles(f"region of {number:,} against the rest", "s", seconds, note=note))
    rows.append(pathways(counted))
    rows.append(pairs(counted, strata))
    show(rows)
    print(write_results("regions", rows))


def draw(
    generator: np.random.Generator, genes: tuple[str, ...]
) -> tuple[pa.Table, pa.Table, pa.Table]:
    names = [f"T{i:05d}" for i in range(NUM_TUMORS)]
    panel = generator.choice(list(PANEL_SHARES), NUM_TUMORS)
    samples = pa.table(
        dict.fromkeys(("mutation_panel", "cna_panel", "fusion_panel"), panel) | {"sample_id": names}
    )
    burden = np.minimum(generator.lognormal(2.6, 1.0, NUM_TUMORS).astype(np.int64) + 1, 800)
    tumor = np.repeat(np.arange(NUM_TUMORS), burden)
    popularity = generator.pareto(1.2, len(genes)) + 0.2
    gene = generator.choice(len(genes), len(tumor), p=popularity / popularity.sum())
    kind = generator.choice(len(KINDS), len(tumor), p=[0.55, 0.15, 0.15, 0.1, 0.05])
    altered = pa.table(
        {
            "tumor": tumor.astype(np.int32),
            "hugo_symbol": pa.DictionaryArray.from_arrays(gene.astype(np.int32), list(genes)),
            "kind": pa.DictionaryArray.from_arrays(kind.astype(np.int32), list(KINDS)),
        }
    )
    ids, members = zip(
        *((p, g) for p, share in PANEL_SHARES.items() for g in genes[: int(share * len(genes))]),
        strict=True,
    )
    return samples, altered, pa.table({"panel_id": ids, "hugo_symbol": members})


def chosen(generator: np.random.Generator, types: np.ndarray, number: int) -> np.ndarray:
    """Select tumors mostly of three types, as a lasso does."""
    weight = np.where(types < 3, 20.0, 1.0)
    inside = np.zeros(NUM_TUMORS, dtype=bool)
    inside[generator.choice(NUM_TUMORS, number, replace=False, p=weight / weight.sum())] = True
    return inside


def pathways(counted: Features) -> Measurement:
    sets = GeneTable.load().hallmarks()
    seconds = time_call(lambda: roll_up(counted, sets), repeat=3)
    return quantiles("roll up to 50 hallmark sets", "s", seconds)


def pairs(counted: Features, strata: np.ndarray) -> Measurement:
    positive, _ = counted.count(np.zeros(NUM_TUMORS, dtype=np.int64), 1)
    is_mutation = np.array([f.group == Group.MUTATION for f in counted.features])
    frequent = np.argsort(-np.where(is_mutation, positive[0], -1.0))[:PAIR_GENES]
    burden, features = burden_of(counted, Group.MUTATION), counted.choose(frequent)
    seconds = time_call(
        lambda: pair_statistics(features, strata, burden=burden), repeat=1, warmup=0
    )
    note = f"{NUM_TUMORS:,} tumors, within type, panel and burden"
    return quantiles(
        f"{PAIR_GENES * (PAIR_GENES - 1) // 2:,} pairs of genes", "s", seconds, note=note
    )


if __name__ == "__main__":
    main()
