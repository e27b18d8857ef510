"""One call of a VCF: its alleles as a MAF writes them, and how often a tumor shows them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.readers.vcf_faults import PASSED

_BREAKEND = re.compile(r"[\[\]]([^\[\]]+):(\d+)[\[\]]")
_NOT_SOMATIC = frozenset({"0", "1", "3"})
"""SS: 0 reference, 1 germline, 2 somatic, 3 loss of heterozygosity, 5 unknown."""


Fields = Mapping[str, Any]
"""INFO, or the fields of one sample, as pysam gives them."""


@dataclass(frozen=True)
class Alleles:
    """A variant as a MAF writes it.

    Attributes:
        start: First position concerned, of an insertion the base before it, from 1.
        reference: Bases replaced; `-` for an insertion.
        tumor: Bases instead; `-` for a deletion.
        indel_length: Inserted minus deleted bases.
    """

    start: int
    reference: str
    tumor: str
    indel_length: int


def maf_alleles(position: int, reference: str, alternative: str) -> Alleles:
    """Take shared bases off two alleles, at their ends first.

    Args:
        position: POS, from 1.
        reference: REF.
        alternative: One ALT of DNA letters.

    Returns:
        The variant as a MAF writes it.
    """
    old, new = reference.upper(), alternative.upper()
    length = len(new) - len(old)
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    while old and new and old[0] == new[0]:
        old, new, position = old[1:], new[1:], position + 1
    # A MAF gives the base before an insertion, which is the one just taken off.
    start = position - 1 if not old else position
    return Alleles(start, old or "-", new or "-", length)


def breakend_mate(alternative: str) -> tuple[str, int] | None:
    """Return chromosome and position at the other end of a breakend; None if it has none."""
    found = _BREAKEND.search(alternative)
    return None if found is None else (found[1].strip("<>"), int(found[2]))


def is_called(fields: Fields, index: int, vaf: float | None, *, pair: bool) -> bool:
    """Tell whether a sample carries an allele.

    Callers of tumor and normal pairs write 0/0 or nothing for a subclonal mutation that they call
    all the same; there reads of the allele decide.

    Args:
        fields: The sample's fields; GT may be missing.
        index: Which of REF and ALT, from 1.
        vaf: Variant allele fraction if known.
        pair: The sample is the only tumor and was compared with a normal.
    """
    genotype = fields.get("GT")
    if genotype is None:
        return vaf is None or vaf > 0
    if index in genotype:
        return True
    return pair and not any(genotype) and vaf is not None and vaf > 0


def is_germline(fields: Fields) -> bool:
    """Tell whether a somatic status (SS) says that the variant is not somatic."""
    return str(_first(fields.get("SS"))) in _NOT_SOMATIC


def is_filtered(fields: Fields) -> bool:
    """Tell whether the filter of a single sample (FT) turned its call down."""
    return str(_first(fields.get("FT")) or ".") not in PASSED


def allele_fraction(fields: Fields, alleles: Sequence[str], index: int) -> float | None:
    """Return how much of a sample's reads show an allele.

    Understood are a stated fraction (AF, FA, VAF, FREQ) and read counts as written by Mutect,
    VarDict, GATK (AD, DP), VarScan (RD, AD), FreeBayes (RO, AO), Platypus (NV, NR), Strelka
    (AU, CU, GU, TU; TAR, TIR) and samtools (DP4).

    Args:
        fields: The sample's fields.
        alleles: REF and all ALT.
        index: Which of `alleles`, from 1.

    Returns:
        The fraction as written or counted, which may lie outside 0 to 1; None if unknown.
    """
    for name in ("AF", "FA", "VAF", "FREQ"):
        stated = _at(_numbers(fields.get(name)), index - 1)
        if stated is not None:
            return stated
    for count in (_allele_depths, _strelka_substitution, _strelka_indel, _other_counts):
        alt, total = count(fields, alleles, index)
        if alt is not None and total:
            return alt / total
    return None


Counts = tuple[float | None, float | None]


def _allele_depths(fields: Fields, alleles: Sequence[str], index: int) -> Counts:
    depths, total = _numbers(fields.get("AD")), _at(_numbers(fields.get("DP")), 0)
    reference = _at(_numbers(fields.get("RD")), 0)
    if len(depths) == 1 and reference is not None:
        return depths[0], (depths[0] or 0) + reference
    if len(depths) == 1:
        return depths[0], total
    if not depths or depths[0] is None:
        return _at(depths, index), total
    return _at(depths, index), sum(depth for depth in depths if depth is not None)


def _strelka_substitution(fields: Fields, alleles: Sequence[str], index: int) -> Counts:
    """Tier 1 counts of each base; an allele of several bases has none."""
    alt = _at(_numbers(fields.get(f"{alleles[index].upper()}U")), 0)
    reference = _at(_numbers(fields.get(f"{alleles[0].upper()}U")), 0)
    return alt, None if alt is None or reference is None else alt + reference


def _strelka_indel(fields: Fields, alleles: Sequence[str], index: int) -> Counts:
    alt = _at(_numbers(fields.get("TIR")), 0)
    reference = _at(_numbers(fields.get("TAR")), 0)
    return alt, None if alt is None or reference is None else alt + reference


def _other_counts(fields: Fields, alleles: Sequence[str], index: int) -> Counts:
    alt, reference = _numbers(fields.get("AO")), _at(_numbers(fields.get("RO")), 0)
    if alt and reference is not None:
        return _at(alt, index - 1), reference + sum(one or 0 for one in alt)
    variant = _at(_numbers(fields.get("NV")), index - 1)
    if variant is not None:
        return variant, _at(_numbers(fields.get("NR")), index - 1)
    strands = [one or 0 for one in _numbers(fields.get("DP4"))]
    return (sum(strands[2:]), sum(strands)) if len(strands) == 4 else (None, None)


def _numbers(value: object) -> list[float | None]:
    """Turn what pysam gives for a field into numbers; percentages become fractions."""
    if value is None:
        return []
    if isinstance(value, str):
        return [_number(part) for part in value.split(",")]
    if isinstance(value, tuple | list):
        return [number for part in value for number in _numbers(part) or [None]]
    return [_number(str(value))]


def _number(text: str) -> float | None:
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return number / 100 if text.endswith("%") else number


def _at(values: Sequence[float | None], index: int) -> float | None:
    return values[index] if index < len(values) else None


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple | list) and value else value
