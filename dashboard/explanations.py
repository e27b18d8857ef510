"""Explanations of one number of one tumor, as the store keeps them and the pages show them. Pure.

No torch is loaded: a stored explanation is shown by a process that has no model in memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import pyarrow as pa

from dashboard.predictions import OS_RISK, TITLES
from dashboard.wording import clip

RISK = OS_RISK
"""Task of the risk within the tumor type; its class is the type."""

MAP = "map"
"""Task of the place on the map; its classes are below, each followed by the map's version."""

NEAR, ACROSS, UPWARD = "nearest", "x", "y"
MAP_TITLES = {
    NEAR: "Being like its nearest tumors",
    ACROSS: "Its place from left to right",
    UPWARD: "Its place from bottom to top",
}

SHAPLEY, GRADIENTS, LEAVE_ONE_OUT = "Shapley values", "integrated gradients", "leave one out"
PAIRS = "pairs"
METHODS = (SHAPLEY, GRADIENTS, LEAVE_ONE_OUT)
"""The methods by which units are explained, the default first."""

COVARIATE = "covariate"
PATHWAY, HALLMARK, COVARIATES = "pathway", "hallmark set", "covariates"
ROLL_UPS = ("gene", "kind", PATHWAY, HALLMARK, COVARIATES)
Z95 = 1.96
FEW_PERMUTATIONS, MANY_UNITS = 8, 120
"""Above this many units each order costs seconds: fewer are drawn, and the errors grow."""

LARGEST_GAP = 0.05
"""Share of the width of the map by which the stand-in may miss a point and still explain it."""

LONGEST_SET = 20
"""Letters of a set of genes beside its bar, so that the count behind it is not cut off."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which number of which tumor is explained.

    Attributes:
        task: A task of the heads, `os_risk`, or `map`.
        class_name: Class of the head, tumor type of the risk, or one of `MAP_TITLES` with the
            version of the map: `x@3`. A class of a head that the user trained is followed by the
            digest of the head, since another one may take its name.
    """

    task: str
    class_name: str

    @property
    def title(self) -> str:
        """What is explained, for a reader."""
        from dashboard.class_names import class_name

        if self.task == MAP:
            return MAP_TITLES[self.name]
        return f"{TITLES.get(self.task, self.task)}: {class_name(self.task, self.name)}"

    @property
    def name(self) -> str:
        """The class without the version of the map or of the head."""
        is_versioned = self.task == MAP or self.task not in TITLES
        return self.class_name.rpartition("@")[0] if is_versioned else self.class_name


@dataclass(frozen=True, kw_only=True)
class UnitTold:
    """What one alteration adds.

    Attributes:
        key: Stable name within the tumor.
        label: "STK11 truncating".
        gene: Its gene; None for arms and covariates.
        kind: Kind of alteration, `gain`, `loss` or `covariate`.
        value: What it adds; positive raises the number.
        error: Standard error by sampling; None where nothing was sampled.
    """

    key: str
    label: str
    gene: str | None
    kind: str
    value: float
    error: float | None


@dataclass(frozen=True, kw_only=True)
class MethodTold:
    """What one method says.

    Attributes:
        method: One of `METHODS`.
        scale: What the number is counted in.
        baseline: What the tumor is compared with, in words.
        baseline_value: The number there.
        value: The number of the tumor.
        gap: How far the values miss what they should add up to, as a share of what moves, 0..1.
        units: What each alteration adds, in the order of the tumor.
        rolled: Sums by each of `ROLL_UPS`, the largest first.
        agreement: Whether it agrees with the Shapley values, in words; empty for those themselves.
    """

    method: str
    scale: str
    baseline: str
    baseline_value: float
    value: float
    gap: float
    units: tuple[UnitTold, ...]
    rolled: dict[str, dict[str, float]] = field(default_factory=dict)
    agreement: str = ""


@dataclass(frozen=True, kw_only=True)
class PairTold:
    """What two alterations do together: both - first alone - second alone + neither.

    Attributes:
        first: Label of one.
        second: Label of the other.
        value: Averaged over which other alterations are there.
        error: Standard error by sampling.
        alone: The same where no other alteration is there.
    """

    first: str
    second: str
    value: float
    error: float
    alone: float

    @property
    def is_clear(self) -> bool:
        """Whether the effect is beyond what sampling alone explains."""
        return abs(self.value) > Z95 * self.error


@dataclass(frozen=True, kw_only=True)
class PairsTold:
    """The strongest pairs of a tumor.

    Attributes:
        scale: What the number is counted in.
        num_pairs: Pairs that were looked at.
        num_left_out: Alterations that entered no pair, since they are too many.
        pairs: The strongest, the strongest first.
    """

    scale: str
    num_pairs: int
    num_left_out: int
    pairs: tuple[PairTold, ...]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """One number of one tumor, explained.

    Attributes:
        asked: The number.
        methods: By each of `METHODS`, or by integrated gradients alone.
        pairs: Its strongest pairs; None where only one method was asked.
    """

    asked: Asked
    methods: tuple[MethodTold, ...]
    pairs: PairsTold | None

    def by(self, method: str) -> MethodTold:
        """Return what a method says."""
        return next(told for told in self.methods if told.method == method)


