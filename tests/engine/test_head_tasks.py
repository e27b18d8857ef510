from __future__ import annotations

import numpy as np
import pytest

from engine.head_tasks import TASKS, Task, applies, task_labels

BY_NAME = {task.name: task for task in TASKS}
CODES = ("BLCA", "BRCA", "CESC", "HNSC", "LUAD")


def task(name: str) -> Task:
    return BY_NAME[name]


@pytest.mark.parametrize(
    ("attribute", "value", "name", "expected"),
    [
        ("TCGA_STUDY", "LUAD", "cancer_type", "LUAD"),
        ("TCGA_STUDY", "", "cancer_type", None),
        ("PAM50_SUBTYPE", "Her2", "pam50", "Her2"),
        ("PAM50_SUBTYPE", "Claudin", "pam50", None),
        ("HPV_STATUS", "positive", "hpv", "positive"),
        ("HPV_STATUS", "indeterminate", "hpv", None),
        ("MSI_SENSOR_SCORE", "10", "msi", "high"),
        ("MSI_SENSOR_SCORE", "9.99", "msi", "stable"),
        ("MSI_SENSOR_SCORE", "NA", "msi", None),
        ("MSI_SENSOR_SCORE", "nan", "msi", None),
        ("BLCA_MRNA_SUBTYPE", "Basal_squamous", "bladder_basal_luminal", "Basal_squamous"),
        ("BLCA_MRNA_SUBTYPE", "Luminal_papillary", "bladder_basal_luminal", "Luminal"),
        ("BLCA_MRNA_SUBTYPE", "Neuronal", "bladder_basal_luminal", None),
    ],
)
def test_labels_are_read_from_clinical_values(
    attribute: str, value: str, name: str, expected: str | None
) -> None:
    assert task_labels({attribute: [value, None]})[name] == [expected, None]


@pytest.mark.parametrize(
    ("name", "stated", "expected"),
    [
        ("pam50", "BRCA", True),
        ("pam50", "Breast Cancer", True),
        ("pam50", "Invasive Breast Carcinoma", True),
        ("pam50", "idc", True),
        ("pam50", "Breast Sarcoma", False),
        ("pam50", "Lung Adenocarcinoma", False),
        ("pam50", "A name that nobody knows", False),
        ("hpv", "Head and Neck Squamous Cell Carcinoma", True),
        ("hpv", "Cervical Adenocarcinoma", True),
        ("hpv", "Salivary Gland Cancer", False),
        ("bladder_basal_luminal", "Bladder Urothelial Carcinoma", True),
        ("msi", "Breast Cancer", True),
        ("cancer_type", "Breast Cancer", True),
    ],
)
def test_a_stated_type_decides_against_the_model(name: str, stated: str, *, expected: bool) -> None:
    says_luad = np.array([[0, 0, 0, 0, 1]], dtype=np.float32)
    says_brca = np.array([[0, 1, 0, 0, 0]], dtype=np.float32)
    for told in (says_luad, says_brca, None):
        assert applies(task(name), [stated], CODES, told).tolist() == [expected]


@pytest.mark.parametrize("stated", [None, "", "Unknown", "Cancer of Unknown Primary"])
def test_without_a_type_the_model_decides_from_one_half_on(stated: str | None) -> None:
    told = np.array([[0, 0, 0.2, 0.3, 0.5], [0, 0, 0.2, 0.29, 0.51]], dtype=np.float32)
    assert applies(task("hpv"), [stated] * 2, CODES, told).tolist() == [True, False]
    assert applies(task("hpv"), [stated] * 2, (), None).tolist() == [False, False]
