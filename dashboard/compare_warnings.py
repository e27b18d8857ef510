"""What may make a comparison of groups mislead, in plain sentences. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.compare_facts import Facts
from dashboard.compare_groups import Formed
from dashboard.formatting import number, p_value, share
from dashboard.outcome_facts import Survival
from dashboard.queries import CANCER_TYPE, ONCOTREE_CODE, PANEL, STUDY, MapData, Objects
from dashboard.wording import count
from engine.epidemiology.group_comparison import (
    LabelComparison,
    NumberComparison,
    compare_label,
    compare_number,
)

Floats = npt.NDArray[np.float64]

FEWEST = 20
"""Patients of a group below which little can be said of it."""
FEWEST_EVENTS = 10
NOTABLE_V, STRONG_V = 0.1, 0.3
NOTABLE_DELTA, STRONG_DELTA = 0.147, 0.33
"""Effects from which groups differ notably and strongly (Romano et al. 2006 for Cliff's delta)."""
SURE_BELOW = 0.05


@dataclass(frozen=True, kw_only=True)
class Caution:
    """Something to beware of.

    Attributes:
        text: One sentence or two.
        is_serious: Whether a conclusion should wait for it.
    """

    text: str
    is_serious: bool


def find_cautions(
    formed: Formed, facts: Facts, data: MapData, survival: Survival | None
) -> tuple[Caution, ...]:
    """Look for what may make a comparison mislead, the most serious first.

    Args:
        formed: The groups.
        facts: What is known of the tumors.
        data: The map.
        survival: The follow-up that is compared; None when none is stated.
    """
    found = [
        *_of_formation(formed),
        *_of_numbers(formed),
        *_of_events(formed, survival),
        *_of_sampling(formed, facts),
        *_of_origin(formed, facts, data),
    ]
    return tuple(sorted(found, key=lambda caution: not caution.is_serious))


def _of_formation(formed: Formed) -> list[Caution]:
    found = []
    if formed.by_outcome:
        text = (
            "The groups are made of the outcome itself: their survival differs by definition, "
            "and no p-value of it means anything."
        )
        found.append(Caution(text=text, is_serious=True))
    elif formed.by_treatment:
        text = (
            "Immortal time: who is in which group is known only after treatment began. To "
            "respond, or to be treated later, a patient must have lived until then, so those "
            "groups seem to live longer whatever the treatment does. Count their follow-up from "
            "the time at which the group is known."
        )
        found.append(Caution(text=text, is_serious=True))
    return found


def _of_numbers(formed: Formed) -> list[Caution]:
    small = [
        f"{name} ({size:,})"
        for name, size in zip(formed.groups.names, formed.groups.sizes, strict=True)
        if size < FEWEST
    ]
    if not small:
        return []
    text = f"Few patients: {', '.join(small)}. Below {FEWEST}, chance alone makes large effects."
    return [Caution(text=text, is_serious=True)]


def _of_events(formed: Formed, survival: Survival | None) -> list[Caution]:
    if survival is None:
        return []
    codes = np.where(survival.known, formed.groups.codes, -1)
    events = np.bincount(codes[survival.died & (codes >= 0)], minlength=len(formed.groups)).tolist()
    few = [
        f"{name} ({number})"
        for name, number in zip(formed.groups.names, events, strict=True)
        if number < FEWEST_EVENTS
    ]
    if not few:
        return []
    text = f"Fewer than {FEWEST_EVENTS} {survival.endpoint.event}: {', '.join(few)}."
    return [Caution(text=text, is_serious=False)]


def _of_sampling(formed: Formed, facts: Facts) -> list[Caution]:
    """Look for signs that patients had to live until their tumor was taken or sequenced."""
    codes, width = formed.groups.codes, len(formed.groups)
    found = []
    metastases = compare_label("sample type", facts.is_metastasis, codes, width)
    if metastases is not None and _differs(metastases):
        told = "; ".join(_metastatic(formed.groups.names, metastases))
        text = (
            f"Immortal time: groups differ in their share of metastases ({told}). A patient whose "
            "metastasis was sequenced had to live until then, and has later disease."
        )
        found.append(Caution(text=text, is_serious=metastases.strength >= STRONG_V))
    for title, values in facts.delays.items():
        delay = compare_number(title, values, codes, width)
        if delay is not None and _moves(delay):
            text = (
                f"Immortal time: groups differ in “{title}” (medians {_medians(delay)}). Time "
                "before a tumor was taken is time that nobody could die in."
            )
            found.append(Caution(text=text, is_serious=False))
    return found


def _metastatic(names: Sequence[str], label: LabelComparison) -> list[str]:
    column = label.values.index("Metastasis")
    return [
        f"{name}: {share(int(counts[column]), int(counts.sum()))}"
        for name, counts in zip(names, label.counts, strict=True)
        if counts.sum()
    ]


def _of_origin(formed: Formed, facts: Facts, data: MapData) -> list[Caution]:
    codes, width = formed.groups.codes, len(formed.groups)
    found = []
    for what, keys, values, advice in _origins(data):
        if formed.label in keys:
            continue
        label = compare_label(what, values, codes, width)
        if label is not None and _differs(label):
            found.append(
                Caution(
                    text=f"Groups differ by {what}: {say_strength(label)}. {advice}",
                    is_serious=label.strength >= STRONG_V,
                )
            )
    purity = compare_number("purity", facts.purity, codes, width)
    if purity is not None and _moves(purity):
        text = (
            f"Groups differ by tumor purity (medians {_medians(purity)}, {say_shift(purity)}). "
            "Alterations are missed more often where fewer cells are of the tumor."
        )
        strong = any(s is not None and abs(s.delta) >= STRONG_DELTA for s in purity.shifts)
        found.append(Caution(text=text, is_serious=strong))
    return found


def _origins(data: MapData) -> tuple[tuple[str, tuple[str, ...], Objects, str], ...]:
    """Return where tumors come from: what it is called, labels that state it, values, advice."""

    def column(name: str) -> Objects:
        values = data.samples[name]
        return values.astype(object).where(values.notna(), None).to_numpy(dtype=object)

    return (
        (
            "study",
            (STUDY,),
            column("study_id"),
            "Studies differ in patients, treatment and follow-up: hold the study fixed below.",
        ),
        (
            "gene panel",
            (PANEL, STUDY),
            column("mutation_panel"),
            "A larger panel finds more alterations: hold the panel fixed below.",
        ),
        (
            "tumor type",
            (CANCER_TYPE, ONCOTREE_CODE, "CANCER_TYPE_DETAILED"),
            column("cancer_type"),
            "Types differ in survival and in genes: hold the type fixed, or look at one type.",
        ),
    )


def _differs(label: LabelComparison) -> bool:
    return label.p_value < SURE_BELOW and label.strength >= NOTABLE_V


def _moves(found: NumberComparison) -> bool:
    largest = max((abs(shift.delta) for shift in found.shifts if shift is not None), default=0.0)
    return found.p_value < SURE_BELOW and largest >= NOTABLE_DELTA


def _medians(found: NumberComparison) -> str:
    return " / ".join(number(middle) for _, middle, _ in found.quartiles)


def say_strength(label: LabelComparison) -> str:
    """Write the strength of a difference in composition with its interval and test."""
    return (
        f"Cramer's V {label.strength:.2f} ({label.lower:.2f} to {label.upper:.2f}), "
        f"{p_value(label.p_value)}"
    )


def say_shift(found: NumberComparison) -> str:
    """Write how far groups lie apart, with the test."""
    shifts = [shift for shift in found.shifts if shift is not None]
    if len(shifts) == 1:
        shift = shifts[0]
        told = f"Cliff's delta {shift.delta:+.2f} ({shift.lower:+.2f} to {shift.upper:+.2f})"
    else:
        told = f"ε² {found.spread:.2f}"
    return f"{told}, {p_value(found.p_value)}"


def say_left_out(formed: Formed) -> tuple[str, ...]:
    """Say who is in no group, and why, one sentence each."""
    groups, told = formed.groups, []
    if formed.num_unknown:
        told.append(
            f"{count(formed.num_unknown, 'tumor')} {formed.unknown_reason}: left out, not counted "
            "as wild type."
            if formed.defining
            else f"{count(formed.num_unknown, 'tumor')} {formed.unknown_reason}: left out."
        )
    if groups.num_in_several:
        told.append(
            f"{count(groups.num_in_several, 'tumor')} in more than one group: put in none of them."
        )
    if groups.num_split_persons:
        told.append(
            f"{count(groups.num_split_persons, 'patient')} with tumors in different groups: put "
            "in none of them."
        )
    if groups.num_further:
        told.append(
            f"{count(groups.num_further, 'further tumor')} of patients who are counted already: "
            "left out, one tumor stands for each patient."
        )
    return tuple(told)
