"""How groups of tumors are formed: of selections, saved sets, a label, a gene, or a pair of genes.

No Streamlit, no torch. A tumor that was not profiled for a gene is in no group of that gene.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from dashboard.queries import Objects
from dashboard.theme import MOST_COLORS
from engine.epidemiology.counts import Feature, Features, Group
from engine.epidemiology.group_members import Groups, form_groups

Mask = npt.NDArray[np.bool_]

MOST_GROUPS = MOST_COLORS
"""Groups at once; a ninth color could not be told from the others."""

SELECTION, REST = "selection", "rest"
"""Tokens of the tumors that are selected on the map, and of all others."""

ANY = "mutation, amplification or deep deletion"
"""A gene altered in any of these ways; known where the tumor was looked at for all of them."""

KINDS = (Group.MUTATION, Group.AMPLIFICATION, Group.DEEP_DELETION, Group.FUSION)
ANY_OF = KINDS[:3]

_TREATMENT = re.compile(
    r"RESPON|BENEFIT|RECIST|TREAT|DRUG|THERAP|(^|_)(ARM|LINES?|ICB|ORR|BOR)(_|$)|TIMEPOINT"
)
_OUTCOME = re.compile(r"^(OS|PFS|DSS|DFS|DFI)_(STATUS|MONTHS)$")


class Source(StrEnum):
    """What groups are made of; the value is what the page calls it."""

    SETS = "Sets"
    LABEL = "Label"
    GENE = "Gene"
    PAIR = "Pair"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which groups are asked for.

    Attributes:
        source: What they are made of.
        members: Ids of sets, the complement of one as `rest:` and its id; or values of a label.
        label: Key of the label.
        genes: One gene, or two.
        kind: How a gene must be altered: a `Group`, or `ANY`.
        types: Tumor types that are looked at, by name or OncoTree code; all when empty.
    """

    source: Source
    members: tuple[str, ...] = ()
    label: str = ""
    genes: tuple[str, ...] = ()
    kind: str = Group.MUTATION
    types: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Formed:
    """Groups with what must be known of how they were formed.

    Attributes:
        groups: The groups.
        defining: Features that the groups are made of: their difference is no finding.
        num_unknown: Tumors that cannot be sorted: not profiled, or label not given.
        unknown_reason: Why, in words.
        by_treatment: Whether membership is known only after treatment began.
        by_outcome: Whether groups are made of the outcome itself.
        label: Key of the label that groups are made of; empty if of none.
    """

    groups: Groups
    defining: frozenset[Feature]
    num_unknown: int
    unknown_reason: str
    by_treatment: bool
    by_outcome: bool
    label: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """What groups are formed from; all of N tumors of a map.

    Attributes:
        features: Altered genes by kind.
        patients: Person behind each tumor.
        followed: Whose follow-up is known, (N,).
        types: By column, tumor type of each tumor, (N,): type and OncoTree code.
        label: The label that is asked for, (N,), None where not given; None if none is.
        sets: By id, name of a set and which tumors are in it, (N,).
    """

    features: Features
    patients: tuple[str, ...]
    followed: Mask
    types: tuple[Objects, ...]
    label: Objects | None
    sets: Mapping[str, tuple[str, Mask]]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sorted:
    """Which tumors are in which group, before anybody is left out."""

    names: Sequence[str]
    masks: Sequence[Mask]
    known: Mask
    reason: str = ""
    defining: frozenset[Feature] = frozenset()


