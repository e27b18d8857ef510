"""Which alterations go with an outcome, and what the model's prediction of it says of them.

No Streamlit, no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from dashboard.biomarker_examples import Example, find_examples
from dashboard.model_effects import HEADS, ModelEffect, model_effects, pair_model_effects
from dashboard.queries import MapData
from dashboard.regions import Counted
from engine.epidemiology.biomarkers import Biomarkers, find_biomarkers
from engine.epidemiology.counts import Features, Group
from engine.epidemiology.effects import Outcome
from engine.epidemiology.pair_biomarkers import PairBiomarker, find_pair_biomarkers
from engine.epidemiology.pairs import burden_of
from engine.epidemiology.patients import one_per_patient
from engine.epidemiology.strata import combine, cut_within
from engine.progress import Progress, no_progress

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


RESPONSE = "response"
"""Key of the outcome of checkpoint blockade."""


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
        effects: Model effect of each single feature or pair, where a head answers the question.
        model_question: What the model effect is of; empty without one.
        examples: The worked examples, where the outcome is the response.
    """

    kind: str
    singles: Biomarkers | None = None
    pairs: tuple[PairBiomarker, ...] = ()
    effects: tuple[ModelEffect, ...] = ()
    model_question: str = ""
    examples: tuple[Example, ...] = ()


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
    cohorts = studies[kept].tolist()
    asked = _Asked(
        features=_of_group(counted.features.take(kept), request.group),
        outcome=outcome.take(kept),
        cohorts=cohorts,
        strata=_strata(counted, kept, request.fixed),
        types=combine(cohorts, counted.type_codes[kept]),
        predicted=None if predicted is None else predicted[kept],
    )
    found = _of_pairs(asked, progress) if request.pairs else _of_singles(asked, progress)
    has_examples = request.offer == RESPONSE and request.group == Group.MUTATION
    return replace(
        found,
        model_question=_question(request, predicted),
        examples=find_examples(*asked.question) if has_examples else (),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """The tumors of known outcome, one of each patient, in one order."""

    features: Features
    outcome: Outcome
    cohorts: list[str]
    strata: Codes
    types: Codes
    predicted: Floats | None

    @property
    def question(self) -> tuple[Features, Outcome, list[str], Codes]:
        return self.features, self.outcome, self.cohorts, self.strata


def _of_singles(asked: _Asked, progress: Progress) -> Answer:
    singles = find_biomarkers(*asked.question, progress=progress)
    effects: tuple[ModelEffect, ...] = ()
    if asked.predicted is not None:
        wanted = [marker.feature for marker in singles.markers]
        effects = model_effects(asked.features, wanted, asked.predicted, asked.types)
    return Answer(kind=asked.outcome.kind, singles=singles, effects=effects)


def _of_pairs(asked: _Asked, progress: Progress) -> Answer:
    pairs = find_pair_biomarkers(*asked.question, progress=progress)
    effects: tuple[ModelEffect, ...] = ()
    if asked.predicted is not None:
        both = [(pair.first, pair.second) for pair in pairs]
        effects = pair_model_effects(asked.features, both, asked.predicted, asked.types)
    return Answer(kind=asked.outcome.kind, pairs=pairs, effects=effects)


def _question(request: Request, predicted: Floats | None) -> str:
    return HEADS[request.offer][0] if predicted is not None else ""


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
