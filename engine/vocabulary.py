"""The frozen vocabulary of an encoder: its genes, where they lie, how tokens are numbered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.errors import TokenizationError
from engine.kinds import ALTERING_KINDS

if TYPE_CHECKING:
    from engine.genes import GeneTable

CHROMOSOMES = (*(str(number) for number in range(1, 23)), "X", "Y", "MT")
CHROMOSOME_STRIDE = 300_000_000
"""Base pairs set aside for each chromosome on the one axis that rotary positions count along."""

KIND_NAMES = tuple(str(kind) for kind in ALTERING_KINDS)
SUBSTITUTIONS = ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G", "several bases", "insertion", "deletion")
"""Classes of base change, by the pyrimidine of the pair. Ids are one higher: 0 is unknown."""

VOCABULARY_PANELS = ("IMPACT", "FoundationOne", "FMI-T7", "DFCI-ONCOPANEL", "Bait_UCSF500")
"""Public panels whose genes enter the vocabulary, by prefix."""

CODING_BASES_PER_RESIDUE = 3
LONGEST_PROTEIN = 100_000
"""Residues; titin has 35,991."""
NESTED = ("hotspots", "sets")
"""Fields of a vocabulary that hold a tuple per gene."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Genes of the encoder with the facts that tokens need, frozen with the weights.

    Gene `i` has id `i`. All lists are parallel to `genes`.
    """

    genes: tuple[str, ...]
    chromosomes: tuple[str, ...]
    start_37: tuple[int, ...]
    start_38: tuple[int, ...]
    arms: tuple[str, ...]
    residues: tuple[int, ...]  # protein length, amino acids; 0 unknown
    hotspots: tuple[tuple[int, ...], ...]  # residues mutated more often than by chance
    sets: tuple[tuple[str, ...], ...]  # oncogenic pathways and roles in them

    @cached_property
    def index(self) -> dict[str, int]:
        """Gene symbol to id."""
        return {symbol: i for i, symbol in enumerate(self.genes)}

    @cached_property
    def arm_names(self) -> tuple[str, ...]:
        """Chromosome arms that hold a gene of the vocabulary, in genome order."""
        order = {name: i for i, name in enumerate(CHROMOSOMES)}
        present = {arm for arm in self.arms if arm}
        return tuple(sorted(present, key=lambda arm: (order[arm[:-1]], arm[-1])))

    @cached_property
    def arm_of_gene(self) -> npt.NDArray[np.int64]:
        """Arm id of each gene, (G,); -1 where the gene lies on none."""
        index = {arm: i for i, arm in enumerate(self.arm_names)}
        return np.array([index.get(arm, -1) for arm in self.arms])

    @cached_property
    def coding_mb(self) -> npt.NDArray[np.float32]:
        """Coding length of each gene in megabases, (G,)."""
        bases = np.array(self.residues, dtype=np.float32) * CODING_BASES_PER_RESIDUE
        return bases / np.float32(1e6)

    @cached_property
    def arm_membership(self) -> npt.NDArray[np.float32]:
        """Whether a gene lies on an arm, (G, A)."""
        arms = np.arange(len(self.arm_names))
        return np.equal(self.arm_of_gene[:, None], arms).astype(np.float32)

    @cached_property
    def set_membership(self) -> npt.NDArray[np.float32]:
        """Whether a gene is in a set, (G, S); sets in alphabetical order."""
        names = sorted({name for members in self.sets for name in members})
        return np.array([[n in of_gene for n in names] for of_gene in self.sets], dtype=np.float32)

    @cached_property
    def hotspot_keys(self) -> npt.NDArray[np.int64]:
        """Return gene id times `LONGEST_PROTEIN` plus residue of each hotspot, sorted."""
        pairs = [(i, residue) for i, known in enumerate(self.hotspots) for residue in known]
        return np.array([i * LONGEST_PROTEIN + residue for i, residue in pairs], dtype=np.int64)

    def linear_start(self, genome: str) -> npt.NDArray[np.int64]:
        """Return the start of each gene in `genome` on the axis of GRCh37, (G,), base pairs."""
        offsets = {name: i * CHROMOSOME_STRIDE for i, name in enumerate(CHROMOSOMES)}
        axis = np.array([offsets[name] for name in self.chromosomes], dtype=np.int64)
        starts = np.array(self.start_37 if genome == "GRCh37" else self.start_38, dtype=np.int64)
        return np.add(axis, starts)

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON."""
        path.write_text(json.dumps(asdict(self), separators=(",", ":")) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a vocabulary that `save` wrote."""
        return cls.from_json(path.read_text(encoding="utf-8"))

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """Read a vocabulary from its JSON text."""
        fields: dict[str, Any] = json.loads(text)
        for name in NESTED:
            fields[name] = (tuple(values) for values in fields[name])
        return cls(**{name: tuple(values) for name, values in fields.items()})


def build_vocabulary(genes: GeneTable, extra: Iterable[str] = ()) -> Vocabulary:
    """Choose the genes that an encoder names.

    Args:
        genes: The gene table.
        extra: Symbols to add to those of the public clinical panels, for example the genes of
            the targeted panels of the training studies.

    Returns:
        The vocabulary, ordered by position in the genome.

    Raises:
        TokenizationError: If no gene is left.
    """
    chosen = set(extra)
    for name, members in genes.panels().items():
        if name.startswith(VOCABULARY_PANELS):
            chosen |= members
    frame = genes.frame
    frame = frame.loc[frame.index.isin(chosen) & frame["start_37"].notna()]
    frame = frame.loc[frame["chromosome"].isin(CHROMOSOMES)]
    if frame.empty:
        raise TokenizationError(
            "No gene is left for the vocabulary. Rebuild the gene table with "
            "`python -m engine.build_genes DATA`."
        )
    rank = frame["chromosome"].map({name: i for i, name in enumerate(CHROMOSOMES)})
    frame = frame.assign(rank=rank, name=frame.index).sort_values(["rank", "start_37", "name"])
    hotspots, sets = genes.hotspots(), _sets_by_gene(genes)
    start_38 = frame["start_38"].fillna(frame["start_37"])
    return Vocabulary(
        genes=tuple(frame.index),
        chromosomes=tuple(frame["chromosome"]),
        start_37=tuple(int(x) for x in frame["start_37"]),
        start_38=tuple(int(x) for x in start_38),
        arms=tuple(frame["arm"].fillna("").astype(str)),
        residues=tuple(int(x) for x in frame["protein_length"].fillna(0)),
        hotspots=tuple(hotspots.get(symbol, ()) for symbol in frame.index),
        sets=tuple(sets.get(symbol, ()) for symbol in frame.index),
    )


def _sets_by_gene(genes: GeneTable) -> dict[str, tuple[str, ...]]:
    """Name the pathways of each gene and its roles in them."""
    named: dict[str, set[str]] = {}
    for (pathway, symbol), role in genes.pathway_roles().items():
        named.setdefault(symbol, set()).update({pathway, role} if role else {pathway})
    return {symbol: tuple(sorted(names)) for symbol, names in named.items()}
