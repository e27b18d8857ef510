"""From studies to the heads of outcome: response to checkpoint blockade, and overall survival."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.covariates import SCALARS
from engine.embed import Encoder
from engine.heads import FEWEST_GENES, Heads
from engine.progress import Progress, no_progress
from engine.readout import Readout
from engine.tokens import TumorTokens
from engine.training.response import DEFAULTS as RESPONSE_DEFAULTS
from engine.training.response import ICB_RESPONSE, ResponseConfig, fit_response
from engine.training.survival import DEFAULTS as RISK_DEFAULTS
from engine.training.survival import FollowedTumors, RiskConfig, fit_risk
from engine.training.treated import NON_RESPONDER, RESPONDER, Times, TreatedTumors, join_treated
from engine.type_names import NOT_STATED
from engine.weights import seal

RESPONSE_STUDIES = ("samstein_2019", "vanallen_2015", "braun_2020", "roh_2017")
"""Cohorts that the response head is fitted on."""

RESPONSES = {
    "R": RESPONDER,
    "NR": NON_RESPONDER,
    "YES": RESPONDER,
    "NO": NON_RESPONDER,
}
"""What `RESPONSE` and, where a study has none, `DURABLE_CLINICAL_BENEFIT` say."""

TYPE_CODES = ("TCGA_STUDY", "TUMOR_TYPE_CODE")
"""Clinical attributes that name the tumor type more finely than the cancer type does."""

ATTRIBUTES = (
    *TYPE_CODES,
    "RESPONSE",
    "DURABLE_CLINICAL_BENEFIT",
    "ICB_DRUG",
    "OS_MONTHS",
    "OS_STATUS",
    "PFS_MONTHS",
    "PFS_STATUS",
    "AGE",
    "AGE_AT_SEQUENCING",
    "SEX",
)
"""Clinical attributes that outcomes, and the baselines beside them, are read from."""

NO_DRUG = "none"
"""How the name of a drug begins that is no checkpoint blockade: the other arm of a trial."""


class Described(Protocol):
    """N tumors of one or more studies, with their clinical attributes."""

    @property
    def tokens(self) -> TumorTokens:
        """The tumors."""

    @property
    def study_ids(self) -> Sequence[str]:
        """Study of each tumor."""

    @property
    def patient_ids(self) -> Sequence[str]:
        """Patient of each tumor."""

    @property
    def cancer_types(self) -> Sequence[str | None]:
        """Stated type of each tumor, None where not known."""

    @property
    def attributes(self) -> Mapping[str, Sequence[str | None]]:
        """By clinical attribute, its value for each tumor, None where unknown."""


@dataclass(frozen=True, kw_only=True)
class OutcomeCohort:
    """N tumors of one or more studies; the fields are those of `Described`."""

    tokens: TumorTokens
    study_ids: Sequence[str]
    patient_ids: Sequence[str]
    cancer_types: Sequence[str | None]
    attributes: Mapping[str, Sequence[str | None]]


def choose_treated(cohort: Described) -> NDArray[np.int64]:
    """Choose the tumors of patients who were given checkpoint blockade.

    The first tumor of each patient of a study counts. Patients of an arm without checkpoint
    blockade, and tumors with fewer than `FEWEST_GENES` sequenced genes, are left out.

    Args:
        cohort: Tumors of treated cohorts.

    Returns:
        Rows of the cohort, (n,).
    """
    drugs = _column(cohort, "ICB_DRUG")
    is_treated = np.array([not drug.startswith(NO_DRUG) for drug in drugs], dtype=bool)
    patients = list(zip(cohort.study_ids, cohort.patient_ids, strict=True))
    return _first_of_each(patients, is_treated & (cohort.tokens.num_genes >= FEWEST_GENES))


def choose_followed(cohort: Described) -> NDArray[np.int64]:
    """Choose the tumors of patients whose overall survival is known.

    A patient of several studies counts once, in the study that comes first.

    Args:
        cohort: Tumors of one or more studies.

    Returns:
        Rows of the cohort, (n,).
    """
    months = _times(cohort, "OS").months
    eligible = (months > 0) & (cohort.tokens.num_genes >= FEWEST_GENES)
    return _first_of_each(cohort.patient_ids, eligible)


def read_treated(
    encoder: Encoder, cohort: Described, *, progress: Progress = no_progress
) -> TreatedTumors:
    """Read the tumors that `choose_treated` chooses.

    Args:
        encoder: The encoder.
        cohort: Tumors of treated cohorts.
        progress: Told the number of tumors done.

    Returns:
        The tumors; response and survival are unknown where the cohort does not tell them.
    """
    rows = choose_treated(cohort)
    readout = encoder.read(cohort.tokens.take(rows), progress=progress)
    response, drugs = _column(cohort, "RESPONSE"), _column(cohort, "ICB_DRUG")
    benefit = _column(cohort, "DURABLE_CLINICAL_BENEFIT")
    return TreatedTumors(
        readout=readout,
        burden_column=_burden_column(encoder.covariate_names, readout),
        patient_ids=[cohort.patient_ids[i] for i in rows],
        cohorts=[cohort.study_ids[i] for i in rows],
        cancer_types=[cohort.cancer_types[i] or "" for i in rows],
        drugs=[drugs[i] or NOT_STATED for i in rows],
        responses=[RESPONSES.get(response[i] or benefit[i]) for i in rows],
        overall=_times(cohort, "OS").take(rows),
        progression=_times(cohort, "PFS").take(rows),
    )


def read_followed(
    encoder: Encoder, cohort: Described, *, progress: Progress = no_progress
) -> FollowedTumors:
    """Read the tumors that `choose_followed` chooses.

    Args:
        encoder: The encoder.
        cohort: Tumors of one or more studies.
        progress: Told the number of tumors done.

    Returns:
        Tumors of patients who were followed for longer than no time, one per patient.
    """
    rows = choose_followed(cohort)
    overall, codes = _times(cohort, "OS").take(rows), _type_codes(cohort)
    return FollowedTumors(
        readout=encoder.read(cohort.tokens.take(rows), progress=progress),
        patient_ids=[cohort.patient_ids[i] for i in rows],
        cohorts=[cohort.study_ids[i] for i in rows],
        cancer_types=[cohort.cancer_types[i] or "" for i in rows],
        type_codes=[codes[i] for i in rows],
        months=overall.months,
        died=overall.ended,
    )


def fit_outcomes(
    directory: Path,
    studies: Described,
    treated: Sequence[Described],
    *,
    response: ResponseConfig = RESPONSE_DEFAULTS,
    risk: RiskConfig = RISK_DEFAULTS,
    progress: Progress = no_progress,
) -> None:
    """Fit the heads of outcome, write them beside the other heads and seal the folder.

    Args:
        directory: Folder of the encoder, with or without heads.
        studies: Studies with overall survival.
        treated: Cohorts that were given checkpoint blockade.
        response: How the response head is fitted.
        risk: How the survival head is fitted.
        progress: Told how far the work is.

    Raises:
        TrainingError: If there are too few patients for one of them.
    """
    encoder = Encoder.load(directory)
    tumors = join_treated([read_treated(encoder, part, progress=progress) for part in treated])
    head, card = fit_response(tumors, config=response, progress=progress)
    followed = read_followed(encoder, studies, progress=progress)
    risk_head = fit_risk(followed, config=risk, progress=progress)
    heads = Heads.parse(encoder.contents) or Heads(heads=(), card={"tasks": {}})
    others = tuple(other for other in heads.heads if other.task != ICB_RESPONSE)
    tasks = {other.task: heads.card["tasks"][other.task] for other in others}
    joined = heads.card | {"tasks": tasks | {ICB_RESPONSE: card}}
    Heads(heads=(*others, head), card=joined).save(directory)
    risk_head.save(directory)
    seal(directory)


def read_number(text: str) -> float:
    """Read a clinical value as a number; NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _burden_column(covariate_names: Sequence[str], readout: Readout) -> int:
    """Find the column of `Readout.frozen` that holds the log burden per megabase."""
    first = int(readout.frozen.shape[1]) - 2 * len(covariate_names)
    return first + list(covariate_names).index(SCALARS[0])


