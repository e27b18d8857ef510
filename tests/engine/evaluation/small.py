"""A small labeled cohort and a random encoder with fitted heads, for tests of the evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from engine.config import EncoderConfig
from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.heads import Head, Heads
from engine.kinds import Kind
from engine.model import TumorEncoder
from engine.tokens import tokenize
from engine.training.fit_model import LabeledCohort, fit_model
from engine.training.logistic import HeadsConfig
from engine.weights import save_model
from tests.engine.cohorts import alteration, tables, vocabulary

SMALL = EncoderConfig(width=16, num_layers=1, num_heads=2, hidden=16)
GENE_OF_TYPE = {"BRCA": "PIK3CA", "LUAD": "KRAS", "SKCM": "BRAF"}


def small_cohort(num: int = 480) -> EvaluationCohort:
    """Each type has its gene in nine of ten tumors; the sex says nothing, the age neither."""
    generator = np.random.default_rng(0)
    samples = [f"T{i:04d}" for i in range(num)]
    types = [str(name) for name in generator.choice(list(GENE_OF_TYPE), num)]
    rows = []
    for sample, name in zip(samples, types, strict=True):
        if generator.random() < 0.9:
            rows.append(alteration(sample, GENE_OF_TYPE[name]))
        if generator.random() < 0.5:
            rows.append(alteration(sample, "ERBB2", Kind.GAIN))
    return EvaluationCohort(
        tokens=tokenize(tables(samples, rows), vocabulary()),
        study_ids=["one"] * num,
        patient_ids=samples,
        cancer_types=types,
        labels={"cancer_type": types},
        attributes={
            "SEX": ["Female", "Male"] * (num // 2),
            "AGE": ["30", "55", "89+", "unknown"] * (num // 4),
        },
    )


def small_model(directory: Path, cohort: EvaluationCohort) -> tuple[Encoder, tuple[Head, ...]]:
    """Save a random encoder with heads fitted on the cohort, and load both."""
    torch.manual_seed(0)
    words = vocabulary()
    save_model(directory, TumorEncoder(SMALL, words), words, {"name": "random"})
    labeled = LabeledCohort(
        tokens=cohort.tokens,
        patient_ids=cohort.patient_ids,
        cohorts=cohort.study_ids,
        labels=cohort.labels,
    )
    fit_model(directory, labeled, heads=HeadsConfig(strengths=(0.1,), num_replicates=4))
    encoder = Encoder.load(directory)
    heads = Heads.parse(encoder.contents)
    assert heads is not None
    return encoder, heads.heads
