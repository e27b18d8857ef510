"""From the tables of a study to the numbers that the encoder reads, one entry per tumor.

A token is an alteration of a vocabulary gene. Everything else that was measured is kept as counts:
mutations outside the vocabulary by substitution class, and the copy number of each gene.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engine.copy_number import copy_levels
from engine.kinds import MUTATION_KINDS, PASSENGER_KINDS, Kind
from engine.substitutions import encode, substitution_classes
from engine.vocabulary import KIND_NAMES, LONGEST_PROTEIN, SUBSTITUTIONS, Vocabulary

Array = npt.NDArray[Any]

MUTATIONS, COPY_NUMBER, FUSIONS = range(3)
"""Columns of `TumorTokens.panel`."""


class StudyTables(Protocol):
    """What tokenizing needs of a study; `engine.cohort.Cohort` has more."""

    @property
    def genome(self) -> str:
        """GRCh37 or GRCh38."""

    @property
    def samples(self) -> pa.Table:
        """Table of schema SAMPLES."""

    @property
    def alterations(self) -> pa.Table:
        """Table of schema ALTERATIONS."""

    @property
    def panels(self) -> pa.Table:
        """Table of schema PANELS."""


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables of one study, as a store or a reader hands them over."""

    genome: str
    samples: pa.Table
    alterations: pa.Table
    panels: pa.Table


@dataclass(frozen=True, kw_only=True)
class TumorTokens:
    """N tumors with M tokens in all, packed; tokens of a tumor stand in canonical order."""

    sample_ids: tuple[str, ...]  # N
    cu_tokens: Array  # (N + 1,) int64, token boundaries, starts at 0
    gene: Array  # (M,) int32
    kind: Array  # (M,) int8, index in KIND_NAMES
    position: Array  # (M,) int64, base pairs along the genome
    substitution: Array  # (M,) int8, 0 unknown
    residue: Array  # (M,) float32, place in the protein 0..1, -1 unknown
    vaf: Array  # (M,) float32, -1 unknown
    indel: Array  # (M,) float32, signed log1p of bases, 0 for a substitution, nan unknown
    hotspot: Array  # (M,) float32, 1 where the residue is a known hotspot of its gene
    outside_burden: Array  # (N,) float32, altering mutations outside the vocabulary
    outside_mb: Array  # (N,) float32, coding megabases profiled outside the vocabulary
    outside_spectrum: Array  # (N, S) float32, mutations that are no token, by substitution class
    copy_level: Array  # (N, G) int8, -2..2; 0 where not known
    graded: Array  # (N,) bool, whether single-copy gains and losses were reported
    panel: Array  # (N, 3) int32, row in panel_masks: mutations, copy number, fusions
    panel_masks: Array  # (P, G) bool, row 0 profiles nothing
    input_digests: tuple[str, ...]  # N sha256 in hex, equal for tumors with equal input

    def __len__(self) -> int:
        """Return N."""
        return len(self.sample_ids)

    @property
    def lengths(self) -> Array:
        """Number of tokens of each tumor, (N,)."""
        return np.diff(self.cu_tokens)

    @property
    def num_genes(self) -> Array:
        """Genes of the vocabulary that were looked at for mutations in each tumor, (N,)."""
        counts: Array = self.panel_masks.sum(axis=1)[self.panel[:, MUTATIONS]]
        return counts

    def take(self, rows: Array) -> TumorTokens:
        """Select tumors.

        Args:
            rows: Tumor numbers in the wanted order, (n,), int64.

        Returns:
            The chosen tumors, packed anew.
        """
        rows = np.asarray(rows, dtype=np.int64)
        tokens = ranges(self.cu_tokens[rows], self.lengths[rows])
        per_token = {name: getattr(self, name)[tokens] for name in TOKEN_FIELDS}
        per_tumor = {name: getattr(self, name)[rows] for name in TUMOR_FIELDS}
        return TumorTokens(
            sample_ids=tuple(self.sample_ids[i] for i in rows),
            input_digests=tuple(self.input_digests[i] for i in rows),
            cu_tokens=boundaries(self.lengths[rows]),
            panel_masks=self.panel_masks,
            **per_token,
            **per_tumor,
        )


TOKEN_FIELDS = ("gene", "kind", "position", "substitution", "residue", "vaf", "indel", "hotspot")
TUMOR_FIELDS = (
    "outside_burden",
    "outside_mb",
    "outside_spectrum",
    "copy_level",
    "graded",
    "panel",
)


def boundaries(lengths: Array) -> Array:
    """Turn lengths (N,) into boundaries (N + 1,), int64, starting at 0."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def ranges(starts: Array, lengths: Array) -> Array:
    """Concatenate `arange(start, start + length)` of every pair, int64."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total, dtype=np.int64)


