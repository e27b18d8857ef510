"""A small evaluation, and a card beside it, for the tests of what is shown of them."""

from __future__ import annotations

from typing import Any

from dashboard.card import ModelCard
from engine.evaluation.rows import LOWER, Estimate, Evaluation, Row

DIGEST = "cd" * 32


def row(task: str, metric: str, value: float = 0.8, **others: Any) -> Row:
    told: dict[str, Any] = {"view": "as measured", "part": "test", "num_tumors": 120}
    ours = Estimate(value=value, low=value - 0.05, high=value + 0.05)
    return Row(task=task, metric=metric, ours=ours, **told | others)


def bar(value: float, low: float, high: float) -> dict[str, Any]:
    """What a row says beside a baseline of 0.7."""
    return {
        "baselines": {
            "burden alone": Estimate(value=0.55, low=0.5, high=0.6),
            "random forest": Estimate(value=0.7, low=0.6, high=0.8),
        },
        "best_baseline": "random forest",
        "difference": Estimate(value=value, low=low, high=high),
    }


ROWS = (
    row("hidden alterations", "AUROC", 0.92, reach=0.91, **bar(0.22, 0.2, 0.24)),
    row("pam50", "AUROC", 0.88, reach=0.9, note="5 classes", **bar(0.18, 0.1, 0.25)),
    row("pam50", "AUROC", 0.78, view="mutations only", **bar(0.08, -0.1, 0.2)),
    row("pam50", "ECE", 0.09, reach=0.05, better=LOWER),
    row("msi", "ECE", 0.01, reach=0.05, better=LOWER, num_tumors=900),
    row("pam50", "coverage", 0.95, view="95% set of classes", reach=0.93),
    row("hpv", "AUROC, 25 labels", 0.94, view="mutations only", **bar(0.03, 0.01, 0.05)),
    row(
        "icb_response",
        "AUROC",
        0.64,
        part="external cohorts, pooled (random effects)",
        num_tumors=211,
        **bar(-0.06, -0.1, 0.02),
    ),
    row(
        "icb_response",
        "AUROC beyond burden alone",
        0.01,
        part="external cohorts, pooled (random effects)",
        num_tumors=211,
    ),
    row("os_risk", "concordance within type", 0.63, part="test, msk_met_2021"),
    row("out of distribution", "false flags", 0.04, reach=0.05, better=LOWER),
    row("same tumor, two panels", "median rank", 990.0, reach=50.0, better=LOWER),
    row("something new", "AUROC"),
)
BINS = [
    {"stated": 0.6, "observed": 0.5, "low": 0.3, "high": 0.7, "num_tumors": 20},
    {"stated": 0.9, "observed": 0.8, "low": 0.7, "high": 0.9, "num_tumors": 100},
]
EVALUATION = Evaluation(
    model_digest=DIGEST,
    data_digest="ef" * 32,
    rows=ROWS,
    slices={
        "cancer type": (row("LUAD", "accuracy", 0.6), row("BRCA", "accuracy", 0.9)),
        "sex": (row("Female", "accuracy"), row("Male", "accuracy")),
    },
    ablations={
        "reference": {"figures": {"cancer_type, accuracy": 0.72}, "seconds": 9.0},
        "no positions": {"figures": {"cancer_type, accuracy": 0.70}, "seconds": 9.0},
    },
    facts={"reliability": {"pam50": BINS, "msi": BINS}},
)


def score(value: float) -> dict[str, float]:
    return {"auroc": value, "auroc_low": value - 0.02, "auroc_high": value + 0.02}


FACTS: dict[str, Any] = {
    "objective": "Reconstruction of hidden genes",
    "num_genes": 1200,
    "num_parameters": 900_000,
    "elapsed_s": 1200,
    "hardware": "cpu, 1 threads",
    "data_digest": "ab" * 32,
    "studies": {"a": {"train": 800, "validation": 100, "test": 100}},
    "config": {"seed": 0},
    "reconstruction": {
        "hidden_share": 0.2,
        "validation": [
            {
                "target": "mutation",
                "num_tumors": 100,
                "num_cells": 5000,
                "num_altered": 300,
                "encoder": score(0.9),
                "type_frequency": score(0.8),
                "difference": 0.1,
                "difference_low": 0.08,
                "difference_high": 0.12,
            }
        ],
    },
}


def _figures(ece: float) -> dict[str, Any]:
    figures = {"accuracy": 0.7, "auroc": 0.84, "ece": ece}
    told = {k: {"value": v, "low": v - 0.01, "high": v + 0.01} for k, v in figures.items()}
    return {"validation": told | {"num_tumors": 80}}


HEADS: dict[str, Any] = {
    "tasks": {
        "pam50": {
            "num_tumors": {"train": 613, "validation": 120, "test": 120},
            "num_by_cohort": {"tcga_pancan": 853},
            "num_by_class": {"LumA": 425, "Basal": 147, "Her2": 281},
            "test": _figures(0.02),
        },
        "msi": {
            "num_tumors": {"train": 5660, "validation": 100, "test": 100},
            "num_by_cohort": {"tcga_pancan": 5860},
            "num_by_class": {"high": 255, "stable": 5605},
            "test": _figures(0.07),
        },
        "icb_response": {
            "num_labeled": 686,
            "num_by_cohort": {"samstein_2019": 301, "braun_2020": 385},
            "num_by_class": {"R": 224, "NR": 462},
        },
    }
}


def a_card(**others: Any) -> ModelCard:
    """Return a card with heads and no evidence, unless told otherwise."""
    told: dict[str, Any] = {
        "digest": DIGEST,
        "facts": FACTS,
        "heads": HEADS,
        "thresholds": {"pam50": 0.1, "msi": 0.97},
    }
    return ModelCard(**told | others)
