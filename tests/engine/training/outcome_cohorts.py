"""Small cohorts with outcomes, and a tiny encoder to read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from engine.config import EncoderConfig
from engine.model import TumorEncoder
from engine.tokens import tokenize
from engine.training.outcomes import OutcomeCohort
from engine.training.response import OVERALL, RESPONSE, ResponseConfig
from engine.training.survival import RiskConfig
from engine.weights import save_model
from tests.engine.cohorts import GENES, alteration, tables, vocabulary

TINY = EncoderConfig(width=16, num_layers=1, num_heads=2, hidden=16)
RESPONSES = ResponseConfig(
    penalties=(1.0,), sources=((RESPONSE, OVERALL),), num_rounds=1, num_replicates=3
)
RISKS = RiskConfig(shared_precisions=(10.0,), own_precisions=(100.0,), num_replicates=3)


def cohort(num: int = 200, name: str = "one", seed: int = 0) -> OutcomeCohort:
    """KRAS mutated tumors respond and live long; every tumor has one mutation or two."""
    generator = np.random.default_rng(seed)
    samples = [f"{name}-{i:03d}" for i in range(num)]
    responds = generator.random(num) < 0.4
    rows = [alteration(sample, "TP53") for sample in samples]
    rows += [alteration(s, "KRAS") for s, good in zip(samples, responds, strict=True) if good]
    words = vocabulary()
    panel = dict.fromkeys([*GENES, *words.genes[:60]])
    study = tables(samples, rows, panel=list(panel))
    months = generator.exponential(size=num) * np.where(responds, 30, 10)
    return OutcomeCohort(
        tokens=tokenize(study, words),
        study_ids=[name] * num,
        patient_ids=samples,
        cancer_types=["Melanoma"] * num,
        attributes={
            "RESPONSE": ["R" if good else "NR" for good in responds],
            "ICB_DRUG": ["anti-PD-1"] * num,
            "OS_MONTHS": [f"{m:.2f}" for m in months],
            "OS_STATUS": ["1:DECEASED" if i % 3 else "0:LIVING" for i in range(num)],
        },
    )


def save_tiny_model(directory: Path) -> None:
    """Write a random encoder of width 16."""
    torch.manual_seed(0)
    words = vocabulary()
    save_model(directory, TumorEncoder(TINY, words), words, {"name": "random"})
