"""Draw what the mutations of synthetic tumors look like: class, position, alleles, fraction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtr

from engine import synthetic_statistics as names
from engine.genes import GeneTable
from engine.synthetic_statistics import Group, Hotspot, Statistics

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
MIRROR = str.maketrans("ACGT", "TGCA")
UNKNOWN_LENGTH = 400
"""Amino acids of a protein whose length the gene table does not know."""
VAF_SHARED = 0.6
"""Correlation of two allele fractions of one tumor, through its purity."""
SILENT = "Silent"
PROTEIN_CHANGE = {
    "Missense_Mutation": "p.{a}{n}{b}",
    "Nonsense_Mutation": "p.{a}{n}*",
    "Nonstop_Mutation": "p.*{n}{b}ext*?",
    "Translation_Start_Site": "p.M1?",
    "Splice_Site": "p.X{n}_splice",
    "Frame_Shift_Del": "p.{a}{n}fs",
    "Frame_Shift_Ins": "p.{a}{n}fs",
    "In_Frame_Del": "p.{a}{n}del",
    "In_Frame_Ins": "p.{a}{n}dup",
    SILENT: "p.{a}{n}{a}",
}
NO_SPOT = -1


@dataclass(frozen=True)
class Calls:
    """Mutations of several tumors; all fields run in parallel, (M,)."""

    groups: np.ndarray  # position in `Statistics.groups`
    tumors: np.ndarray  # position in the cohort
    symbols: np.ndarray  # approved symbols, object
    classes: np.ndarray  # Variant_Classification, object; "" where still to be drawn
    spots: np.ndarray  # position in `Describer.spots`, or NO_SPOT

    @classmethod
    def join(cls, parts: Iterable[Calls]) -> Calls:
        """Put several after each other."""
        rows = ((p.groups, p.tumors, p.symbols, p.classes, p.spots) for p in parts)
        return cls(*(np.concatenate(column) for column in zip(*rows, strict=True)))

    def take(self, rows: np.ndarray) -> Calls:
        """Keep some, by positions or by a mask."""
        columns = (self.groups, self.tumors, self.symbols, self.classes, self.spots)
        return Calls(*(column[rows] for column in columns))


@dataclass(frozen=True)
class Variants:
    """Details of `Calls`, in their order, (M,); see `engine.cohort.ALTERATIONS`."""

    classes: np.ndarray
    chromosomes: np.ndarray
    positions: np.ndarray
    references: np.ndarray
    alternatives: np.ndarray
    indel_lengths: np.ndarray
    fractions: np.ndarray
    protein_changes: np.ndarray
    protein_positions: np.ndarray


def choose(shares: dict[str, float], size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw keys by their shares, (size,), object."""
    bounds = np.cumsum(list(shares.values()))
    chosen = np.searchsorted(bounds / bounds[-1], rng.random(size), side="right")
    keys: np.ndarray = np.array([*shares], dtype=object)[chosen.clip(max=len(shares) - 1)]
    return keys


