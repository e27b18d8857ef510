"""Clinical statistics by group: size, burden, allele fractions, age, sex, panels, survival.

Used by `engine.training.derive_synthetic` only.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize

from engine import synthetic_statistics as names
from engine.synthetic_statistics import MIN_COUNT
from engine.training.synthetic_rows import (
    KEYS,
    NO_COUNT,
    Cell,
    Rows,
    add_quantiles,
    add_shares,
    group_positions,
)
from engine.training.synthetic_sources import Source

MIN_EVENTS = 20
"""Fewest deaths, and fewest censored patients, that a survival law is fitted to."""


def add_groups(rows: Rows, samples: pd.DataFrame) -> None:
    """Add every group with its size and its commonest cancer type and OncoTree code.

    Where fewer than MIN_COUNT tumors of the group share one, it is that of the whole type.
    """
    labels = samples[["CANCER_TYPE", "ONCOTREE_CODE"]].agg("|".join, axis=1)
    of_type = labels.groupby(samples["cancer_type"]).agg(lambda of_type: of_type.mode()[0])
    for (cancer_type, subtype), positions in group_positions(samples).items():
        counts = labels.iloc[positions].value_counts()
        commonest = counts.index[0] if counts.iloc[0] >= MIN_COUNT else of_type[cancer_type]
        cell = Cell("", cancer_type, subtype, len(positions))
        rows.add(names.GROUP, cell, len(positions), detail=str(commonest))


def add_burden(rows: Rows, samples: pd.DataFrame) -> None:
    """Add TMB quantiles of each group, and of each type for groups that are too small."""
    known = samples.dropna(subset=["tmb"])
    for (cancer_type, subtype), positions in group_positions(known).items():
        cell = Cell("", cancer_type, subtype, len(positions))
        add_quantiles(rows, names.TMB_QUANTILE, known["tmb"].iloc[positions], scope=cell)
    for whole_type, of_type in known.groupby("cancer_type"):
        cell = Cell("", str(whole_type), None, len(of_type))
        add_quantiles(rows, names.TMB_QUANTILE, of_type["tmb"], scope=cell)


def add_allele_fractions(rows: Rows, *sources: Source) -> None:
    """Add quantiles of the VAF by type, from the first source that has it, and over all types."""
    everything = []
    seen: set[str] = set()
    for source in sources:
        calls = source.mutations.dropna(subset=["vaf"])
        types = source.samples["cancer_type"].reindex(calls["sample_id"]).to_numpy()
        everything.append(calls)
        for cancer_type, of_type in calls.groupby(types):
            if str(cancer_type) not in seen:
                cell = Cell("", str(cancer_type), None, of_type["sample_id"].nunique())
                add_quantiles(rows, names.VAF_QUANTILE, of_type["vaf"], scope=cell)
        seen |= set(types)
    pooled = pd.concat(everything)
    cell = Cell("", None, None, pooled["sample_id"].nunique())
    add_quantiles(rows, names.VAF_QUANTILE, pooled["vaf"], scope=cell)


def add_people(rows: Rows, samples: pd.DataFrame) -> None:
    """Add age and sex by type; a sex with fewer than MIN_COUNT patients counts as none."""
    for cancer_type, patients in samples.groupby("cancer_type"):
        ages = pd.to_numeric(patients["AGE"], errors="coerce").dropna()
        cell = Cell("", str(cancer_type), None, len(ages))
        rows.add(names.AGE, cell, round(float(ages.mean()), 1), detail="mean")
        rows.add(names.AGE, cell, round(float(ages.std()), 1), detail="sd")
        sexes = patients["SEX"][patients["SEX"].isin(["Female", "Male"])].value_counts()
        sexes = sexes[sexes >= MIN_COUNT]
        female = int(sexes.get("Female", 0))
        cell = Cell("", str(cancer_type), None, int(sexes.sum()), female or NO_COUNT)
        rows.add(names.FEMALE, cell, female / sexes.sum())


def add_panels(rows: Rows, samples: pd.DataFrame) -> None:
    """Add the share of each gene panel, over all types."""
    panels = samples["mutations"].rename_axis("sample_id")
    add_shares(rows, names.PANEL, panels.reset_index(), "mutations")


def fit_weibull(months: np.ndarray, happened: np.ndarray) -> tuple[float, float]:
    """Fit a Weibull law to right-censored times by maximum likelihood.

    Args:
        months: Time to the event or to the end of follow-up, above 0, (N,).
        happened: Whether the event was seen, (N,), bool.

    Returns:
        Shape (above 1: the hazard rises) and scale in months.
    """

    def loss(logs: np.ndarray) -> float:
        shape, scale = np.exp(logs)
        hazard = (months / scale) ** shape
        density = np.log(shape / scale) + (shape - 1) * np.log(months / scale)
        return float(hazard.sum() - density[happened].sum())

    start = np.log([1.0, months.sum() / happened.sum()])
    shape, scale = np.exp(optimize.minimize(loss, start, method="Nelder-Mead").x)
    return float(shape), float(scale)


def add_survival(rows: Rows, samples: pd.DataFrame) -> None:
    """Add Weibull laws of death and of the end of follow-up; rare outcomes are pooled."""
    months = pd.to_numeric(samples["OS_MONTHS"], errors="coerce").clip(lower=0.1)
    known = samples[months.notna() & (samples["OS_STATUS"] != "")]
    months, died = months[known.index], known["OS_STATUS"].str.startswith("1")
    rest = known
    for keys in (KEYS, ["cancer_type"]):
        for scope, tumors in list(rest.groupby(keys)):
            if min(died[tumors.index].sum(), (~died[tumors.index]).sum()) >= MIN_EVENTS:
                cancer_type, subtype = (*map(str, scope), None)[:2]
                add_laws(rows, (cancer_type, subtype), months[tumors.index], died[tumors.index])
                rest = rest.drop(tumors.index)
    if not rest.empty:
        add_laws(rows, (None, None), months[rest.index], died[rest.index])


def add_laws(
    rows: Rows, scope: tuple[str | None, str | None], months: pd.Series, died: pd.Series
) -> None:
    """Add both Weibull laws of one group or pool."""
    for end, happened in (("event", died), ("censor", ~died)):
        cell = Cell("", *scope, len(months), int(happened.sum()))
        law = fit_weibull(months.to_numpy(), happened.to_numpy())
        for parameter, value in zip(("shape", "scale"), law, strict=True):
            rows.add(names.SURVIVAL, cell, value, detail=f"{end} {parameter}")
