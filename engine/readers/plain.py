"""Read a plain table of alterations: sample, gene, kind."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.kinds import KIND_OF_CNA, Kind
from engine.readers.consequence import kind_of_classification, kind_of_protein_change
from engine.readers.context import ReadContext
from engine.readers.findings import Rule
from engine.readers.maf import MAF_COLUMNS, check_genome, is_blank, mutation_rows
from engine.readers.rows import KIND_CODE, AlterationRows, encode
from engine.readers.table import Columns, TextTable, read_table

PLAIN_COLUMNS = Columns(
    required={
        "sample": ("sample", "sample_id", "Tumor_Sample_Barcode"),
        "gene": ("gene", "hugo_symbol", "symbol", "gene_symbol"),
        "kind": ("kind", "alteration", "alteration_kind", "alteration_type"),
    },
    optional={
        "entrez": ("entrez", "entrez_gene_id"),
        "build": ("genome", "ncbi_build"),
        "chromosome": ("chromosome", "chrom", "chr"),
        "position": ("position", "start_position", "pos"),
        "reference": ("ref", "reference_allele", "reference"),
        "allele_2": ("alt", "tumor_allele", "alternate"),
        "protein_change": ("protein_change", "hgvsp_short", "amino_acid_change"),
        "vaf": MAF_COLUMNS.optional["vaf"],
        "t_alt_count": MAF_COLUMNS.optional["t_alt_count"],
        "t_ref_count": MAF_COLUMNS.optional["t_ref_count"],
    },
)

WORDS = {
    Kind.MISSENSE: ("missense", "substitution"),
    Kind.TRUNCATING: (
        "truncating", "truncation", "nonsense", "frameshift", "frame shift", "stop gain",
        "stop gained", "stop loss", "start loss", "nonstop", "loss of function",
    ),
    Kind.IN_FRAME: ("in-frame", "inframe", "in-frame indel", "in-frame insertion",
                    "in-frame deletion"),
    Kind.SPLICE: ("splice", "splicing", "splice site"),
    Kind.PROMOTER: ("promoter", "5'flank", "upstream"),
    Kind.UNKNOWN: ("unknown consequence", "unknown", "mutation", "mutated", "mut", "snv", "indel",
                   "variant", "short variant"),
    Kind.SILENT: ("silent", "synonymous"),
    Kind.NONCODING: ("noncoding", "non-coding", "intronic"),
    Kind.AMPLIFICATION: ("amplification", "amp", "amplified"),
    Kind.DEEP_DELETION: ("deep deletion", "homdel", "homozygous deletion", "biallelic deletion",
                         "del", "deletion", "deleted"),
    Kind.GAIN: ("gain", "low-level gain"),
    Kind.SHALLOW_DELETION: ("shallow deletion", "hetloss", "hemizygous deletion",
                            "heterozygous deletion"),
    Kind.FUSION: ("fusion", "rearrangement", "structural variant", "sv", "translocation"),
}  # fmt: skip
"""Words for a kind beside its own name; case, blanks and hyphens do not matter."""

NO_ALTERATION_WORDS = frozenset({"", "NONE", "WT", "WILDTYPE", "NOALTERATION", "NEGATIVE", "NA"})

UNKNOWN_KIND = Rule(
    "unknown-kind",
    "The kind of alteration is not known; expected for example missense, truncating, in-frame, "
    "splice, promoter, mutation, amplification, deep deletion, gain, shallow deletion or fusion. "
    "The row was left out.",
)
NO_ALTERATION = Rule(
    "no-alteration", "The row says that the sample has no alteration; the sample was taken in."
)


def read_plain(path: Path, context: ReadContext) -> AlterationRows:
    """Read a plain table; panels and duplicates are left to the caller.

    A row with a sample and neither gene nor kind stands for a sample without an alteration.

    Args:
        path: Plain or gzip, with the columns sample, gene and kind.
        context: Its genome is checked against the file, or set from it.

    Returns:
        The rows, their account still open.

    Raises:
        ImportRefusedError: If a required column is missing or genome builds contradict.
    """
    table = read_table(path, context.limits, context.collector, PLAIN_COLUMNS)
    context.digests[path.name] = table.digest
    check_genome(table, context)
    nothing = is_blank(table["gene"]) & _is_nothing(table)
    named = ~is_blank(table["sample"])
    table.account.skip(nothing & named, NO_ALTERATION, column=table.written["sample"])
    return mutation_rows(table, _kinds(table), context)


def kind_of_word(word: str) -> Kind | None:
    """Return the kind that a word stands for, None if it is not known.

    Args:
        word: A kind's own name, a common word (`amp`, `homdel`, `nonsense`), a term of a MAF or
            of the Sequence Ontology, or a copy-number value (-2 to 2).
    """
    if word in KIND_OF_CNA:
        return KIND_OF_CNA[word]
    return (_words().get(_plain(word)) or kind_of_classification(word)) if word else None


def _kinds(table: TextTable) -> npt.NDArray[np.int8]:
    codes, words = encode(table["kind"])
    kinds = [kind_of_word(word) for word in words]
    found = np.array([-1 if k is None else KIND_CODE[k] for k in kinds], dtype=np.int8)[codes]
    column = table.written["kind"]
    table.account.reject(found < 0, UNKNOWN_KIND, column=column, values=table["kind"])
    if "protein_change" in table:
        vague = np.flatnonzero(found == KIND_CODE[Kind.UNKNOWN])
        codes, changes = encode(table["protein_change"].take(vague))
        told = np.array([KIND_CODE[kind_of_protein_change(change)] for change in changes], np.int8)
        found[vague] = told[codes]
    return found


def _is_nothing(table: TextTable) -> npt.NDArray[np.bool_]:
    codes, words = encode(table["kind"])
    return np.array([_plain(word) in NO_ALTERATION_WORDS for word in words], np.bool_)[codes]


@cache
def _words() -> dict[str, Kind]:
    return {_plain(word): kind for kind, words in WORDS.items() for word in words}


def _plain(word: str) -> str:
    return re.sub(r"[-_ ']", "", word).upper()
