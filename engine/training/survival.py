"""Fit the survival head: hazards within each tumor type and study, shared and then by type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import TrainingError
from engine.heads import ADAPTED, FROZEN
from engine.oncotree import type_names
from engine.progress import Progress, no_progress
from engine.readout import Readout
from engine.survival import NUM_LEVELS, RiskHead, read_fields
from engine.training.concordance import within_strata
from engine.training.cox import Floats, Followed, fit_cox, log_likelihood
from engine.training.split import TRAIN, VALIDATION, part_of


@dataclass(frozen=True, kw_only=True)
class RiskConfig:
    """How the survival head is fitted.

    Args:
        reads: Which fields of a `Readout` it reads.
        num_components: Most principal components of the features that it keeps, K.
        shared_precisions: Precisions tried for what all types share: the penalty of the partial
            log-likelihood is half of it times the square of a coefficient.
        own_precisions: Precisions tried for what a type adds to that.
        fewest_tumors: Training tumors that a type must have to be told.
        num_replicates: Refits to reweighted patients, for the intervals.
        seed: Seed of the weights of the patients.
    """

    reads: tuple[str, ...] = (FROZEN, ADAPTED)
    num_components: int = 128
    shared_precisions: tuple[float, ...] = (100.0, 300.0, 1000.0, 3000.0)
    own_precisions: tuple[float, ...] = (300.0, 1000.0, 3000.0, 10000.0)
    fewest_tumors: int = 40
    num_replicates: int = 25
    seed: int = 0


DEFAULTS = RiskConfig()


@dataclass(frozen=True, kw_only=True)
class FollowedTumors:
    """N tumors of patients who were followed until death or the last contact.

    Args:
        readout: What the encoder tells of them.
        patient_ids: Patient of each tumor; they decide its part and are resampled.
        cohorts: Study of each tumor; hazards of two studies are never compared.
        cancer_types: Type of each tumor as stated, name or code.
        type_codes: The finest type that is known of each tumor; hazards of two are never compared.
        months: Time until death or the last contact, (N,), float64.
        died: Whether the time ends with death, (N,), bool.
    """

    readout: Readout
    patient_ids: Sequence[str]
    cohorts: Sequence[str]
    cancer_types: Sequence[str]
    type_codes: Sequence[str]
    months: Floats
    died: NDArray[np.bool_]

    def take(self, rows: NDArray[np.int64]) -> FollowedTumors:
        """Select tumors."""
        return FollowedTumors(
            readout=self.readout.take(rows),
            patient_ids=[self.patient_ids[i] for i in rows],
            cohorts=[self.cohorts[i] for i in rows],
            cancer_types=[self.cancer_types[i] for i in rows],
            type_codes=[self.type_codes[i] for i in rows],
            months=self.months[rows],
            died=self.died[rows],
        )

    @property
    def strata(self) -> NDArray[np.int64]:
        """Number of the study and type of each tumor, (N,)."""
        names = [f"{c}\0{t}" for c, t in zip(self.cohorts, self.type_codes, strict=True)]
        codes: NDArray[np.int64] = np.unique(names, return_inverse=True)[1]
        return codes


def fit_risk(
    tumors: FollowedTumors, *, config: RiskConfig = DEFAULTS, progress: Progress = no_progress
) -> RiskHead:
    """Fit the survival head on training patients, its penalties chosen on validation patients.

    First one ridge regression for all types, stratified by study and type; then, for each type,
    what it adds, with a penalty of its own. Types are those that the studies state, their codes
    and the main types of the OncoTree that hold them.

    Args:
        tumors: Tumors with survival; one per patient.
        config: How to fit.
        progress: Told the number of refits done.

    Returns:
        The head, its card with what is behind each type.

    Raises:
        TrainingError: If no type has tumors enough, or no validation patient died.
    """
    parts = part_of(tumors.patient_ids)
    train, validation = (tumors.take(np.flatnonzero(parts == p)) for p in (TRAIN, VALIDATION))
    groups = _groups(train, config.fewest_tumors)
    features = read_fields(train.readout, config.reads).astype(np.float64)
    projection = _principal_components(features, config.num_components)
    followed, held_out = (_followed(part, projection, config.reads) for part in (train, validation))
    choice = _choose(followed, groups, held_out, _find(groups, validation.cancer_types), config)
    precisions = choice.shared_precision, choice.own_precision
    fitted = _own(followed, groups, _shared(followed, precisions[0]), precisions[1])
    refits = _refits(followed, groups, precisions, train.patient_ids, config, progress)
    relative = [choice.slope * _against_median(followed, groups, w) for w in (fitted, *refits)]
    return RiskHead(
        reads=config.reads,
        types=tuple(groups),
        projection=projection.astype(np.float32),
        weights=relative[0].astype(np.float32),
        replicates=np.array(relative[1:]).astype(np.float16),
        levels=_levels(followed, groups, relative[0]),
        card={"config": asdict(config), "choice": asdict(choice)} | _card(train, groups),
    )


Groups = dict[str, NDArray[np.int64]]
"""Training tumors of each type, by name; a tumor is in its code and in its main type."""


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """Penalties that validation patients chose, and how well they do there."""

    shared_precision: float
    own_precision: float
    slope: float  # what log hazard ratios are multiplied with, so that they hold in validation
    validation_gain: float  # log-likelihood per death beyond that of equal risks
    validation_concordance: float  # within study and type; 0.5 is chance


def _groups(train: FollowedTumors, fewest: int) -> Groups:
    names: dict[str, list[int]] = {}
    for row, stated in enumerate(zip(train.cancer_types, train.type_codes, strict=True)):
        for name in {name for given in stated for name in type_names(given)}:
            names.setdefault(name, []).append(row)
    groups = {
        name: np.array(rows, dtype=np.int64)
        for name, rows in sorted(names.items())
        if len(rows) >= fewest
    }
    if not groups:
        raise TrainingError(
            f"Found no tumor type with {fewest} training tumors that were followed. Add studies "
            "with overall survival."
        )
    return groups


def _principal_components(features: Floats, number: int) -> Floats:
    """Find whitened principal components of standardized features, (K, D + 1)."""
    center, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale < 1e-3, np.inf, scale)  # what hardly varied in training says nothing
    variances, axes = np.linalg.eigh(np.cov(((features - center) / scale).T))
    kept = np.flatnonzero(variances > 1e-6)[::-1][:number]
    components = (axes[:, kept] / np.sqrt(variances[kept])).T / scale
    projection: Floats = np.column_stack([components, -components @ center])
    return projection


def _followed(tumors: FollowedTumors, projection: Floats, reads: Sequence[str]) -> Followed:
    features = read_fields(tumors.readout, reads).astype(np.float64)
    return Followed(
        inputs=features @ projection[:, :-1].T + projection[:, -1],
        months=tumors.months,
        died=tumors.died,
        strata=tumors.strata,
    )


def _find(groups: Groups, cancer_types: Sequence[str]) -> NDArray[np.int64]:
    """Find the number of the type that each tumor is compared with, (N,); -1 where none."""
    known = {name: number for number, name in enumerate(groups)}
    found = {
        stated: next((known[name] for name in type_names(stated) if name in known), -1)
        for stated in set(cancer_types)
    }
    return np.array([found[stated] for stated in cancer_types], dtype=np.int64)


def _choose(
    followed: Followed,
    groups: Groups,
    held_out: Followed,
    types: NDArray[np.int64],
    config: RiskConfig,
) -> _Choice:
    told = held_out.take(types >= 0)
    nothing = log_likelihood(told, np.zeros(len(told.months)))
    found = []
    for shared_precision in config.shared_precisions:
        shared = _shared(followed, shared_precision)
        for own_precision in config.own_precisions:
            weights = _own(followed, groups, shared, own_precision)
            scores = np.einsum("nk,nk->n", told.inputs, weights[types[types >= 0]])
            slope = float(fit_cox(replace(told, inputs=scores[:, None]), 0.0)[0])
            found.append(
                _Choice(
                    shared_precision=shared_precision,
                    own_precision=own_precision,
                    slope=slope,
                    validation_gain=log_likelihood(told, slope * scores) - nothing,
                    validation_concordance=within_strata(told, scores),
                )
            )
    return max(found, key=lambda choice: choice.validation_gain)


def _shared(
    followed: Followed, precision: float, weights: Floats | None = None, start: Floats | None = None
) -> Floats:
    penalty = precision / float(followed.died.sum())
    return fit_cox(followed, penalty, weights=weights, start=start)


def _own(
    followed: Followed,
    groups: Groups,
    shared: Floats,
    precision: float,
    weights: Floats | None = None,
) -> Floats:
    """Add to the shared weights what each type tells itself: (T, K)."""
    known = followed.inputs @ shared
    fitted = np.tile(shared, (len(groups), 1))
    for number, rows in enumerate(groups.values()):
        deaths = float(followed.died[rows].sum())
        if deaths:
            fitted[number] += fit_cox(
                followed.take(rows),
                precision / deaths,
                weights=None if weights is None else weights[rows],
                offset=known[rows],
            )
    return fitted


def _refits(
    followed: Followed,
    groups: Groups,
    precisions: tuple[float, float],
    patient_ids: Sequence[str],
    config: RiskConfig,
    progress: Progress,
) -> list[Floats]:
    """Refit to patients weighted by exponential draws (Rubin 1981, doi:10.1214/aos/1176345338)."""
    generator = np.random.default_rng(config.seed)
    owner = np.unique(np.array(patient_ids), return_inverse=True)[1]
    refits: list[Floats] = []
    shared = None
    for i in range(config.num_replicates):
        progress("Fitting survival", i, config.num_replicates)
        drawn = generator.exponential(size=int(owner.max()) + 1)[owner]
        shared = _shared(followed, precisions[0], drawn, shared)
        refits.append(_own(followed, groups, shared, precisions[1], drawn))
    progress("Fitting survival", config.num_replicates, config.num_replicates)
    return refits


def _against_median(followed: Followed, groups: Groups, weights: Floats) -> Floats:
    """Append to each type the bias that makes its median training tumor 0: (T, K + 1)."""
    medians = [
        np.median(followed.inputs[rows] @ weights[number])
        for number, rows in enumerate(groups.values())
    ]
    return np.column_stack([weights, -np.array(medians)])


def _levels(followed: Followed, groups: Groups, weights: Floats) -> NDArray[np.float32]:
    """Tell the log hazard ratio of each type's tumors at each percentile, (T, `NUM_LEVELS`)."""
    grid = np.linspace(0, 1, NUM_LEVELS)
    told = [
        followed.inputs[rows] @ of_type[:-1] + of_type[-1]
        for rows, of_type in zip(groups.values(), weights, strict=True)
    ]
    return np.array([np.quantile(part, grid) for part in told], dtype=np.float32)


def _card(train: FollowedTumors, groups: Groups) -> dict[str, Any]:
    cohorts = np.array(train.cohorts)
    behind = {
        name: {
            "num_patients": len({train.patient_ids[i] for i in rows}),
            "num_deaths": int(train.died[rows].sum()),
            "num_by_cohort": dict(sorted(Counter(cohorts[rows].tolist()).items())),
        }
        for name, rows in groups.items()
    }
    return {"num_tumors": len(cohorts), "num_deaths": int(train.died.sum()), "behind": behind}
