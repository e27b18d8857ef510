"""Draw the clinical attributes of synthetic tumors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from engine import synthetic_statistics as names
from engine.cohort import ATTRIBUTES, CLINICAL
from engine.synthetic_statistics import Group, Statistics

ATTRIBUTE_ROWS = (
    ("CANCER_TYPE", "Cancer type", "STRING", "sample", "Cancer type"),
    ("TCGA_STUDY", "TCGA study", "STRING", "sample", "TCGA study code; COAD and READ are one"),
    ("SUBTYPE", "Subtype", "STRING", "sample", "Type and subtype the tumor was drawn for"),
    ("PAM50_SUBTYPE", "PAM50 subtype", "STRING", "sample", "Breast cancer subtype"),
    ("HPV_STATUS", "HPV status", "STRING", "sample", "Papillomavirus in head and neck or cervix"),
    ("BLCA_MRNA_SUBTYPE", "Bladder mRNA subtype", "STRING", "sample", "Bladder cancer subtype"),
    ("MSI_STATUS", "MSI status", "STRING", "sample", "In types that have an MSI subtype"),
    ("TMB_NONSYNONYMOUS", "TMB", "NUMBER", "sample", "Altering mutations per coding megabase"),
    ("FRACTION_GENOME_ALTERED", "Fraction genome altered", "NUMBER", "sample",
     "Share of the cancer genes with a gain or loss"),
    ("SEX", "Sex", "STRING", "patient", "Sex"),
    ("AGE", "Age", "NUMBER", "patient", "Age at diagnosis in years"),
    ("OS_MONTHS", "Overall survival (months)", "NUMBER", "patient", "To death or end of follow-up"),
    ("OS_STATUS", "Overall survival status", "STRING", "patient", "0:LIVING or 1:DECEASED"),
)  # fmt: skip
"""Attribute, display name, datatype, level, description."""

SUBTYPE_ATTRIBUTE = {
    "BRCA": "PAM50_SUBTYPE",
    "BLCA": "BLCA_MRNA_SUBTYPE",
    "HNSC": "HPV_STATUS",
    "CESC": "HPV_STATUS",
}
YOUNGEST, OLDEST = 18, 89  # years
SHORTEST = 0.1  # months


def attributes_table() -> pa.Table:
    """Return what each attribute means, as `ATTRIBUTES`."""
    rows = [
        (name, display, f"{description}. Synthetic.", datatype, level)
        for name, display, datatype, level, description in ATTRIBUTE_ROWS
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.table(columns, schema=ATTRIBUTES)


def draw_clinical(
    statistics: Statistics,
    sample_groups: Sequence[tuple[str, Group]],
    tmb: np.ndarray,
    altered: np.ndarray,
    rng: np.random.Generator,
) -> pa.Table:
    """Draw the attributes of every tumor, as `CLINICAL`.

    Args:
        statistics: The table drawn from.
        sample_groups: Sample id and group of each tumor, (N,).
        tmb: Altering mutations per megabase, (N,).
        altered: Fraction of the genome altered, NaN where not profiled, (N,).
        rng: Source of randomness.
    """
    types_with_msi = {g.cancer_type for g in statistics.groups if g.subtype == "MSI"}
    rows: list[tuple[str, str, str]] = []
    for i, (sample_id, group) in enumerate(sample_groups):
        values = labels_of(statistics, group, has_msi=group.cancer_type in types_with_msi)
        values["TMB_NONSYNONYMOUS"] = f"{tmb[i]:.2f}"
        if not np.isnan(altered[i]):
            values["FRACTION_GENOME_ALTERED"] = f"{altered[i]:.3f}"
        values |= draw_person(statistics, group, rng)
        rows += [(sample_id, attribute, value) for attribute, value in values.items()]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.table(columns, schema=CLINICAL)


def labels_of(statistics: Statistics, group: Group, *, has_msi: bool) -> dict[str, str]:
    """Labels that follow from the group."""
    cancer_type, _ = group_labels(statistics, group)
    labels = {"CANCER_TYPE": cancer_type, "TCGA_STUDY": group.cancer_type}
    if group.subtype:
        labels["SUBTYPE"] = f"{group.cancer_type} {group.subtype}"
        if group.cancer_type in SUBTYPE_ATTRIBUTE:
            labels[SUBTYPE_ATTRIBUTE[group.cancer_type]] = group.subtype
        if has_msi:
            labels["MSI_STATUS"] = "MSI-high" if group.subtype == "MSI" else "MSS"
    return labels


def group_labels(statistics: Statistics, group: Group) -> tuple[str, str]:
    """Cancer type in words and OncoTree code of a group."""
    cancer_type, code = (statistics.groups[group].detail or "").split("|")
    return cancer_type, code


def draw_person(statistics: Statistics, group: Group, rng: np.random.Generator) -> dict[str, str]:
    """Draw age, sex and survival of one patient."""
    age = statistics.details(names.AGE, group)
    (female,) = statistics.details(names.FEMALE, group).values()
    laws = statistics.details(names.SURVIVAL, group)
    event, censor = (
        laws[f"{end} scale"] * rng.weibull(laws[f"{end} shape"]) for end in ("event", "censor")
    )
    years = np.clip(round(rng.normal(age["mean"], age["sd"])), YOUNGEST, OLDEST)
    return {
        "SEX": "Female" if rng.random() < female else "Male",
        "AGE": str(int(years)),
        "OS_MONTHS": f"{max(min(event, censor), SHORTEST):.1f}",
        "OS_STATUS": "1:DECEASED" if event <= censor else "0:LIVING",
    }