def _type_codes(cohort: Described) -> list[str]:
    """Return the finest type that a study states of each tumor."""
    columns = [_column(cohort, name) for name in TYPE_CODES]
    stated = [name or "" for name in cohort.cancer_types]
    return [next(filter(None, names), "") for names in zip(*columns, stated, strict=True)]


def _column(cohort: Described, name: str) -> list[str]:
    """Return a clinical attribute; empty text where it is unknown."""
    values = cohort.attributes.get(name, [None] * len(cohort.tokens))
    return [value or "" for value in values]


def _times(cohort: Described, prefix: str) -> Times:
    """Read months and status; unknown unless both are told."""
    months = np.array([read_number(text) for text in _column(cohort, f"{prefix}_MONTHS")])
    status = [text[:1] for text in _column(cohort, f"{prefix}_STATUS")]
    known = np.array([code in ("0", "1") for code in status], dtype=bool)
    return Times(
        months=np.where(known, months, np.nan),
        ended=np.array([code == "1" for code in status], dtype=bool),
    )


def _first_of_each(patients: Sequence[Hashable], eligible: NDArray[np.bool_]) -> NDArray[np.int64]:
    seen: dict[Hashable, int] = {}
    for row in np.flatnonzero(eligible):
        seen.setdefault(patients[int(row)], int(row))
    return np.array(list(seen.values()), dtype=np.int64)
