"""Which alterations go with an outcome, and what the model's prediction of it says of them.

No Streamlit, no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.queries import MapData
from dashboard.regions import Counted
from engine.epidemiology.biomarkers import Biomarkers, find_biomarkers
from engine.epidemiology.counts import Feature, Features, Group
from engine.epidemiology.effects import Outcome
from engine.epidemiology.pair_biomarkers import PairBiomarker, find_pair_biomarkers
from engine.epidemiology.pairs import burden_of
from engine.epidemiology.patients import one_per_patient
from engine.epidemiology.strata import combine, cut_within
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from cache.reader import Reader

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Fixed(StrEnum):
    """What is held fixed within a cohort; the value is what the page calls it."""

    TYPE_PANEL_BURDEN = "Tumor type, panel and burden"
    TYPE_PANEL = "Tumor type and panel"
    NOTHING = "Nothing but the cohort"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked.

    Attributes:
        offer: Key of the outcome.
        value: Value of a label that counts as having happened.
        cohorts: Studies.
        group: How genes are altered.
        fixed: What is held fixed.
        pairs: Whether pairs are asked about.
    """

    offer: str
    value: str
    cohorts: tuple[str, ...]
    group: Group
    fixed: Fixed
    pairs: bool


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was found.

    Attributes:
        kind: `odds ratio` or `hazard ratio`.
        singles: Single features, the one with most evidence first; None when pairs were asked for.
        pairs: Pairs, the one with most evidence of an interaction first; empty unless asked for.
        model_effects: By feature, the model effect, where a head answers the same question.
        model_question: What the model effect is of; empty without one.
    """

    kind: str
    singles: Biomarkers | None
    pairs: tuple[PairBiomarker, ...]
    model_effects: dict[Feature, ModelEffect]
    model_question: str


@dataclass(frozen=True, kw_only=True)
class ModelEffect:
    """Mean difference of a predicted probability between carriers and others, within strata.

    Attributes:
        difference: In probability, -1..1; NaN where nothing can be compared.
        carriers: Carriers that are compared.
    """

    difference: float
    carriers: int


HEADS = {
    "response": ("icb_response", ("R",)),
    "label:PAM50_SUBTYPE": ("pam50", ()),
    "label:HPV_STATUS": ("hpv", ()),
    "label:MSI_STATUS": ("msi", ()),
    "label:MSI_CLASS": ("msi", ()),
    "label:BLCA_MRNA_SUBTYPE": ("bladder_basal_luminal", ()),
    "label:IMMUNE_CLASS": ("immune_class", ()),
}
"""Heads that answer the question of an outcome, and the class meant where no value is chosen."""


def answer(
    counted: Counted,
    data: MapData,
    outcome: Outcome,
    request: Request,
    predicted: Floats | None,
    progress: Progress = no_progress,
) -> Answer:
    """Test alterations for an outcome; one tumor of each patient, those of known outcome first.

    Args:
        counted: What is known of the N tumors of the map.
        data: The map.
        outcome: What happened, in the order of the map.
        request: What is asked.
        predicted: The model's probability of that outcome for each tumor, (N,), NaN where it
            must not be interpreted; None where no head answers it.
        progress: Told how far the work is; may raise to stop.
    """
    studies = data.samples["study_id"].to_numpy(dtype=object)
    chosen = outcome.known & np.isin(studies.astype(str), request.cohorts)
    kept = np.flatnonzero(one_per_patient(counted.patients, chosen) & chosen)
    features = _of_group(counted.features.take(kept), request.group)
    strata = _strata(counted, kept, request.fixed)
    cohorts = studies[kept].tolist()
    part = outcome.take(kept)
    if request.pairs:
        pairs = find_pair_biomarkers(features, part, cohorts, strata, progress=progress)
        return Answer(
            kind=part.kind, singles=None, pairs=pairs, model_effects={}, model_question=""
        )
    singles = find_biomarkers(features, part, cohorts, strata, progress=progress)
    effects = {}
    if predicted is not None:
        types = combine(cohorts, counted.type_codes[kept])
        wanted = [marker.feature for marker in singles.markers]
        effects = model_effects(features, wanted, predicted[kept], types)
    return Answer(
        kind=part.kind,
        singles=singles,
        pairs=(),
        model_effects=effects,
        model_question=HEADS[request.offer][0] if predicted is not None else "",
    )


def _of_group(features: Features, group: Group) -> Features:
    columns = [i for i, feature in enumerate(features.features) if feature.group == group]
    return features.choose(columns)


def _strata(counted: Counted, rows: Codes, fixed: Fixed) -> Codes:
    if fixed is Fixed.NOTHING:
        return np.zeros(len(rows), dtype=np.int64)
    strata = combine(counted.type_codes[rows], counted.panels[rows])
    if fixed is Fixed.TYPE_PANEL:
        return strata
    burden = burden_of(counted.features.take(rows), Group.MUTATION).astype(np.float64)
    return cut_within(burden, strata)


def read_predicted(reader: Reader, data: MapData, request: Request) -> Floats | None:
    """Read the model's probability of an outcome, (N,); None where no head answers it."""
    import pyarrow.compute as pc

    task, classes = HEADS.get(request.offer, ("", ()))
    if task not in reader.predicted_tasks(data.model_digest):
        return None
    wanted = classes or _classes_of(task, request.value)
    table = reader.predictions(data.model_digest)
    mask = pc.and_(pc.equal(table["task"], task), pc.is_in(table["class"], _array(wanted)))
    table = table.filter(mask)
    if not table.num_rows:
        return None
    values, flags = data.align(table, "probability"), data.align(table, "flag")
    usable = np.isin(flags.astype(str), ("ok", "uncertain"))
    values[~usable] = None
    numbers: Floats = values.astype(np.float64)
    return numbers


