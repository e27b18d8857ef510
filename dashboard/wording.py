"""Words of the pages: titles of clinical attributes, units, and what each term means."""

from __future__ import annotations

import html
import re
import textwrap
from datetime import date

_CAPITALS = (
    *("AJCC", "BLCA", "BRCA", "CNA", "DNA", "DSS", "ER", "FIGO", "HER2", "HPV", "ICB", "ID"),
    *("IDH", "MMR", "MSI", "OS", "PAM50", "PD-L1", "PFS", "PR", "PSA", "RECIST", "RNA", "TCGA"),
    *("TMB", "mRNA", "OncoTree", "UV", "WES"),
)
ACRONYMS = {word.lower(): word for word in _CAPITALS}
"""Words whose capitals carry meaning, by their lower-case form."""

FIRST_LABELS = (
    "PAM50_SUBTYPE",
    "HPV_STATUS",
    "BLCA_MRNA_SUBTYPE",
    "MSI_STATUS",
    "MSI_CLASS",
    "MSI",
    "IMMUNE_CLASS",
    "SUBTYPE",
    "RESPONSE",
    "SAMPLE_TYPE",
    "SEX",
    "STAGE",
    "OS_STATUS",
)
"""Labels that are asked for most, in the order in which they are offered."""

FIRST_NUMBERS = (
    "TMB_NONSYNONYMOUS",
    "TMB",
    "FRACTION_GENOME_ALTERED",
    "MSI_SENSOR_SCORE",
    "ANEUPLOIDY_SCORE",
    "TUMOR_PURITY",
    "AGE",
    "AGE_AT_SEQUENCING",
    "OS_MONTHS",
)
"""Numbers that are asked for most."""

SOURCE_PREFIX = "SRC_"
"""Attributes kept as they stood in the original publication; offered last."""

REDUNDANT = {"CANCER_TYPE", "SAMPLE_ID", "PATIENT_ID", "ONCOTREE_CODE", "GENE_PANEL"}
"""Attributes that every tumor has in columns of its own."""

_TITLES = {
    "TMB_NONSYNONYMOUS": "Tumor mutational burden",
    "TMB": "Tumor mutational burden",
    "OS_STATUS": "Overall survival status",
    "OS_MONTHS": "Overall survival",
    "PFS_STATUS": "Progression-free survival status",
    "PFS_MONTHS": "Progression-free survival",
    "DSS_STATUS": "Disease-specific survival status",
    "DSS_MONTHS": "Disease-specific survival",
}

_UNITS = (
    (re.compile(r"^TMB"), "mutations per megabase"),
    (re.compile(r"^(FRACTION_|LEUKOCYTE_FRACTION)"), "fraction, 0 to 1"),
    (re.compile(r"(^|_)MONTHS$"), "months"),
    (re.compile(r"^AGE"), "years"),
    (re.compile(r"DAYS"), "days"),
    (re.compile(r"PURITY|PERCENT"), "as given, % or fraction"),
    (re.compile(r"COUNT$"), "count"),
)


def title_of(attribute: str, display_name: str | None) -> str:
    """Write an attribute's name for a reader.

    Args:
        attribute: Its identifier, for example `PAM50_SUBTYPE`.
        display_name: The name that the study gives, often the identifier in title case.

    Returns:
        For example `PAM50 subtype`.
    """
    if attribute in _TITLES:
        return _TITLES[attribute]
    name = (display_name or "").strip() or attribute.replace("_", " ")
    if name.upper().replace(" ", "_") != attribute:
        return name
    words = [ACRONYMS.get(word.lower(), word.lower()) for word in name.split()]
    sentence = " ".join(words)
    return sentence if words[0] in ACRONYMS.values() else sentence[:1].upper() + sentence[1:]


def unit_of(attribute: str) -> str:
    """Return the unit of a numeric attribute, empty when it is not known."""
    return next((unit for pattern, unit in _UNITS if pattern.search(attribute)), "")


def day(moment: date) -> str:
    """Write a date as `July 24, 2026`."""
    return f"{moment:%B} {moment.day}, {moment.year}"


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 tumor`, `3,600 tumors`, `2 studies`."""
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {plural}"


LONGEST_NAME = 26


def clip(name: str, longest: int = LONGEST_NAME) -> str:
    """Shorten a name for a legend and make it harmless in Plotly's HTML subset."""
    return escape(name if len(name) <= longest else name[: longest - 1].rstrip() + "…")


def wrap(name: str, letters: int) -> str:
    """Break a name over two lines of a figure; only what fits into neither is cut off."""
    lines = textwrap.wrap(name, letters, max_lines=2, placeholder="…")
    return "<br>".join(map(escape, lines))


def escape(text: str) -> str:
    """Make text from a file harmless in Plotly's HTML subset."""
    return html.escape(text, quote=False)


DISTANCE = (
    "Each point is one tumor. Tumors lie close together when the model finds their alterations "
    "alike. The axes have no unit: read who is next to whom, not how far apart two distant groups "
    "are, nor how large a group looks."
)

QUALITY = {
    "trustworthiness": (
        "Trustworthiness",
        "Are neighbors on the map real neighbors? 1 means that tumors shown side by side are "
        "also alike in the full model; 0.5 is about what a random map would reach.",
    ),
    "continuity": (
        "Continuity",
        "Are real neighbors still together on the map? 1 means that no group of alike tumors was "
        "torn apart to flatten it.",
    ),
    "knn_preservation": (
        "Neighbors kept",
        "Share of a tumor's 15 nearest tumors in the full model that are also among its 15 "
        "nearest on the map. Flattening always loses some; the Patient page uses the full model.",
    ),
    "label_knn_accuracy": (
        "Cancer type from neighbors",
        "How often the most frequent cancer type among a tumor's neighbors on the map is its "
        "own. By chance: always telling the most frequent cancer type. It says how well the map "
        "separates cancer types.",
    ),
}
"""Measures of a map: what they are called, and what they mean."""

STRANGENESS = (
    "How unlike the tumors that the model was fitted on this one is: whether chance explains its "
    "altered genes better than any kind of tumor, and whether the model can tell what kind it is. "
    "The rule was fixed on held-out patients so that at most 1 in 20 ordinary tumors is marked."
)
OUT_OF_DISTRIBUTION = (
    "How unlike the reference this tumor is: its mean distance to its 15 nearest tumors, "
    "ranked among the same figure of all reference tumors. 0.97 means stranger than 97% of them."
)

AGREEMENT = (
    "How many of the nearest tumors in the full model are nearest on the map too: the map is flat, "
    "the model is not. When few are, read the table of nearest tumors, not the place on the map."
)

WILSON = (
    "95% interval after Wilson. The neighbors are few and not independent: it shows how little "
    "can be said from them, it is not a test."
)

NOT_PROFILED = "Never looked at in this tumor: nothing can be concluded about it."

PANEL_ASSUMED = (
    "No file names the panel. One was taken that holds the genes found, or else a whole exome; "
    "genes on it without an alteration count as unaltered."
)
