"""Evidence on study effects: can the study of a tumor be told within its cancer type?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.flags import named_row
from engine.evaluation.paired import compare
from engine.evaluation.panel_rows import panel_mask, panel_view
from engine.evaluation.raw import View, raw_features
from engine.evaluation.rows import Row
from engine.progress import Progress, no_progress
from engine.tokens import MUTATIONS
from engine.training.head_metrics import auroc
from engine.training.split import TEST

STUDIES = ("tcga_pancan", "msk_met_2021")
COMMON_PANEL = "IMPACT341"
FEWEST_PER_STUDY, MOST_PER_STUDY = 25, 300
NUM_NEIGHBORS, NUM_FOLDS = 15, 5
STRENGTHS = (0.003, 0.03, 0.3)
BELOW_RAW = 0.10
SEED = 0

Features: TypeAlias = npt.NDArray[np.float32] | sparse.csr_matrix


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Equally many tumors of two studies for each of several cancer types.

    Args:
        rows: Tumors of the cohort, (n,).
        types: Type of each, (n,).
        second: Whether each is of the second study, (n,), bool.
    """

    rows: npt.NDArray[np.int64]
    types: npt.NDArray[np.str_]
    second: npt.NDArray[np.bool_]


def mixing_rows(
    encoder: Encoder,
    cohort: EvaluationCohort,
    progress: Progress = no_progress,
    *,
    part: str = TEST,
) -> list[Row]:
    """Tell the study of tumors within their cancer type from the embedding and from raw features.

    Args:
        encoder: The encoder.
        cohort: Tumors of both `STUDIES`.
        progress: Told how far the reading is.
        part: Whose patients are measured, by cross-validation among them.

    Returns:
        For what both studies measured, and for everything that was measured: AUROC of telling the
        study, mean over types; share of neighbors of the other study, 1 where the studies mix
        perfectly; and how well the types are told apart. Empty where the studies share no type.
    """
    mixture = draw_mixture(cohort, part)
    if not len(mixture.rows):
        return []
    tokens = cohort.tokens.take(mixture.rows)
    patients = [cohort.patient_ids[i] for i in mixture.rows]
    views: dict[str, View | None] = {
        "panel of both studies, mutations": panel_view(panel_mask(encoder, COMMON_PANEL)),
        "all that was measured": None,
    }
    rows = []
    for name, view in views.items():
        features = {
            "ours": encoder.read(tokens, view=view, progress=progress).embeddings,
            "raw features": raw_features(tokens, view),
        }
        rows += _rows(name, mixture, features, patients, part)
    return rows


def draw_mixture(cohort: EvaluationCohort, part: str) -> Mixture:
    """Draw the same number of tumors from both studies for each type that both have."""
    generator = np.random.default_rng(SEED)
    types = cohort.type_codes
    studies = np.array(cohort.study_ids)
    usable = (cohort.parts == part) & (cohort.tokens.panel[:, MUTATIONS] > 0)
    rows: list[int] = []
    for name in np.unique(types[usable]):
        sides = [np.flatnonzero(usable & (types == name) & (studies == s)) for s in STUDIES]
        number = min(*(len(side) for side in sides), MOST_PER_STUDY)
        if number >= FEWEST_PER_STUDY:
            for side in sides:
                rows += generator.choice(side, number, replace=False).tolist()
    chosen = np.array(rows, dtype=np.int64)
    return Mixture(rows=chosen, types=types[chosen], second=studies[chosen] == STUDIES[1])


