"""What the heads are asked: classes, whom a question concerns, and where its labels come from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.oncotree import tumor_type, tumor_type_named

CANCER_TYPE = "cancer_type"
ONCOTREE_TYPE = "oncotree_type"
MSI_HIGH_SCORE = 10.0
"""MSIsensor score from which on a tumor is called unstable (Niu et al. 2014 and cBioPortal)."""

APPLIES_FROM = 0.5
"""Predicted probability of the concerned cancer types from which on a question applies."""

NOT_STATED = frozenset({"", "na", "unknown", "not stated", "cancer of unknown primary", "cup"})
"""Stated types, in lower case, that state nothing."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One question to a tumor.

    Args:
        name: As stored and exported.
        attribute: Clinical attribute of the training studies that answers it.
        read: Turns a value of that attribute into a class; None where it answers nothing.
        codes: TCGA codes of the cancer types concerned; empty when all are.
        types: Names of the concerned types in lower case: main types of the OncoTree, and names
            of studies that the tree does not know.
        fewest: Labeled tumors that a class must have to be told apart.
    """

    name: str
    attribute: str
    read: Callable[[str], str | None]
    codes: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    fewest: int = 1


def _as_it_is(value: str) -> str | None:
    return value or None


def _msi(value: str) -> str | None:
    try:
        score = float(value)
    except ValueError:
        return None
    if math.isnan(score):
        return None
    return "high" if score >= MSI_HIGH_SCORE else "stable"


def _bladder(value: str) -> str | None:
    return "Luminal" if value.startswith("Luminal") else value if value in BLADDER else None


def _breast(value: str) -> str | None:
    return "Luminal" if value in ("LumA", "LumB") else value if value == "Basal" else None


def _one_of(classes: frozenset[str]) -> Callable[[str], str | None]:
    return lambda value: value if value in classes else None


PAM50 = frozenset({"LumA", "LumB", "Her2", "Basal", "Normal"})
HPV = frozenset({"positive", "negative"})
BLADDER = frozenset({"Basal_squamous", "Luminal"})
IMMUNE_CLASSES = frozenset({"C1", "C2", "C3", "C4", "C5", "C6"})
BREAST_TYPES = frozenset({"breast cancer", "breast invasive carcinoma"})
FEWEST_OF_A_TYPE = 50

TASKS = (
    Task(name=CANCER_TYPE, attribute="TCGA_STUDY", read=_as_it_is),
    Task(
        name=ONCOTREE_TYPE,
        attribute="TUMOR_TYPE_CODE",
        read=_as_it_is,
        fewest=FEWEST_OF_A_TYPE,
    ),
    Task(
        name="pam50",
        attribute="PAM50_SUBTYPE",
        read=_one_of(PAM50),
        codes=frozenset({"BRCA"}),
        types=BREAST_TYPES,
    ),
    Task(
        name="breast_basal_luminal",
        attribute="PAM50_SUBTYPE",
        read=_breast,
        codes=frozenset({"BRCA"}),
        types=BREAST_TYPES,
    ),
    Task(
        name="hpv",
        attribute="HPV_STATUS",
        read=_one_of(HPV),
        codes=frozenset({"HNSC", "CESC"}),
        types=frozenset({"head and neck cancer", "cervical cancer", "cervical adenocarcinoma"}),
    ),
    Task(name="msi", attribute="MSI_SENSOR_SCORE", read=_msi),
    Task(
        name="bladder_basal_luminal",
        attribute="BLCA_MRNA_SUBTYPE",
        read=_bladder,
        codes=frozenset({"BLCA"}),
        types=frozenset({"bladder cancer", "bladder/urinary tract cancer"}),
    ),
    Task(name="immune_class", attribute="IMMUNE_CLASS", read=_one_of(IMMUNE_CLASSES)),
)

ICB_RESPONSE = Task(
    name="icb_response",
    attribute="RESPONSE",
    read=_one_of(frozenset({"R", "NR"})),
    codes=frozenset(
        {"SKCM", "LUAD", "LUSC", "BLCA", "KIRC", "HNSC", "STAD", "ESCA", "MEL", "NSCLC", "CCRCC"}
    ),
    types=frozenset(
        {
            "melanoma",
            "non-small cell lung cancer",
            "bladder cancer",
            "bladder/urinary tract cancer",
            "renal cell carcinoma",
            "head and neck cancer",
            "esophagogastric cancer",
        }
    ),
)
"""Response to checkpoint blockade, fitted apart on cohorts of treated patients."""

ASKED = (*TASKS, ICB_RESPONSE)
"""Every task that a head may answer."""


def task_labels(
    attributes: Mapping[str, Sequence[str | None]],
) -> dict[str, list[str | None]]:
    """Read the answers to the tasks from clinical attributes.

    Args:
        attributes: Values of N tumors by attribute, None where unknown.

    Returns:
        By task, the class of each tumor, None where unknown; tasks without their attribute are
        left out.
    """
    return {
        task.name: _frequent([None if v is None else task.read(v) for v in values], task.fewest)
        for task in TASKS
        if (values := attributes.get(task.attribute)) is not None
    }


def _frequent(labels: list[str | None], fewest: int) -> list[str | None]:
    """Take the labels of rarer classes away."""
    counts = Counter(labels)
    return [label if counts[label] >= fewest else None for label in labels]


def applies(
    task: Task,
    cancer_types: Sequence[str | None],
    codes: Sequence[str],
    probabilities: NDArray[np.float32] | None,
) -> NDArray[np.bool_]:
    """Tell which tumors a task concerns.

    Args:
        task: The task.
        cancer_types: Stated type of each tumor, name or code, None where not known.
        codes: TCGA codes of the columns of `probabilities`, C.
        probabilities: Predicted probability of each code, (N, C), None where nothing predicts it.

    Returns:
        True where it applies, (N,).
    """
    if not task.codes:
        return np.ones(len(cancer_types), dtype=bool)
    concerned = {name: _concerns(task, name) for name in set(cancer_types)}
    stated = [concerned[name] for name in cancer_types]
    predicted = np.zeros(len(cancer_types), dtype=bool)
    if probabilities is not None:
        columns = [code in task.codes for code in codes]
        predicted = probabilities[:, columns].sum(axis=1) >= APPLIES_FROM
    return np.array(
        [
            by_model if told is None else told
            for told, by_model in zip(stated, predicted, strict=True)
        ],
        dtype=bool,
    )


def _concerns(task: Task, stated: str | None) -> bool | None:
    """Tell whether a stated type is one that the task concerns; None where nothing is stated."""
    if stated is None or stated.strip().lower() in NOT_STATED:
        return None
    if stated.strip().upper() in task.codes or stated.strip().lower() in task.types:
        return True
    node = tumor_type_named(stated) or tumor_type(stated)
    return node is not None and node.main_type.lower() in task.types
