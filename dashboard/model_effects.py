"""What the model's own prediction of an outcome says of an alteration. No Streamlit, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.predictions import OS_RISK
from engine.epidemiology.counts import Feature, Features
from engine.epidemiology.strata import combine

if TYPE_CHECKING:
    from cache.reader import Reader
    from dashboard.queries import MapData

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

HEADS = {
    "response": ("icb_response", ("R",)),
    "time:OS": (OS_RISK, ()),
    "label:PAM50_SUBTYPE": ("pam50", ()),
    "label:HPV_STATUS": ("hpv", ()),
    "label:MSI_STATUS": ("msi", ()),
    "label:MSI_CLASS": ("msi", ()),
    "label:BLCA_MRNA_SUBTYPE": ("bladder_basal_luminal", ()),
    "label:IMMUNE_CLASS": ("immune_class", ()),
}
"""Heads that answer the question of an outcome, and the class meant where no value is chosen."""


@dataclass(frozen=True, kw_only=True)
class ModelEffect:
    """Mean difference of a predicted share between carriers and others, within strata.

    Attributes:
        difference: In probability, or in percentile of risk, -1..1; NaN where nothing can be
            compared.
        carriers: Carriers that are compared.
    """

    difference: float
    carriers: int


def read_predicted(reader: Reader, data: MapData, offer: str, value: str) -> Floats | None:
    """Read what the model tells of an outcome.

    Args:
        reader: The store.
        data: The map.
        offer: Key of the outcome.
        value: Value of a label that counts as having happened.

    Returns:
        Probability of the outcome, or percentile of the risk of death within the tumor type, (N,),
        NaN where it must not be interpreted; None where no head answers it.
    """
    task, classes = HEADS.get(offer, ("", ()))
    if task not in reader.predicted_tasks(data.model_digest):
        return None
    table = reader.predictions(data.model_digest)
    table = table.filter(pc.equal(table["task"], task))
    if task != OS_RISK:
        wanted = pa.array(list(classes or _classes_of(task, value)), pa.string())
        table = table.filter(pc.is_in(table["class"], wanted))
    if not table.num_rows:
        return None
    values, flags = data.align(table, "probability"), data.align(table, "flag")
    usable = np.isin(flags.astype(str), ("ok", "uncertain"))
    values[~usable] = None
    numbers: Floats = values.astype(np.float64)
    return numbers


def _classes_of(task: str, value: str) -> tuple[str, ...]:
    """Return how a head may call a value of a label."""
    if task == "msi":
        is_high = "high" in value.lower() or value.upper() in ("MSI", "MSI-H", "INSTABLE")
        return ("high",) if is_high else ("stable",)
    return (value, value.lower(), value.removeprefix("BRCA_"))


def model_effects(
    features: Features, wanted: Sequence[Feature], predicted: Floats, strata: Codes
) -> tuple[ModelEffect, ...]:
    """Compare the predictions of carriers and others within strata.

    Args:
        features: Features of N tumors.
        wanted: Features to compare.
        predicted: What is predicted of each tumor, (N,), NaN where unknown.
        strata: Stratum of each, (N,).

    Returns:
        The mean difference of each, every stratum weighted by what it tells.
    """
    rows = np.flatnonzero(~np.isnan(predicted))
    has, known = _laid_out(features, rows, wanted)
    return _differences(has, known & ~has, predicted[rows], strata[rows])


def pair_model_effects(
    features: Features,
    wanted: Sequence[tuple[Feature, Feature]],
    predicted: Floats,
    strata: Codes,
) -> tuple[ModelEffect, ...]:
    """Compare the predictions of tumors with both features and with neither, within strata.

    Args:
        features: Features of N tumors.
        wanted: Pairs to compare.
        predicted: What is predicted of each tumor, (N,), NaN where unknown.
        strata: Stratum of each, (N,).
    """
    rows = np.flatnonzero(~np.isnan(predicted))
    sides = [_laid_out(features, rows, [pair[i] for pair in wanted]) for i in (0, 1)]
    (first, first_known), (second, second_known) = sides
    neither = first_known & second_known & ~first & ~second
    return _differences(first & second, neither, predicted[rows], strata[rows])


def _laid_out(features: Features, rows: Codes, wanted: Sequence[Feature]) -> tuple[Mask, Mask]:
    columns = np.array([features.index[feature] for feature in wanted], dtype=np.int64)
    return features.take(rows).choose(columns).dense()


def _differences(has: Mask, lacks: Mask, values: Floats, strata: Codes) -> tuple[ModelEffect, ...]:
    """Average the differences of the strata, (n, K) masks to K effects."""
    number = has.shape[1]
    sums, weights = np.zeros(number), np.zeros(number)
    carriers = np.zeros(number, dtype=np.int64)
    codes = combine(strata) if len(strata) else strata
    order = np.argsort(codes, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        yes, no, told = has[members], lacks[members], values[members]
        num_yes, num_no = yes.sum(axis=0), no.sum(axis=0)
        weight = num_yes * num_no / np.maximum(num_yes + num_no, 1)
        means = told @ yes / np.maximum(num_yes, 1) - told @ no / np.maximum(num_no, 1)
        sums += weight * means
        weights += weight
        carriers += np.where(weight > 0, num_yes, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(weights > 0, sums / weights, np.nan)
    return tuple(
        ModelEffect(difference=float(found[i]), carriers=int(carriers[i])) for i in range(number)
    )
