"""What makes a line of a VCF unusable: the rules for the columns that an alteration needs.

References:
    The Variant Call Format specification, VCFv4.1 to VCFv4.3, samtools.github.io/hts-specs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from engine.readers.findings import Rule
from engine.readers.table import COLUMN_COUNT
from engine.readers.variants import LAST_POSITION, SAME_ALLELES
from engine.readers.vcf_header import FIRST_SAMPLE, VcfHeader
from engine.readers.vcf_spec import is_typed

USED_FORMAT = frozenset(
    {"GT", "AF", "FA", "FREQ", "VAF", "AD", "DP", "RD", "RO", "AO", "NR", "NV", "DP4", "SS", "FT",
     "AU", "CU", "GU", "TU", "TAR", "TIR"}
)  # fmt: skip
"""Fields that tell whether and how often an allele was seen in a sample."""

CHROMOSOME = Rule(
    "vcf-chromosome", "CHROM is no name of a sequence (no blanks, commas or brackets in it)."
)
POSITION = Rule("vcf-position", "POS is no whole number from 0 to 250,000,000.")
REFERENCE = Rule("vcf-reference", "REF is no DNA; expected the letters A, C, G, T or N.")
ALTERNATIVE = Rule(
    "vcf-alternative",
    "ALT is none of DNA, '*', '.', a symbol such as <DEL> or a breakend.",
)
FILTER_COLUMN = Rule(
    "vcf-filter-column", "FILTER is malformed, so whether the call passed is not clear."
)
FORMAT_COLUMN = Rule(
    "vcf-format", "FORMAT is malformed; expected distinct names between colons, GT first."
)
GENOTYPE = Rule(
    "vcf-genotype",
    "A sample's genotype, or the number of its fields, contradicts FORMAT or ALT.",
)
SAMPLE_VALUE = Rule(
    "vcf-sample-value", "A value of a sample is not of the type that the header declares."
)
_SEQUENCE = re.compile(r"<[^\s,<>]+>|[^\s,<>]+")
_WHOLE_NUMBER = re.compile(r"\d{1,10}")
_DNA = re.compile(r"[ACGTNacgtn]+")
_ALT = re.compile(
    r"[ACGTNacgtn]+|\*|<[^\s,<>]+>|\.[ACGTNacgtn]+|[ACGTNacgtn]+\."
    r"|[ACGTNacgtn]+([\[\]])[^\s,]+:\d{1,9}\1|([\[\]])[^\s,]+:\d{1,9}\2[ACGTNacgtn]+"
)
_FILTER = re.compile(r"[^\s;]+(;[^\s;]+)*")
_FORMAT = re.compile(r"[^\s:]+(:[^\s:]+)*")
_GENOTYPE = re.compile(r"[/|]?(\.|\d+)([/|](\.|\d+))*")
PASSED = ("PASS", ".", "")
"""FILTER values of a call that the caller stands by."""


class Fault(NamedTuple):
    """A broken rule, and where."""

    rule: Rule
    column: str | None
    value: str


def find_fault(fields: Sequence[str], header: VcfHeader, samples: Sequence[int]) -> Fault | None:
    """Return the first rule that a line breaks in a column that is needed; None if it is sound.

    Args:
        fields: Columns of the line.
        header: Header of the file.
        samples: Genotype columns whose values are needed.
    """
    if len(fields) != len(header.columns):
        return Fault(COLUMN_COUNT, None, "\t".join(fields))
    chromosome, position, _, reference, alternatives, _, filters = fields[:7]
    if not _SEQUENCE.fullmatch(chromosome):
        return Fault(CHROMOSOME, "CHROM", chromosome)
    if not _WHOLE_NUMBER.fullmatch(position) or int(position) > LAST_POSITION:
        return Fault(POSITION, "POS", position)
    if not _DNA.fullmatch(reference):
        return Fault(REFERENCE, "REF", reference)
    alleles = alternatives.split(",")
    if alternatives != "." and not all(_ALT.fullmatch(allele) for allele in alleles):
        return Fault(ALTERNATIVE, "ALT", alternatives)
    if reference.upper() in alternatives.upper().split(","):
        return Fault(SAME_ALLELES, "ALT", alternatives)
    if not _is_filter(filters):
        return Fault(FILTER_COLUMN, "FILTER", filters)
    num_alternatives = 0 if alternatives == "." else len(alleles)
    return _sample_fault(fields, header, samples, num_alternatives)


def _is_filter(written: str) -> bool:
    if written in PASSED:
        return True
    parts = written.split(";")
    return _FILTER.fullmatch(written) is not None and not {".", "0"}.intersection(parts)


def _sample_fault(
    fields: Sequence[str], header: VcfHeader, samples: Sequence[int], num_alternatives: int
) -> Fault | None:
    if len(fields) <= FIRST_SAMPLE or fields[8] == ".":
        return None
    keys = fields[8].split(":")
    if (
        not _FORMAT.fullmatch(fields[8])
        or len(set(keys)) < len(keys)
        or ("GT" in keys and keys[0] != "GT")
    ):
        return Fault(FORMAT_COLUMN, "FORMAT", fields[8])
    for column, text in zip(header.samples, fields[FIRST_SAMPLE:], strict=True):
        values = text.split(":")
        if len(values) > len(keys) or (
            keys[0] == "GT" and not _is_genotype(values[0], num_alternatives)
        ):
            return Fault(GENOTYPE, column, text)
    for sample in samples:
        for key, value in zip(keys, fields[FIRST_SAMPLE + sample].split(":"), strict=False):
            spec = header.formats.get(key) if key in USED_FORMAT else None
            if spec is not None and not all(is_typed(v, spec.type) for v in value.split(",")):
                return Fault(SAMPLE_VALUE, header.samples[sample], f"{key}={value}")
    return None


def _is_genotype(written: str, num_alternatives: int) -> bool:
    if not _GENOTYPE.fullmatch(written):
        return False
    if num_alternatives == 0:
        return True
    return all(int(allele) <= num_alternatives for allele in re.findall(r"\d+", written))
