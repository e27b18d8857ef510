"""Survival of lung adenocarcinoma by KRAS, STK11 and KEAP1, in the order that is known."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.cohort import Cohort
from engine.epidemiology.counts import Group, count_alterations
from engine.epidemiology.group_members import form_groups
from engine.epidemiology.group_survival import Adjustment, GroupHazards, compare_hazards
from engine.epidemiology.survival_curves import Curve, compare_curves, fit_curve
from engine.genes import GeneTable
from engine.readers.options import ReadOptions
from engine.readers.read import read_input
from engine.training.treated import Times

pytestmark = [pytest.mark.realdata, pytest.mark.slow]

NAMES = ("KRAS only", "KRAS and STK11", "KRAS and KEAP1", "KRAS, STK11 and KEAP1")


@cache
def cohort_of(folder: Path) -> Cohort:
    return read_input(folder, ReadOptions(), GeneTable.load())


@cache
def lung(root: Path) -> tuple[tuple[Curve, ...], GroupHazards]:
    """Compare patients with mutated KRAS by what else is mutated: msk_met_2021, LUAD."""
    cohort = cohort_of(root / "studies" / "msk_met_2021")
    samples = cohort.samples.to_pandas()
    genes = ["KRAS", "STK11", "KEAP1"]
    counted = count_alterations(
        cohort.samples, cohort.alterations, cohort.panels, genes, [Group.MUTATION]
    )
    has, known = counted.dense()
    is_lung = (samples["oncotree_code"] == "LUAD").to_numpy() & known.all(axis=1)
    kras, stk11, keap1 = has.T
    masks = [is_lung & kras & (stk11 == s) & (keap1 == k) for k in (0, 1) for s in (0, 1)]
    stated = cohort.clinical.to_pandas().pivot_table(
        index="sample_id", columns="attribute", values="value", aggfunc="first"
    )
    stated = stated.reindex(samples["sample_id"])
    months = pd.to_numeric(stated["OS_MONTHS"], errors="coerce").to_numpy(dtype=float)
    died = stated["OS_STATUS"].astype(str).str.startswith("1").to_numpy()
    groups = form_groups(NAMES, masks, samples["patient_id"].tolist(), months > 0)
    times = Times(months=months, ended=died)
    curves = tuple(
        fit_curve(months[chosen], died[chosen], name)
        for group, name in enumerate(NAMES)
        for chosen in [(groups.codes == group) & (months > 0)]
    )
    adjustment = Adjustment(
        numbers={
            "Age": pd.to_numeric(stated["AGE_AT_SEQUENCING"], errors="coerce").to_numpy(dtype=float)
            / 10
        },
        labels={"Sex": stated["SEX"].to_numpy(dtype=object)},
        strata=np.unique(stated["SAMPLE_TYPE"].astype(str), return_inverse=True)[1],
    )
    hazards = compare_hazards(NAMES, groups.codes, times, adjustment)
    assert hazards is not None
    return curves, hazards


def test_stk11_and_keap1_shorten_the_survival_of_kras_mutated_lung_cancer(
    data_root: Path,
) -> None:
    """Arbour et al. 2018, doi:10.1158/1078-0432.CCR-17-1841: worst with STK11 and KEAP1."""
    curves, hazards = lung(data_root)
    alone, stk11, keap1, both = curves
    assert alone.n > 600
    assert min(curve.n for curve in curves) > 50
    assert both.median < min(stk11.median, keap1.median)
    assert max(stk11.median, keap1.median) < alone.median
    found = compare_curves(curves)
    assert found is not None
    assert found.p_value < 1e-10
    ratios = {line.name: line for line in hazards.groups}
    assert ratios["KRAS, STK11 and KEAP1"].ratio > 1.5
    assert ratios["KRAS, STK11 and KEAP1"].lower > 1.3
    assert ratios["KRAS and KEAP1"].lower > 1
    assert hazards.events_per_variable > 50
    assert 1 < hazards.groups[0].ratio < ratios["KRAS, STK11 and KEAP1"].ratio