def say_pair(pair: PairTold, scale: str) -> str:
    """Say what two alterations do together."""
    both = f"{pair.first} and {pair.second}"
    error = f"standard error {pair.error:.2g}"
    if not pair.is_clear:
        told = f"{pair.value:+.2g} {scale}, {error}"
        return f"{both}: no clear effect together beyond what each adds alone ({told})."
    word = "more" if pair.value > 0 else "less"
    return (
        f"{both} together add {abs(pair.value):.2g} {scale} {word} than the sum of what each adds "
        f"alone ({error})."
    )


def to_rows(study_id: str, sample_id: str, told: Explanation) -> pa.Table:
    """Write an explanation as the store keeps it.

    Args:
        study_id: Study of the tumor.
        sample_id: The tumor.
        told: The explanation.

    Returns:
        Rows of `cache.attributions.ATTRIBUTIONS`, one per method and one for the pairs.
    """
    parts = {method.method: asdict(method) for method in told.methods}
    if told.pairs is not None:
        parts[PAIRS] = asdict(told.pairs)
    key = {"study_id": study_id, "sample_id": sample_id, "task": told.asked.task}
    return pa.Table.from_pylist(
        [
            {**key, "class": told.asked.class_name, "method": name, "document": json.dumps(part)}
            for name, part in parts.items()
        ]
    )


def from_rows(rows: pa.Table, asked: Asked) -> Explanation | None:
    """Read an explanation from rows of the store.

    Args:
        rows: Rows of `cache.attributions.ATTRIBUTIONS` of one tumor.
        asked: Which number is wanted.

    Returns:
        The explanation; by integrated gradients alone where nothing else is stored; None where
        they are not either.
    """
    found = {
        row["method"]: json.loads(row["document"])
        for row in rows.to_pylist()
        if (row["task"], row["class"]) == (asked.task, asked.class_name)
    }
    if not {*METHODS, PAIRS} <= set(found):
        gradients = found.get(GRADIENTS)
        methods = (_method(gradients),) if gradients else ()
        return Explanation(asked=asked, methods=methods, pairs=None) if methods else None
    pairs = found[PAIRS]
    pairs["pairs"] = tuple(PairTold(**pair) for pair in pairs["pairs"])
    return Explanation(
        asked=asked,
        methods=tuple(_method(found[name]) for name in METHODS),
        pairs=PairsTold(**pairs),
    )


def _method(document: dict[str, object]) -> MethodTold:
    units = document.pop("units")
    assert isinstance(units, list)  # written by `to_rows`
    return MethodTold(units=tuple(UnitTold(**unit) for unit in units), **document)  # type: ignore[arg-type]


def roll_covariates(units: Sequence[UnitTold]) -> dict[str, float]:
    """Add up the alterations, and leave each covariate for itself."""
    sums = {"all alterations together": 0.0}
    for unit in units:
        name = unit.label if unit.kind == COVARIATE else "all alterations together"
        sums[name] = sums.get(name, 0.0) + unit.value
    return dict(sorted(sums.items(), key=lambda item: -abs(item[1])))


def say_orders(said: MethodTold) -> str:
    """Say that fewer orders were drawn because a tumor has very many alterations; else empty."""
    if said.method != SHAPLEY or len(said.units) <= MANY_UNITS:
        return ""
    return (
        f"With {len(said.units)} alterations, {FEW_PERMUTATIONS} random orders were drawn instead "
        "of 26: the intervals are wider."
    )


def say_surrogate(asked: Asked, said: MethodTold, place: tuple[float, float], width: float) -> str:
    """Say where the smooth stand-in for placing a tumor puts it elsewhere; empty where it does not.

    Args:
        asked: What is explained.
        said: What a method says of it; its value is the coordinate by the stand-in.
        place: Where the tumor lies on the map.
        width: Width of the map, in its units.
    """
    if asked.task != MAP or asked.name not in (ACROSS, UPWARD):
        return ""
    gap = abs(said.value - place[0 if asked.name == ACROSS else 1])
    said_gap = f"The smooth stand-in that is explained lies {gap:.2f} map units from the point"
    if gap <= LARGEST_GAP * width:
        return f"{said_gap}."
    return (
        f"{said_gap}, {gap / width:.0%} of the map's width: its neighbors lie in several places, "
        "so this says little about the point. Read what makes it like its nearest tumors instead."
    )


def name_set(name: str, seen: Mapping[str, tuple[int, int]]) -> str:
    """Name a set of genes, with how many of its genes were looked at, for a bar.

    Args:
        name: As in `MethodTold.rolled`.
        seen: By set, its genes that were looked at and all of them; others are named as they are.
    """
    plain = name.removeprefix("HALLMARK_").replace("_", " ")
    if name not in seen:
        return plain
    some, every = seen[name]
    return f"{clip(plain, LONGEST_SET)} ({some} of {every})"


def say_unseen(seen: Mapping[str, tuple[int, int]]) -> str:
    """Say of which sets nothing is known, since none of their genes was looked at."""
    unseen = [name_set(name, {}) for name, (some, _) in seen.items() if not some]
    if not unseen:
        return "In brackets: genes of the set that were looked at in this tumor."
    return (
        f"Unknown, not zero, since none of their genes was looked at: {', '.join(unseen[:5])}"
        f"{' and others' if len(unseen) > 5 else ''}."
    )
