"""What the classes of the heads are called, and what each question means. Pure."""

from __future__ import annotations

from engine.oncotree import tumor_type

TCGA_TYPES = {
    "ACC": "Adrenocortical carcinoma",
    "BLCA": "Bladder urothelial carcinoma",
    "BRCA": "Breast carcinoma",
    "CESC": "Cervical carcinoma",
    "CHOL": "Cholangiocarcinoma",
    "COAD": "Colon adenocarcinoma",
    "DLBC": "Diffuse large B-cell lymphoma",
    "ESCA": "Esophageal carcinoma",
    "GBM": "Glioblastoma",
    "HNSC": "Head and neck squamous cell carcinoma",
    "KICH": "Chromophobe renal cell carcinoma",
    "KIRC": "Clear cell renal cell carcinoma",
    "KIRP": "Papillary renal cell carcinoma",
    "LAML": "Acute myeloid leukemia",
    "LGG": "Lower-grade glioma",
    "LIHC": "Hepatocellular carcinoma",
    "LUAD": "Lung adenocarcinoma",
    "LUSC": "Lung squamous cell carcinoma",
    "MESO": "Mesothelioma",
    "OV": "Ovarian serous carcinoma",
    "PAAD": "Pancreatic adenocarcinoma",
    "PCPG": "Pheochromocytoma or paraganglioma",
    "PRAD": "Prostate adenocarcinoma",
    "READ": "Rectum adenocarcinoma",
    "SARC": "Sarcoma",
    "SKCM": "Cutaneous melanoma",
    "STAD": "Stomach adenocarcinoma",
    "TGCT": "Testicular germ cell tumor",
    "THCA": "Thyroid carcinoma",
    "THYM": "Thymoma",
    "UCEC": "Endometrial carcinoma",
    "UCS": "Uterine carcinosarcoma",
    "UVM": "Uveal melanoma",
}
"""TCGA study codes in words."""

ONCOTREE_TYPES = {
    "APAD": "Appendiceal adenocarcinoma",
    "CCOV": "Clear cell ovarian carcinoma",
    "CRC": "Colorectal carcinoma",
    "LGSOC": "Low-grade serous ovarian carcinoma",
    "OV": "Ovarian carcinoma",
    "PANET": "Pancreatic neuroendocrine tumor",
    "PLEMESO": "Pleural mesothelioma",
    "PLMESO": "Pleural mesothelioma",
    "THCA": "Thyroid carcinoma",
}
"""Codes that the OncoTree does not have, or writes in words that say less."""

_CLASSES = {
    "pam50": {
        "LumA": "Luminal A",
        "LumB": "Luminal B",
        "Her2": "HER2-enriched",
        "Basal": "Basal-like",
        "Normal": "Normal-like",
    },
    "breast_basal_luminal": {"Basal": "Basal-like", "Luminal": "Luminal A or B"},
    "msi": {"high": "MSI-high", "stable": "Stable"},
    "hpv": {"positive": "HPV-positive", "negative": "HPV-negative"},
    "bladder_basal_luminal": {"Basal_squamous": "Basal or squamous", "Luminal": "Luminal"},
    "immune_class": {
        "C1": "C1, wound healing",
        "C2": "C2, IFN-gamma dominant",
        "C3": "C3, inflammatory",
        "C4": "C4, lymphocyte depleted",
        "C5": "C5, immunologically quiet",
        "C6": "C6, TGF-beta dominant",
    },
    "icb_response": {"R": "Responder", "NR": "No responder"},
}

MEANINGS = {
    "cancer_type": "The study of TCGA whose tumors it is most like. TCGA has no metastases to "
    "speak of, and no type outside its 33.",
    "oncotree_type": "The OncoTree type among those that have at least 50 tumors in MSK-MET, "
    "mostly seen through a panel. A rarer type is never among the answers.",
    "pam50": "Expression subtype, told from DNA alone. Normal-like is small and told badly.",
    "breast_basal_luminal": "Basal-like against luminal A and B, told from DNA alone; not the "
    "receptor status of pathology.",
    "hpv": "Whether the tumor carries HPV, told from its alterations; not a test for the virus.",
    "msi": "High: an MSIsensor score of 10 or more. Told from the alterations; it does not "
    "replace a test for mismatch repair.",
    "bladder_basal_luminal": "Expression subtype of muscle-invasive bladder cancer, told from "
    "DNA alone.",
    "immune_class": "Immune subtypes after Thorsson et al. 2018. The source numbers its groups "
    "otherwise; the class number was taken from the sizes of the groups, not from a published "
    "list of tumors.",
    "icb_response": "Response to checkpoint blockade in treated cohorts. Burden of mutations "
    "carries most of it: compare it with burden alone on the Model page. Never a reason to give "
    "or to withhold a treatment.",
    "os_risk": "Overall survival against tumors of the same type: the share of them with a lower "
    "hazard of death. It knows neither stage, age nor treatment, and compares no type with "
    "another.",
}
"""What must be known to read the answers to each question."""


def class_name(task: str, code: str) -> str:
    """Write a class in words.

    Args:
        task: Name of the question.
        code: Class as stored, for example `LUAD`.

    Returns:
        For example `Lung adenocarcinoma`; the code itself where nothing better is known.
    """
    if task == "cancer_type":
        return TCGA_TYPES.get(code, code)
    if task in ("oncotree_type", "os_risk"):
        return _type_name(code)
    return _CLASSES.get(task, {}).get(code, code)


def _type_name(code: str) -> str:
    if code in ONCOTREE_TYPES:
        return ONCOTREE_TYPES[code]
    node = tumor_type(code)
    name = TCGA_TYPES.get(code, code) if node is None else node.name
    return name[:1] + name[1:].lower() if name.istitle() else name
