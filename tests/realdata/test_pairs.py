"""Pairs of genes that are known to go together or apart, in lung and breast, from real studies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.cohort import Cohort
from engine.epidemiology.counts import Features, Group, count_alterations
from engine.epidemiology.pairs import PairRecord, burden_of, pair_statistics
from engine.epidemiology.patients import one_per_patient, patient_keys
from engine.epidemiology.strata import combine
from engine.genes import GeneTable
from engine.readers.options import ReadOptions
from engine.readers.read import read_input

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

STUDIES = ("msk_impact_2017", "msk_met_2021", "samstein_2019", "tcga_pancan")
LUNG_ADENOCARCINOMA = ("LUAD",)
BREAST_CANCER = ("BRCA", "IDC", "ILC", "MDLC", "BRCNOS", "BRCANOS", "IMMC", "MBC")


@cache
def cohort_of(folder: Path) -> Cohort:
    return read_input(folder, ReadOptions(), GeneTable.load())


def with_study(table: pa.Table, study: str) -> pa.Table:
    return table.append_column("study_id", pa.array([study] * table.num_rows))


@cache
def tumors_of(root: Path, codes: tuple[str, ...]) -> tuple[Features, np.ndarray]:
    """Count the mutations of the tumors of some types, one of each patient: with study and panel.

    Genes are those on every panel of the studies, so that burdens are of one kind.
    """
    cohorts = {name: cohort_of(root / "studies" / name) for name in STUDIES}
    samples, altered, panels = (
        pa.concat_tables(
            with_study(getattr(cohort, name).select(columns), study)
            for study, cohort in cohorts.items()
        )
        for name, columns in (
            (
                "samples",
                [
                    "sample_id",
                    "patient_id",
                    "oncotree_code",
                    "mutation_panel",
                    "cna_panel",
                    "fusion_panel",
                ],
            ),
            ("alterations", ["sample_id", "hugo_symbol", "kind"]),
            ("panels", ["panel_id", "hugo_symbol"]),
        )
    )
    genes = sorted(GeneTable.load().panels()["IMPACT468"])
    frame = samples.to_pandas()
    rows = np.flatnonzero(frame["oncotree_code"].isin(codes) & frame["mutation_panel"].notna())
    frame = frame.iloc[rows]
    kept = one_per_patient(patient_keys(frame["study_id"], frame["patient_id"]))
    counted = count_alterations(samples, altered, panels, genes, [Group.MUTATION])
    strata = combine(frame["study_id"][kept], frame["mutation_panel"][kept])
    return counted.take(rows[kept]), strata


def pair_in(root: Path, codes: tuple[str, ...], first: str, second: str) -> PairRecord:
    features, strata = tumors_of(root, codes)
    columns = tuple(features.column_of(gene, Group.MUTATION) for gene in (first, second))
    burden = burden_of(features, Group.MUTATION)
    found = pair_statistics(features.choose(columns), strata, burden=burden)
    return found.record(0)


TOGETHER = [
    # first, second, odds ratio crude and within study, panel and burden
    ("KRAS", "STK11", 2.8, 2.3),
    ("STK11", "KEAP1", 9.9, 8.0),
    ("KRAS", "KEAP1", 1.9, 1.7),
    ("SMARCA4", "STK11", 3.3, 2.7),
    ("TP53", "RB1", 4.0, 3.3),
]


@pytest.mark.parametrize(("first", "second", "crude", "adjusted"), TOGETHER)
def test_pairs_of_lung_adenocarcinoma_go_together(
    data_root: Path, first: str, second: str, crude: float, adjusted: float
) -> None:
    record = pair_in(data_root, LUNG_ADENOCARCINOMA, first, second)
    assert 4_000 < record.num_profiled < 4_400
    assert record.crude.odds_ratio == pytest.approx(crude, rel=0.1)
    assert record.within_burden.odds_ratio == pytest.approx(adjusted, rel=0.1)
    assert record.within_burden.lower > 1.3
    assert record.within_burden.p_value < 1e-6
    assert record.within_burden.odds_ratio < record.crude.odds_ratio


def test_drivers_of_lung_adenocarcinoma_exclude_each_other(data_root: Path) -> None:
    record = pair_in(data_root, LUNG_ADENOCARCINOMA, "KRAS", "EGFR")
    assert record.within_burden.upper < 0.1
    assert record.within_burden.p_value < 1e-80


def test_pik3ca_and_tp53_go_apart_in_breast_cancer(data_root: Path) -> None:
    record = pair_in(data_root, BREAST_CANCER, "PIK3CA", "TP53")
    assert record.num_profiled > 3_000
    assert record.within_burden.odds_ratio == pytest.approx(0.47, rel=0.1)
    assert record.within_burden.upper < 0.6
    assert record.within_burden.p_value < 1e-15


@pytest.mark.parametrize("codes", [LUNG_ADENOCARCINOMA, BREAST_CANCER])
def test_burden_alone_makes_no_pair(data_root: Path, codes: tuple[str, ...]) -> None:
    """Most of 100 genes have nothing to do with each other, which only the burden hides."""
    features, strata = tumors_of(data_root, codes)
    found = pair_statistics(
        features.choose(_most_frequent(features, 100)),
        strata,
        burden=burden_of(features, Group.MUTATION),
    )
    tested = found.is_tested
    assert np.median(found.crude.z[tested]) > 1.5
    assert abs(np.median(found.within_burden.z[tested])) < 0.15
    assert (found.within_burden.z[tested] > 2).mean() < 0.06


def _most_frequent(features: Features, number: int) -> Sequence[int]:
    counts = np.bincount(features.column, minlength=len(features.features))
    chosen: list[int] = np.argsort(-counts, kind="stable")[:number].tolist()
    return chosen