def _array(values: Sequence[str]) -> object:
    import pyarrow as pa

    return pa.array(list(values), pa.string())


def _classes_of(task: str, value: str) -> tuple[str, ...]:
    """Return how a head may call a value of a label."""
    if task == "msi":
        is_high = "high" in value.lower() or value.upper() in ("MSI", "MSI-H", "INSTABLE")
        return ("high",) if is_high else ("stable",)
    return (value, value.lower(), value.removeprefix("BRCA_"))


def model_effects(
    features: Features, wanted: Sequence[Feature], predicted: Floats, strata: Codes
) -> dict[Feature, ModelEffect]:
    """Compare predicted probabilities of carriers and others within strata.

    Args:
        features: Features of N tumors.
        wanted: Features to compare.
        predicted: Probability of each tumor, (N,), NaN where unknown.
        strata: Stratum of each, (N,).

    Returns:
        The mean difference by feature, each stratum weighted by what it tells.
    """
    if not wanted:
        return {}
    rows = np.flatnonzero(~np.isnan(predicted))
    columns = [features.index[feature] for feature in wanted]
    has, known = features.take(rows).choose(columns).dense()
    codes = combine(strata[rows]) if len(rows) else strata[:0]
    weights = np.zeros(len(wanted))
    sums, carriers = np.zeros(len(wanted)), np.zeros(len(wanted), dtype=np.int64)
    order = np.argsort(codes, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
        yes, no = has[members], known[members] & ~has[members]
        num_yes, num_no = yes.sum(axis=0), no.sum(axis=0)
        values = predicted[rows][members]
        weight = num_yes * num_no / np.maximum(num_yes + num_no, 1)
        mean_yes = values @ yes / np.maximum(num_yes, 1)
        mean_no = values @ no / np.maximum(num_no, 1)
        sums += weight * (mean_yes - mean_no)
        weights += weight
        carriers += np.where(weight > 0, num_yes, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(weights > 0, sums / weights, np.nan)
    return {
        feature: ModelEffect(difference=float(means[i]), carriers=int(carriers[i]))
        for i, feature in enumerate(wanted)
    }