def concatenate(parts: list[TumorTokens]) -> TumorTokens:
    """Join the tumors of several studies, in order.

    Args:
        parts: Tokens made with one vocabulary; at least one.

    Returns:
        All tumors; panel rows are renumbered.
    """
    shifts = np.cumsum([0] + [len(part.panel_masks) for part in parts[:-1]])
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(TumorTokens)
        if field.name not in ("sample_ids", "input_digests", "cu_tokens", "panel")
    }
    panel = np.concatenate([part.panel + shift for part, shift in zip(parts, shifts, strict=True)])
    return TumorTokens(
        sample_ids=tuple(s for part in parts for s in part.sample_ids),
        input_digests=tuple(d for part in parts for d in part.input_digests),
        cu_tokens=boundaries(np.concatenate([part.lengths for part in parts])),
        panel=panel.astype(np.int32),
        **joined,
    )


def tokenize(study: StudyTables, vocabulary: Vocabulary) -> TumorTokens:
    """Turn a study into tokens.

    Args:
        study: Tables of one study; alterations may come in any order.
        vocabulary: The encoder's vocabulary.

    Returns:
        One entry per row of `study.samples`, in that order. A tumor without any alteration has
        zero tokens; its panel and counts still describe it.
    """
    sample_ids = tuple(study.samples["sample_id"].to_pylist())
    panel, panel_masks, outside_mb = _panels(study, vocabulary)
    rows = _alteration_arrays(study, vocabulary, sample_ids)
    token_fields, cu_tokens = _token_arrays(rows, vocabulary, study.genome, len(sample_ids))
    burden, spectrum = _outside_counts(rows, len(sample_ids))
    copy_level, graded = copy_levels(study.samples, rows, panel_masks[panel[:, COPY_NUMBER]])
    arrays = dict(
        cu_tokens=cu_tokens,
        outside_burden=burden,
        outside_mb=outside_mb,
        outside_spectrum=spectrum,
        copy_level=copy_level,
        graded=graded,
        panel=panel,
        panel_masks=panel_masks,
        **token_fields,
    )
    return TumorTokens(sample_ids=sample_ids, input_digests=_digests(arrays), **arrays)


def _panels(study: StudyTables, vocabulary: Vocabulary) -> tuple[Array, Array, Array]:
    """Return panel rows (N, 3), masks (P, G) and profiled megabases outside the vocabulary (N,)."""
    frame = study.panels.to_pandas()
    index = vocabulary.index
    masks = [np.zeros(len(vocabulary.genes), dtype=bool)]
    outside = [0.0]
    row_of: dict[str | None, int] = {None: 0}
    for panel_id, members in frame.groupby("panel_id", sort=True)["hugo_symbol"]:
        mask = np.zeros(len(vocabulary.genes), dtype=bool)
        known = [index[symbol] for symbol in members if symbol in index]
        mask[known] = True
        row_of[str(panel_id)] = len(masks)
        masks.append(mask)
        outside.append((len(members) - len(known)) * MEAN_GENE_MB)
    names = ("mutation_panel", "cna_panel", "fusion_panel")
    columns = [[row_of[p] for p in study.samples[name].to_pylist()] for name in names]
    panel = np.array(columns, dtype=np.int32).T.reshape(-1, 3)
    return panel, np.array(masks), np.array(outside, dtype=np.float32)[panel[:, MUTATIONS]]


MEAN_GENE_MB = 0.0017
"""Mean coding length of a human protein-coding gene, megabases (about 560 residues)."""


def _lookup(column: pa.ChunkedArray, index: dict[Any, int]) -> Array:
    """Map a text column to numbers, -1 where the index has none."""
    codes, values = encode(column)
    table = np.array([index.get(value, -1) for value in values] + [-1], dtype=np.int64)
    return table[codes]


def _alteration_arrays(
    study: StudyTables, vocabulary: Vocabulary, sample_ids: tuple[str, ...]
) -> dict[str, Array]:
    """Return the alterations as parallel arrays, in the order of the table."""
    table = study.alterations
    numbers = {
        name: pc.cast(table[name], pa.float64()).to_numpy()
        for name in ("start_position", "vaf", "indel_length", "protein_position")
    }
    return {
        "tumor": _lookup(table["sample_id"], {s: i for i, s in enumerate(sample_ids)}),
        "gene": _lookup(table["hugo_symbol"], vocabulary.index),
        "kind": _lookup(table["kind"], KIND_ID),
        "substitution": substitution_classes(table["reference_allele"], table["tumor_allele"]),
        **numbers,
    }


