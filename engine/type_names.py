"""One name for a cancer type that several studies name in their own ways."""

from __future__ import annotations

from engine.oncotree import tumor_type, tumor_type_named

MAIN_TYPES_OF_TCGA = {
    "DLBC": "Mature B-Cell Neoplasms",
    "KICH": "Renal Cell Carcinoma",
    "KIRC": "Renal Cell Carcinoma",
    "KIRP": "Renal Cell Carcinoma",
    "LAML": "Leukemia",
    "LGG": "Glioma",
    "LIHC": "Hepatobiliary Cancer",
    "MESO": "Mesothelioma",
    "PCPG": "Pheochromocytoma",
    "SARC": "Soft Tissue Sarcoma",
    "TGCT": "Germ Cell Tumor",
    "UVM": "Melanoma",
}
"""Main types of the codes of TCGA that the OncoTree lacks, or gives to another tumor."""

SAME_TYPE = {
    "CCRCC": "KIRC",
    "COAD": "CRC",
    "GBM": "GLIOMA",
    "HCC": "LIHC",
    "LGG": "GLIOMA",
    "MEL": "SKCM",
    "MGCT": "TGCT",
    "OCSC": "HNSC",
    "OPHSC": "HNSC",
    "PLEMESO": "MESO",
    "PLMESO": "MESO",
    "READ": "CRC",
    "SEM": "TGCT",
    "gastrointestinal stromal tumor": "GIST",
    "germ cell tumor": "TGCT",
    "glioma": "GLIOMA",
    "mesothelioma": "MESO",
    "pheochromocytoma": "PCPG",
    "thymic tumor": "THYM",
}
"""Codes and main types that studies give to one type of tumor, by the code used here."""

NOT_STATED = "not stated"


def common_type(stated: str | None) -> str:
    """Bring the type that a study states to the main type of the OncoTree, which all studies share.

    Args:
        stated: TCGA code, OncoTree code or full name; None where not known.

    Returns:
        The main type, in lower case; what was stated where the tree does not know it.
    """
    if stated is None or not stated.strip():
        return NOT_STATED
    known = stated.strip()
    if known.upper() in MAIN_TYPES_OF_TCGA:
        return MAIN_TYPES_OF_TCGA[known.upper()].lower()
    node = tumor_type_named(known) or tumor_type(known)
    return (node.main_type if node else known).lower()


def type_code(tcga: str | None, oncotree: str | None, stated: str | None = None) -> str:
    """Name a type as finely as studies share it.

    Args:
        tcga: Code of TCGA, where the tumor has one.
        oncotree: Code of the OncoTree, where the study states one.
        stated: Whatever else the study states.

    Returns:
        A code; the main type in lower case where no code is stated.
    """
    name = tcga or oncotree or common_type(stated)
    return SAME_TYPE.get(name, name)