@dataclass(frozen=True)
class Describer:
    """Draws details by the statistics; the same state of `rng` gives the same details."""

    statistics: Statistics
    genes: GeneTable
    rng: np.random.Generator

    @cached_property
    def groups(self) -> list[Group]:
        """Groups of tumors, numbered as in `Calls`."""
        return list(self.statistics.groups)

    @cached_property
    def spots(self) -> tuple[Hotspot, ...]:
        """Recurrent mutations, numbered as in `Calls`."""
        return tuple(Hotspot.decode(detail) for detail in self._spot_numbers)

    @cached_property
    def _spot_numbers(self) -> dict[str, int]:
        rows = self.statistics.rows(names.HOTSPOT) + self.statistics.rows(names.PROMOTER)
        return {detail: i for i, detail in enumerate(sorted({r.detail or "" for r in rows}))}

    def promoters(self, groups: np.ndarray, tumors: np.ndarray) -> Calls:
        """Draw the promoter mutations of tumors; both (N,), as in `Calls`."""
        parts = [Calls(*(np.empty(0, dtype=d) for d in (int, int, object, object, int)))]
        for index in np.unique(groups):
            members = tumors[groups == index]
            for symbol, shares in self._shares(names.PROMOTER, self.groups[index]).items():
                chosen = self._choose_spots(shares, len(members))
                hit = chosen != NO_SPOT
                classes = [self.spots[spot].classification for spot in chosen[hit]]
                parts.append(
                    Calls(
                        np.full(hit.sum(), index),
                        members[hit],
                        np.full(hit.sum(), symbol, dtype=object),
                        np.array(classes, dtype=object),
                        chosen[hit],
                    )
                )
        return Calls.join(parts)

    def describe(self, calls: Calls) -> Variants:
        """Draw what is still open of every call, and its details."""
        spots, classes = self._classify(calls)
        chromosomes, positions, protein_positions = self._place(calls.symbols)
        protein_positions[classes == "Translation_Start_Site"] = 1
        lengths = self._draw_lengths(classes)
        references, alternatives = self._draw_alleles(calls.groups, lengths)
        changes = self._name_changes(classes, protein_positions)
        for i in np.flatnonzero(spots != NO_SPOT):
            spot = self.spots[spots[i]]
            chromosomes[i], positions[i] = spot.chromosome, spot.position
            references[i], alternatives[i] = spot.reference_allele, spot.tumor_allele
            lengths[i] = spot.indel_length
            changes[i], protein_positions[i] = spot.protein_change or None, spot.protein_position
        fractions = self._draw_fractions(calls)
        return Variants(
            classes, chromosomes, positions, references, alternatives, lengths,
            fractions, changes, protein_positions,
        )  # fmt: skip

    def _shares(self, statistic: str, group: Group) -> dict[str, dict[int, float]]:
        """Shares of recurrent mutations in a group: gene, then number of the spot."""
        shares: dict[str, dict[int, float]] = {}
        for row in self.statistics.fitting(statistic, group):
            shares.setdefault(row.hugo_symbol or "", {})[self._spot_numbers[row.detail or ""]] = (
                row.value
            )
        return shares

    def _choose_spots(self, shares: dict[int, float], size: int) -> np.ndarray:
        """Draw spots by their shares, NO_SPOT for what remains of 1, (size,)."""
        bounds = np.cumsum(list(shares.values()))
        chosen = np.searchsorted(bounds / max(bounds[-1], 1.0), self.rng.random(size), side="right")
        return np.array([*shares, NO_SPOT])[chosen]

    def _classify(self, calls: Calls) -> tuple[np.ndarray, np.ndarray]:
        """Give open calls a hotspot or, by what hotspots leave of each class, a classification."""
        spots, classes = calls.spots.copy(), calls.classes.copy()
        types = np.array([group.cancer_type for group in self.groups], dtype=object)[calls.groups]
        left = np.flatnonzero(classes == "")
        keys = np.array([f"{t}|{s}" for t, s in zip(types[left], calls.symbols[left], strict=True)])
        order = np.argsort(keys, kind="stable")
        _, starts = np.unique(keys[order], return_index=True)
        of_type = {t: self._shares(names.HOTSPOT, Group(t, "")) for t in set(types)}
        for rows in np.split(left[order], starts[1:]):
            if len(rows) == 0:
                continue
            symbol = calls.symbols[rows[0]]
            shares = of_type[types[rows[0]]].get(symbol)
            if shares is None and symbol not in self._class_shares:
                continue
            spots[rows] = self._choose_spots(shares, len(rows)) if shares else NO_SPOT
            classes[rows] = choose(self._remaining(symbol, shares or {}), len(rows), self.rng)
        plain = np.flatnonzero(classes == "")
        classes[plain] = choose(self._class_shares[None], len(plain), self.rng)
        found = np.flatnonzero(spots != NO_SPOT)
        classes[found] = [self.spots[spot].classification for spot in spots[found]]
        return spots, classes

    @cached_property
    def _class_shares(self) -> dict[str | None, dict[str, float]]:
        """Shares of Variant_Classification by gene; None: over all genes."""
        shares: dict[str | None, dict[str, float]] = {}
        for row in self.statistics.rows(names.CLASSIFICATION):
            shares.setdefault(row.hugo_symbol, {})[row.detail or ""] = row.value
        return shares

    def _remaining(self, symbol: str, spots: dict[int, float]) -> dict[str, float]:
        """Shares of the classes of one gene once its hotspots are taken out."""
        shares = dict(self._class_shares.get(symbol, self._class_shares[None]))
        for spot, share in spots.items():
            classification = self.spots[spot].classification
            if classification in shares:
                shares[classification] = max(shares[classification] - share, 0.0)
        return shares if sum(shares.values()) > 0 else self._class_shares[None]

    def _place(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw a position in each gene's span and the residue it would fall on."""
        spans = self.genes.frame.loc[symbols]
        start, end = spans["start_37"].to_numpy(), spans["end_37"].to_numpy()
        positions = self.rng.integers(start.astype(np.int64), end.astype(np.int64) + 1)
        along = (positions - start) / (end - start + 1)
        along = np.where(spans["strand"] == -1, 1 - along - 1 / (end - start + 1), along)
        lengths = spans["protein_length"].fillna(UNKNOWN_LENGTH).to_numpy()
        residues = 1 + np.floor(along * lengths).astype(np.int64)
        return spans["chromosome"].to_numpy(dtype=object), positions, residues

    def _draw_lengths(self, classes: np.ndarray) -> np.ndarray:
        """Draw inserted minus deleted bases, (M,); 0 for substitutions."""
        shares = self.statistics.details(names.INDEL_LENGTH, Group("", ""))
        lengths = np.zeros(len(classes), dtype=np.int64)
        for classification in (
            "Frame_Shift_Del",
            "Frame_Shift_Ins",
            "In_Frame_Del",
            "In_Frame_Ins",
        ):
            rows = np.flatnonzero(classes == classification)
            words = classification[:-4].replace("_", " ").lower()
            fitting = {key: share for key, share in shares.items() if key.startswith(words)}
            drawn = choose(fitting, len(rows), self.rng)
            sign = -1 if classification.endswith("Del") else 1
            lengths[rows] = [sign * int(key.split()[-1]) for key in drawn]
        return lengths

    def _draw_alleles(
        self, groups: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw reference and tumor alleles, "-" for none of them."""
        references = np.full(len(lengths), "-", dtype=object)
        alternatives = references.copy()
        flipped = self.rng.random(len(lengths)) < 0.5
        for index in np.unique(groups):
            rows = np.flatnonzero((groups == index) & (lengths == 0))
            shares = self.statistics.details(names.SUBSTITUTION, self.groups[index])
            for i, change in zip(rows, choose(shares, len(rows), self.rng), strict=True):
                change = change.translate(MIRROR) if flipped[i] else change
                references[i], alternatives[i] = change[0], change[2]
        for i in np.flatnonzero(lengths):
            bases = "".join("ACGT"[b] for b in self.rng.integers(0, 4, abs(lengths[i])))
            (references if lengths[i] < 0 else alternatives)[i] = bases
        return references, alternatives

    def _name_changes(self, classes: np.ndarray, residues: np.ndarray) -> np.ndarray:
        """Write protein changes; the amino acids are invented."""
        first = self.rng.integers(0, len(AMINO_ACIDS), len(classes))
        second = (first + self.rng.integers(1, len(AMINO_ACIDS), len(classes))) % len(AMINO_ACIDS)
        changes = [
            PROTEIN_CHANGE[c].format(a=AMINO_ACIDS[a], n=n, b=AMINO_ACIDS[b])
            if c in PROTEIN_CHANGE
            else None
            for c, a, n, b in zip(classes, first, residues, second, strict=True)
        ]
        return np.array(changes, dtype=object)

    def _draw_fractions(self, calls: Calls) -> np.ndarray:
        """Draw allele fractions, (M,), float32; those of one tumor rise and fall together."""
        purity = self.rng.standard_normal(calls.tumors.max(initial=0) + 1)[calls.tumors]
        own = self.rng.standard_normal(len(calls.tumors))
        levels = ndtr(VAF_SHARED**0.5 * purity + (1 - VAF_SHARED) ** 0.5 * own)
        fractions = np.zeros(len(levels), dtype=np.float32)
        for index in np.unique(calls.groups):
            rows = calls.groups == index
            quantiles = self.statistics.quantiles(names.VAF_QUANTILE, self.groups[index])
            fractions[rows] = np.interp(levels[rows], *quantiles)
        return fractions