def _token_arrays(
    rows: dict[str, Array], vocabulary: Vocabulary, genome: str, num_tumors: int
) -> tuple[dict[str, Array], Array]:
    """Keep altering rows of vocabulary genes and put them in canonical order."""
    keep = np.flatnonzero(IS_ALTERING[rows["kind"]] & (rows["gene"] >= 0) & (rows["tumor"] >= 0))
    kept = {name: values[keep] for name, values in rows.items()}
    gene = kept["gene"]
    fields_: dict[str, Array] = {
        "gene": gene.astype(np.int32),
        "kind": TOKEN_KIND[kept["kind"]],
        "position": _linear_positions(gene, kept["start_position"], vocabulary, genome),
        "substitution": kept["substitution"],
        "residue": _residues(gene, kept["protein_position"], vocabulary),
        "vaf": np.nan_to_num(kept["vaf"], nan=-1.0).astype(np.float32),
        "indel": _indels(kept["indel_length"]),
        "hotspot": _hotspots(gene, kept["protein_position"], vocabulary),
    }
    keys = [kept["tumor"], *(fields_[name] for name in TOKEN_FIELDS)]
    order = np.lexsort(keys[::-1])
    counts = np.bincount(kept["tumor"], minlength=num_tumors)
    return {name: values[order] for name, values in fields_.items()}, boundaries(counts)


def _linear_positions(gene: Array, start: Array, vocabulary: Vocabulary, genome: str) -> Array:
    """Place alterations on the GRCh37 axis.

    A call of GRCh38 keeps its distance from the start of its gene. A call without a position, or
    one far outside its gene (another transcript, another build), stands at the gene's start.
    """
    anchor = vocabulary.linear_start("GRCh37")[gene]
    starts = np.array(vocabulary.start_37 if genome == "GRCh37" else vocabulary.start_38)[gene]
    offset = np.nan_to_num(start, nan=0.0).astype(np.int64) - starts
    near = np.abs(offset) < FARTHEST_FROM_GENE
    return np.add(anchor, np.where(near, offset, 0))


FARTHEST_FROM_GENE = 5_000_000
"""Base pairs; the longest human gene spans 2.5 million."""


def _residues(gene: Array, protein_position: Array, vocabulary: Vocabulary) -> Array:
    length = np.array(vocabulary.residues, dtype=np.float32)[gene]
    share = protein_position.astype(np.float32) / np.maximum(length, 1)
    known = np.isfinite(share) & (length > 0)
    return np.where(known, np.minimum(share, 1), -1).astype(np.float32)


def _hotspots(gene: Array, protein_position: Array, vocabulary: Vocabulary) -> Array:
    """Tell which residues are known hotspots; an unknown residue is none."""
    residue = np.nan_to_num(protein_position, nan=0.0).astype(np.int64)
    return np.isin(gene * LONGEST_PROTEIN + residue, vocabulary.hotspot_keys).astype(np.float32)


def _indels(length: Array) -> Array:
    """Symmetric logarithm of the number of inserted minus deleted bases; unknown counts as 0."""
    known = np.nan_to_num(length, nan=0.0).astype(np.float32)
    return np.sign(known) * np.log1p(np.abs(known))


def _outside_counts(rows: dict[str, Array], num_tumors: int) -> tuple[Array, Array]:
    """Count the mutations that are no token: altering ones, and all of them by substitution."""
    kind, tumor = rows["kind"], rows["tumor"]
    is_token = IS_ALTERING[kind] & (rows["gene"] >= 0)
    counted = IS_MUTATION[kind] & ~is_token & (tumor >= 0)
    altering = counted & IS_ALTERING[kind]
    burden = np.bincount(tumor[altering], minlength=num_tumors).astype(np.float32)
    width = len(SUBSTITUTIONS)
    known = counted & (rows["substitution"] > 0)
    cells = tumor[known] * width + rows["substitution"][known] - 1
    spectrum = np.bincount(cells, minlength=num_tumors * width).astype(np.float32)
    return burden, spectrum.reshape(num_tumors, width)


KIND_ID = {str(kind): i for i, kind in enumerate(Kind)}
IS_ALTERING = np.array([str(kind) in KIND_NAMES for kind in Kind] + [False])
IS_MUTATION = np.array([kind in MUTATION_KINDS + PASSENGER_KINDS for kind in Kind] + [False])
TOKEN_KIND = np.array(
    [KIND_NAMES.index(str(kind)) if str(kind) in KIND_NAMES else -1 for kind in Kind] + [-1],
    dtype=np.int8,
)


def _digests(arrays: dict[str, Array]) -> tuple[str, ...]:
    """Hash the whole input of each tumor, so that equal tumors share one digest."""
    masks = [hashlib.sha256(np.packbits(mask).tobytes()).digest() for mask in arrays["panel_masks"]]
    bounds = arrays["cu_tokens"].tolist()
    tokens = [np.ascontiguousarray(arrays[name]) for name in TOKEN_FIELDS]
    tumors = [np.ascontiguousarray(arrays[name]) for name in TUMOR_FIELDS if name != "panel"]
    digests = []
    for i, panel in enumerate(arrays["panel"].tolist()):
        start, end = bounds[i], bounds[i + 1]
        parts = [(end - start).to_bytes(8, "little")]
        parts += [values[start:end].tobytes() for values in tokens]
        parts += [values[i].tobytes() for values in tumors]
        parts += [masks[row] for row in panel]
        digests.append(hashlib.sha256(b"".join(parts)).hexdigest())
    return tuple(digests)
