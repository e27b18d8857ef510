"""The tumors of a training run: tokens, parts by patient, and the labels that baselines may use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import TrainingError
from engine.tokens import StudyTables, TumorTokens, concatenate, tokenize
from engine.training.split import part_of
from engine.vocabulary import Vocabulary

FEWEST_TUMORS = 100
LARGEST_PANEL = 2_000
"""Genes; a larger panel of a training study is an exome and adds nothing to the vocabulary."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """N tumors of one or more studies."""

    tokens: TumorTokens
    study_ids: tuple[str, ...]  # N
    patient_ids: tuple[str, ...]  # N
    cancer_types: tuple[str, ...]  # N, qualified by study: studies name types differently
    parts: npt.NDArray[np.str_]  # (N,) train, validation or test

    def rows(self, part: str) -> npt.NDArray[np.int64]:
        """Return the tumor numbers of a part."""
        return np.flatnonzero(self.parts == part)

    @property
    def digest(self) -> str:
        """SHA-256 over the inputs, so that a run says exactly what it saw."""
        return hashlib.sha256("\n".join(self.tokens.input_digests).encode()).hexdigest()


def build_dataset(studies: Mapping[str, StudyTables], vocabulary: Vocabulary) -> Dataset:
    """Tokenize studies and split their patients.

    Args:
        studies: Tables by study id.
        vocabulary: The vocabulary of the encoder.

    Returns:
        All tumors that were profiled for mutations or copy number. A patient of several studies
        is taken from the first that has them.

    Raises:
        TrainingError: If fewer than 100 tumors are left.
    """
    tokens, study_ids, patients, types = [], [], [], []
    owner: dict[str, str] = {}
    for study_id, study in studies.items():
        tokens.append(tokenize(study, vocabulary))
        owner = dict.fromkeys(study.samples["patient_id"].to_pylist(), study_id) | owner
        study_ids += [study_id] * study.samples.num_rows
        patients += study.samples["patient_id"].to_pylist()
        names = study.samples["cancer_type"].to_pylist()
        types += [f"{study_id}: {name or 'not stated'}" for name in names]
    joined = concatenate(tokens)
    is_first = [owner[p] == s for p, s in zip(patients, study_ids, strict=True)]
    rows = np.flatnonzero((joined.panel > 0).any(1) & np.array(is_first))
    if len(rows) < FEWEST_TUMORS:
        raise TrainingError(
            f"Found {len(rows)} profiled tumors, training needs at least {FEWEST_TUMORS}. "
            "Import more studies first."
        )
    return Dataset(
        tokens=joined.take(rows),
        study_ids=tuple(study_ids[i] for i in rows),
        patient_ids=tuple(patients[i] for i in rows),
        cancer_types=tuple(types[i] for i in rows),
        parts=part_of([patients[i] for i in rows]),
    )


def targeted_genes(studies: Mapping[str, StudyTables]) -> set[str]:
    """Collect the genes of the targeted panels of the training studies."""
    genes: set[str] = set()
    for study in studies.values():
        for _, members in study.panels.to_pandas().groupby("panel_id")["hugo_symbol"]:
            if len(members) <= LARGEST_PANEL:
                genes |= set(members)
    return genes