def form(asked: Asked, known: Known) -> Formed:
    """Form the groups that are asked for.

    Args:
        asked: What is asked for.
        known: What is known of the tumors.

    Raises:
        GroupError: If there are fewer than two groups.
        CountingError: If a gene is not counted.
    """
    match asked.source:
        case Source.SETS:
            found = _of_sets(asked, known)
        case Source.LABEL:
            found = _of_label(asked, known)
        case _:
            found = _of_genes(asked, known)
    among = _among(asked, known)
    groups = form_groups(
        found.names, [mask & among for mask in found.masks], known.patients, known.followed
    )
    is_label = asked.source is Source.LABEL
    return Formed(
        groups=groups,
        defining=found.defining,
        num_unknown=int((among & ~found.known).sum()),
        unknown_reason=found.reason,
        by_treatment=is_label and bool(_TREATMENT.search(asked.label)),
        by_outcome=is_label and bool(_OUTCOME.search(asked.label)),
        label=asked.label if is_label else "",
    )


def _among(asked: Asked, known: Known) -> Mask:
    if not asked.types:
        return np.ones(len(known.patients), dtype=bool)
    inside: Mask = np.logical_or.reduce(
        [np.isin(types.astype(str), asked.types) for types in known.types]
    )
    return inside


def _of_sets(asked: Asked, known: Known) -> _Sorted:
    names, masks = [], []
    for member in asked.members:
        token, _, set_id = member.rpartition(":")
        name, mask = known.sets[set_id]
        names.append("All other tumors" if token == REST else name)
        masks.append(~mask if token == REST else mask)
    every = np.ones(len(known.patients), dtype=bool)
    return _Sorted(names=_distinct(names), masks=masks, known=every)


def _distinct(names: Sequence[str]) -> list[str]:
    """Number names that occur twice."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    count: dict[str, int] = {}
    found = []
    for name in names:
        count[name] = count.get(name, 0) + 1
        found.append(f"{name} ({count[name]})" if seen[name] > 1 else name)
    return found


def _of_label(asked: Asked, known: Known) -> _Sorted:
    values = known.label if known.label is not None else np.full(len(known.patients), None)
    given = np.array([value is not None for value in values], dtype=bool)
    return _Sorted(
        names=asked.members,
        masks=[values == value for value in asked.members],
        known=given,
        reason="do not state the label",
    )


def _of_genes(asked: Asked, known: Known) -> _Sorted:
    states = [gene_state(known.features, gene, asked.kind) for gene in asked.genes]
    (first, seen), *others = states
    reason = f"were not profiled for {' and '.join(asked.genes)} ({asked.kind})"
    defining = frozenset(
        feature for feature in known.features.features if feature.name in asked.genes
    )
    if not others:
        names = [f"{asked.genes[0]} {short(asked.kind)}", f"{asked.genes[0]} wild type"]
        masks = [seen & first, seen & ~first]
        return _Sorted(names=names, masks=masks, known=seen, reason=reason, defining=defining)
    second, also = others[0]
    both = seen & also
    a, b = asked.genes
    return _Sorted(
        names=[f"{a} and {b}", f"{a} only", f"{b} only", "Neither"],
        masks=[both & one & two for one in (first, ~first) for two in (second, ~second)],
        known=both,
        reason=reason,
        defining=defining,
    )


def short(kind: str) -> str:
    """Name tumors with such an alteration: `mutated`, `amplified`."""
    words = {
        Group.MUTATION: "mutated",
        Group.AMPLIFICATION: "amplified",
        Group.DEEP_DELETION: "deleted",
        Group.FUSION: "fused",
    }
    return words.get(Group(kind), "altered") if kind != ANY else "altered"


def gene_state(features: Features, gene: str, kind: str) -> tuple[Mask, Mask]:
    """Tell which tumors have a gene altered, and of which that is known.

    Args:
        features: Altered genes by kind, of N tumors.
        gene: Approved symbol.
        kind: A `Group`, or `ANY`.

    Returns:
        Altered and known, (N,) each, bool.

    Raises:
        CountingError: If the gene is not counted.
    """
    groups = ANY_OF if kind == ANY else (Group(kind),)
    columns = [features.column_of(gene, group) for group in groups]
    has, known = features.choose(columns).dense()
    return np.logical_or.reduce(has, axis=1), np.logical_and.reduce(known, axis=1)
