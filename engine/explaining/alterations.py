"""The units that an explanation speaks of: what a user would name, not what the encoder reads.

Mutations of one kind in one gene are one unit. Amplified genes that lie side by side are one unit,
named by the likeliest driver among them: they were gained in one event. Single-copy gains of an arm
are one unit, and so are its losses. Burden and spectrum, which thousands of passengers make, are
units of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.errors import ExplanationError
from engine.kinds import Kind
from engine.model import TumorEncoder
from engine.tokens import COPY_NUMBER, MUTATIONS, TumorTokens
from engine.vocabulary import KIND_NAMES, Vocabulary

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

GAIN, LOSS, COVARIATE = "gain", "loss", "covariate"
BURDEN, SPECTRUM = "mutation burden", "substitution spectrum"
DEEP = {2: str(Kind.AMPLIFICATION), -2: str(Kind.DEEP_DELETION)}
SHALLOW = {1: GAIN, -1: LOSS}
WHOLE_ARM = 0.8
"""Share of an arm's profiled genes from which on the arm as a whole counts as gained or lost."""

DRIVER_ROLE = {2: "OG", -2: "TSG"}


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One alteration as a user would name it.

    Args:
        key: Stable name within a tumor, for example `STK11|truncating`.
        label: What is shown, for example "STK11 truncating".
        gene: Its gene; of several side by side the likeliest driver; None for arms and covariates.
        kind: A name of `engine.kinds.Kind`, or `gain`, `loss` (single copies) or `covariate`.
        genes: All genes concerned, in genome order.
        tokens: Rows of the tumor's tokens that it consists of.
        levels: Vocabulary rows of the genes whose copy number it carries.
    """

    key: str
    label: str
    gene: str | None
    kind: str
    genes: tuple[str, ...] = ()
    tokens: tuple[int, ...] = ()
    levels: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Background:
    """What stands in for the burden and spectrum of a tumor when they are taken away.

    Args:
        burden_per_mb: Average mutations per megabase of the training tumors (geometric).
        spectrum: Share of each substitution class in the training tumors, (S,).
        coding_mb: Coding length of each gene of the vocabulary in megabases, (G,).
    """

    burden_per_mb: float
    spectrum: NDArray[np.float32]
    coding_mb: NDArray[np.float32]

    @classmethod
    def of(cls, encoder: TumorEncoder) -> Background:
        """Read the averages that are frozen with an encoder."""
        return cls(
            burden_per_mb=float(np.expm1(encoder.covariate_mean[0].item())),
            spectrum=encoder.spectrum_prior.cpu().numpy(),
            coding_mb=encoder.coding_mb.cpu().numpy(),
        )


@dataclass(frozen=True, kw_only=True)
class TumorUnits:
    """One tumor with T tokens, in U units.

    Args:
        tokens: The tumor, alone.
        units: Its units; every token, and every gene with a copy number, belongs to one.
        background: What stands in for burden and spectrum; needed to keep them.
    """

    tokens: TumorTokens
    units: tuple[Unit, ...]
    background: Background | None = None

    def __len__(self) -> int:
        """Return U."""
        return len(self.units)

    @cached_property
    def unit_of_token(self) -> Ints:
        """Unit of each token, (T,)."""
        found = np.full(len(self.tokens.gene), -1, dtype=np.int64)
        for number, unit in enumerate(self.units):
            found[list(unit.tokens)] = number
        return found

    @cached_property
    def deep_unit(self) -> Ints:
        """Unit that carries two copies gained or lost of each gene, (G,); -1 for none."""
        return self._carriers(tuple(DEEP.values()))

    @cached_property
    def shallow_unit(self) -> Ints:
        """Unit that carries the first copy gained or lost of each gene, (G,); -1 for none."""
        return self._carriers((GAIN, LOSS))

    def _carriers(self, kinds: tuple[str, ...]) -> Ints:
        found = np.full(self.tokens.copy_level.shape[1], -1, dtype=np.int64)
        for number, unit in enumerate(self.units):
            if unit.kind in kinds:
                found[list(unit.levels)] = number
        return found

    def number(self, key: str) -> int:
        """Find a unit by its key; -1 where the tumor has none of that name."""
        return next((i for i, unit in enumerate(self.units) if unit.key == key), -1)


def dissect(tokens: TumorTokens, vocabulary: Vocabulary, background: Background) -> TumorUnits:
    """Split one tumor into units.

    Args:
        tokens: One tumor.
        vocabulary: The encoder's vocabulary.
        background: What stands in for burden and spectrum.

    Returns:
        The tumor with its units.

    Raises:
        ExplanationError: If there is not exactly one tumor.
    """
    return TumorUnits(tokens=tokens, units=units_of(tokens, vocabulary), background=background)


def units_of(tokens: TumorTokens, vocabulary: Vocabulary) -> tuple[Unit, ...]:
    """Name the alterations of one tumor as a user would.

    Args:
        tokens: One tumor with T tokens.
        vocabulary: The encoder's vocabulary.

    Returns:
        Mutations and fusions by gene and kind, runs of amplified or deleted genes, gains and losses
        by arm, then burden and spectrum where mutations were looked for.

    Raises:
        ExplanationError: If there is not exactly one tumor.
    """
    if len(tokens) != 1:
        raise ExplanationError(
            f"{len(tokens)} tumors were found where one was expected. Explain one after another."
        )
    units = [*_gene_units(tokens, vocabulary)]
    for level in DEEP:
        units += _run_units(tokens, vocabulary, level)
    for sign in SHALLOW:
        units += _arm_units(tokens, vocabulary, sign)
    if tokens.panel_masks[tokens.panel[0, MUTATIONS]].any() or tokens.outside_mb[0] > 0:
        units += [
            Unit(key=name, label=name, gene=None, kind=COVARIATE) for name in (BURDEN, SPECTRUM)
        ]
    return tuple(units)


def _gene_units(tokens: TumorTokens, vocabulary: Vocabulary) -> Iterator[Unit]:
    """Group mutations and fusions by gene and kind, in genome order."""
    found: dict[tuple[int, str], list[int]] = {}
    for row, (gene, kind) in enumerate(zip(tokens.gene, tokens.kind, strict=True)):
        name = KIND_NAMES[kind]
        if name not in DEEP.values():
            found.setdefault((int(gene), name), []).append(row)
    for (gene, kind), rows in sorted(found.items()):
        symbol = vocabulary.genes[gene]
        yield Unit(
            key=f"{symbol}|{kind}",
            label=f"{symbol} {kind}",
            gene=symbol,
            kind=kind,
            genes=(symbol,),
            tokens=tuple(rows),
        )


def _run_units(tokens: TumorTokens, vocabulary: Vocabulary, level: int) -> Iterator[Unit]:
    """Group amplified (or deleted) genes that lie side by side on an arm."""
    kind = DEEP[level]
    rows_of: dict[int, list[int]] = {}
    for row in np.flatnonzero(tokens.kind == KIND_NAMES.index(kind)):
        rows_of.setdefault(int(tokens.gene[row]), []).append(int(row))
    altered = set(rows_of) | set(np.flatnonzero(tokens.copy_level[0] == level).tolist())
    profiled = set(np.flatnonzero(tokens.panel_masks[tokens.panel[0, COPY_NUMBER]]).tolist())
    for run in _runs(sorted(altered), profiled, vocabulary):
        symbol, label, key = _name_run(run, profiled, vocabulary, level)
        yield Unit(
            key=f"{key}|{kind}",
            label=label,
            gene=symbol,
            kind=kind,
            genes=tuple(vocabulary.genes[gene] for gene in run),
            tokens=tuple(sorted(row for gene in run for row in rows_of.get(gene, []))),
            levels=tuple(gene for gene in run if tokens.copy_level[0, gene] == level),
        )


def _name_run(
    run: tuple[int, ...], profiled: set[int], vocabulary: Vocabulary, level: int
) -> tuple[str | None, str, str]:
    """Name a run by its likeliest driver, or by its arm: gene, label and the start of its key."""
    kind, arm = DEEP[level], vocabulary.arms[run[0]]
    on_arm = sum(vocabulary.arms[gene] == arm for gene in profiled)
    if len(run) > 1 and len(run) >= WHOLE_ARM * on_arm:
        return None, f"{kind} of {arm}", arm
    symbol = vocabulary.genes[
        max(run, key=lambda gene: (_driver_rank(gene, vocabulary, level), -gene))
    ]
    more = f" (with {len(run) - 1} more of {arm})" if len(run) > 1 else ""
    return symbol, f"{symbol} {kind}{more}", symbol


def _runs(
    altered: list[int], profiled: set[int], vocabulary: Vocabulary
) -> Iterator[tuple[int, ...]]:
    """Split genes where the arm ends or a profiled gene between them is not altered."""
    run: list[int] = []
    for gene in altered:
        between = run and any(other in profiled for other in range(run[-1] + 1, gene))
        if run and (between or vocabulary.arms[gene] != vocabulary.arms[run[-1]]):
            yield tuple(run)
            run = []
        run.append(gene)
    if run:
        yield tuple(run)


def _driver_rank(gene: int, vocabulary: Vocabulary, level: int) -> tuple[bool, bool, int]:
    """Rank a gene by its role in the oncogenic pathways, then by the number of its hotspots."""
    sets = vocabulary.sets[gene]
    return DRIVER_ROLE[level] in sets, bool(sets), len(vocabulary.hotspots[gene])


def _arm_units(tokens: TumorTokens, vocabulary: Vocabulary, sign: int) -> Iterator[Unit]:
    """Group the single-copy gains (or losses) of each arm.

    Amplified genes on a gained arm belong to both units: without the amplification the gain stays.
    """
    levels = tokens.copy_level[0]
    profiled = tokens.panel_masks[tokens.panel[0, COPY_NUMBER]]
    for number, arm in enumerate(vocabulary.arm_names):
        here = vocabulary.arm_of_gene == number
        if not (here & (levels == sign)).any():
            continue
        genes = np.flatnonzero(here & (levels * sign > 0))
        looked_at = int((here & profiled).sum())
        whole = len(genes) >= WHOLE_ARM * looked_at
        place = f"of {arm}" if whole else f"in {arm} ({len(genes)} of {looked_at} genes)"
        yield Unit(
            key=f"{arm}|{SHALLOW[sign]}",
            label=f"{SHALLOW[sign]} {place}",
            gene=None,
            kind=SHALLOW[sign],
            genes=tuple(vocabulary.genes[gene] for gene in genes),
            levels=tuple(genes.tolist()),
        )
