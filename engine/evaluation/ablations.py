"""Ablations and scaling: the same short pretraining with one thing changed, probed on validation.

Every variant takes the same number of steps and is judged by the same linear probes on validation
patients; what ships is chosen by them, and all are reported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from engine.config import PretrainConfig
from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.paired import METRICS
from engine.evaluation.reconstruction import dataset_of
from engine.evaluation.subtypes import AS_MEASURED, MUTATIONS_ONLY, Question, chosen_rows, views
from engine.progress import Progress
from engine.training.pretrain import Pretraining, make_card
from engine.training.split import TRAIN, VALIDATION
from engine.vocabulary import Vocabulary
from engine.weights import load_model, save_model

EPOCHS = 2
STRENGTHS = (0.01, 0.1, 1.0)
REFERENCE = "reference"
NO_COPY_NUMBER = "no copy number"
PROBES = (
    Question(
        task="cancer_type",
        view=AS_MEASURED,
        metrics=(("accuracy", None),),
        with_copy_number=True,
    ),
    Question(task="oncotree_type", view=AS_MEASURED, metrics=(("accuracy", None),)),
    Question(task="pam50", view=AS_MEASURED, metrics=(("AUROC", None),), with_copy_number=True),
    Question(task="msi", view=AS_MEASURED, metrics=(("AUROC", None),)),
)


def variants(base: PretrainConfig, epochs: int = EPOCHS) -> dict[str, PretrainConfig]:
    """List the settings that are compared.

    Args:
        base: Settings of the shipped encoder.
        epochs: Passes over all training tumors that each variant is worth.

    Returns:
        Settings by name; fewer tumors are passed over more often, and the random encoder not at
        all.
    """
    short = replace(base, epochs=epochs)
    encoder = base.encoder
    return {
        REFERENCE: short,
        "random initialization": replace(short, epochs=0),
        NO_COPY_NUMBER: replace(short, use_copy_number=False),
        "no positions": replace(short, encoder=replace(encoder, use_positions=False)),
        "no contrast": replace(short, contrast_weight=0.0),
        "no knowledge": replace(short, encoder=replace(encoder, use_knowledge=False)),
        "10% of the tumors": replace(short, data_share=0.1, epochs=10 * epochs),
        "30% of the tumors": replace(short, data_share=0.3, epochs=round(epochs / 0.3)),
        "width 64": replace(short, encoder=replace(encoder, width=64, hidden=128)),
        "width 256": replace(short, encoder=replace(encoder, width=256, num_heads=8, hidden=512)),
    }


def run_ablations(
    cohort: EvaluationCohort,
    vocabulary: Vocabulary,
    configs: Mapping[str, PretrainConfig],
    directory: Path,
    progress: Progress,
) -> dict[str, dict[str, Any]]:
    """Train and probe every variant that is not done yet.

    Args:
        cohort: Tumors and labels.
        vocabulary: Vocabulary of the encoder.
        configs: Settings by name.
        directory: Folder for one JSON file per variant; those that are there are taken over.
        progress: Told how far the work is.

    Returns:
        By variant, its validation figures.
    """
    directory.mkdir(parents=True, exist_ok=True)
    results = {}
    for name, config in configs.items():
        path = directory / f"{name.replace(' ', '_').replace('%', '')}.json"
        if not path.is_file():
            found = _run(cohort, vocabulary, config, directory / "encoder", progress)
            path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        results[name] = json.loads(path.read_text(encoding="utf-8"))
    return results


def _run(
    cohort: EvaluationCohort,
    vocabulary: Vocabulary,
    config: PretrainConfig,
    directory: Path,
    progress: Progress,
) -> dict[str, Any]:
    run = Pretraining(dataset_of(cohort), vocabulary, config)
    while run.state.epoch < config.epochs:
        run.run_epoch(progress)
    reconstruction = run.evaluate(VALIDATION, progress)
    save_model(directory, run.model.cpu(), vocabulary, make_card(run, reconstruction))
    encoder = Encoder(load_model(directory))
    whole = next(row for row in reconstruction if row["target"] == "all")
    figures = {
        "hidden alterations, AUROC": whole["encoder"]["auroc"],
        "hidden alterations, average precision": whole["encoder"]["average_precision"],
    }
    for question in PROBES:
        view = AS_MEASURED if config.use_copy_number else MUTATIONS_ONLY
        [(metric, _)] = question.metrics
        asked = replace(question, view=view)
        figures[f"{question.task}, {metric}"] = _probe(encoder, cohort, asked, metric)
    return {"figures": figures, "seconds": round(run.state.elapsed_s, 1)}


def _probe(encoder: Encoder, cohort: EvaluationCohort, question: Question, metric: str) -> float:
    """Fit a linear probe on the embeddings of training tumors; the best of a few penalties."""
    rows = chosen_rows(cohort, question)
    labels = np.array([str(cohort.labels[question.task][i]) for i in rows])
    view = views(encoder.vocabulary.genes)[question.view]
    vectors = encoder.read(cohort.tokens.take(rows), view=view).embeddings.astype(np.float64)
    is_train, is_held = (cohort.parts[rows] == part for part in (TRAIN, VALIDATION))
    center, scale = vectors[is_train].mean(axis=0), vectors[is_train].std(axis=0) + 1e-6
    vectors = (vectors - center) / scale
    truth = np.unique(labels, return_inverse=True)[1]
    told = [
        _fit(vectors[is_train], truth[is_train], vectors[is_held], strength)
        for strength in STRENGTHS
    ]
    return max(METRICS[metric](probabilities, truth[is_held]) for probabilities in told)


def _fit(
    train: npt.NDArray[np.float64],
    truth: npt.NDArray[np.int64],
    held_out: npt.NDArray[np.float64],
    strength: float,
) -> npt.NDArray[np.float64]:
    model = LogisticRegression(C=strength, max_iter=300).fit(train, truth)
    told: npt.NDArray[np.float64] = model.predict_proba(held_out)
    return told