def _rows(
    view: str,
    mixture: Mixture,
    features: dict[str, Features],
    patients: Sequence[str],
    part: str,
) -> list[Row]:
    truth = mixture.second.astype(np.int64)
    codes = np.unique(mixture.types, return_inverse=True)[1]
    note = f"{codes.max() + 1} cancer types, {' against '.join(STUDIES)}"
    told = {
        name: np.column_stack([study_scores(x, mixture), codes]) for name, x in features.items()
    }
    mixing = {name: other_share(x, mixture)[:, None] for name, x in features.items()}
    types = {name: type_hits(x, codes)[:, None] for name, x in features.items()}
    reach = within_type_auroc(told["raw features"], truth) - BELOW_RAW
    study = named_row(
        "study told from embedding", view, "AUROC", part=part, reach=reach, lower=True, note=note
    )
    mixed = named_row("studies mixed", view, "neighbors of the other study", part=part, note=note)
    accuracy = named_row("type of mixed studies", view, "accuracy", part=part, note=note)
    return [
        compare(study, within_type_auroc, told, truth, patients),
        compare(mixed, _mean, mixing, truth, patients),
        compare(accuracy, _mean, types, truth, patients),
    ]


def study_scores(features: Features, mixture: Mixture) -> npt.NDArray[np.float64]:
    """Predict the study within each type by cross-validated logistic regression, (n,)."""
    scores = np.zeros(len(mixture.rows))
    for name in np.unique(mixture.types):
        chosen = np.flatnonzero(mixture.types == name)
        truth = mixture.second[chosen].astype(np.int64)
        tried = [_held_out(features[chosen], truth, strength)[:, 1] for strength in STRENGTHS]
        areas = [auroc(np.column_stack([1 - s, s]), truth) for s in tried]
        scores[chosen] = tried[int(np.argmax(areas))]
    return scores


def within_type_auroc(told: npt.NDArray[np.floating], truth: npt.NDArray[np.int64]) -> float:
    """Average the AUROC over types.

    Args:
        told: Score and code of the type, (n, 2).
        truth: Whether a tumor is of the second study, (n,).

    Returns:
        The mean; 0.5 where the studies cannot be told apart.
    """
    areas = []
    for code in np.unique(told[:, 1]):
        chosen = told[:, 1] == code
        scores = told[chosen, 0]
        areas.append(auroc(np.column_stack([1 - scores, scores]).astype(np.float32), truth[chosen]))
    return float(np.nanmean(areas))


def other_share(features: Features, mixture: Mixture) -> npt.NDArray[np.float64]:
    """Share the neighbors of each tumor within its type that are of the other study, times 2.

    Returns:
        (n,); mean 1 where the studies mix perfectly, 0 where they lie apart.
    """
    shares = np.zeros(len(mixture.rows))
    for name in np.unique(mixture.types):
        chosen = np.flatnonzero(mixture.types == name)
        part = features[chosen]
        dense = part.toarray() if isinstance(part, sparse.csr_matrix) else part.copy()
        dense /= np.linalg.norm(dense, axis=1, keepdims=True).clip(min=1e-9)
        near = dense @ dense.T
        np.fill_diagonal(near, -np.inf)
        neighbors = np.argpartition(-near, NUM_NEIGHBORS, axis=1)[:, :NUM_NEIGHBORS]
        of_second = mixture.second[chosen]
        shares[chosen] = 2 * (of_second[neighbors] != of_second[:, None]).mean(axis=1)
    return shares


def type_hits(features: Features, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Tell the type by cross-validated logistic regression, (n,): 1 where it is right."""
    tried = [(_held_out(features, codes, s).argmax(axis=1) == codes) for s in STRENGTHS]
    best = max(tried, key=lambda hits: float(hits.mean()))
    return np.asarray(best, dtype=np.float64)


def _held_out(
    features: Features, truth: npt.NDArray[np.int64], strength: float
) -> npt.NDArray[np.float64]:
    scaler = MaxAbsScaler() if sparse.issparse(features) else StandardScaler()
    model = make_pipeline(scaler, LogisticRegression(C=_scaled(features, strength), max_iter=300))
    folds = StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=SEED)
    told: npt.NDArray[np.float64] = cross_val_predict(
        model, features, truth, cv=folds, method="predict_proba"
    )
    return told


def _scaled(features: Features, strength: float) -> float:
    """Penalize rare raw features less: scaled to 1 at most, they vary far less than 1."""
    return strength * 30 if sparse.issparse(features) else strength


def _mean(values: npt.NDArray[np.floating], _: npt.NDArray[np.int64]) -> float:
    return float(values.mean())
