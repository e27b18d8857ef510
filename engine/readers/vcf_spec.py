"""What the VCF specification asks of fields that a tumor's alterations do not depend on.

A file that breaks these rules is read all the same, and the user is told: a wrong allele count in
INFO is no reason to lose a mutation, but a sign that something rewrote the file.

References:
    The Variant Call Format specification, VCFv4.1 to VCFv4.3, samtools.github.io/hts-specs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.readers.findings import Rule
from engine.readers.vcf_header import FIRST_SAMPLE, STRUCTURED, FieldSpec, VcfHeader, parse_pairs

META_LINE = Rule(
    "vcf-meta-line",
    "A line of the header is not as the VCF specification asks; its content was not needed.",
)
RESERVED_FIELD = Rule(
    "vcf-reserved-field",
    "The header declares a reserved field with another Number or Type than the specification.",
)
ID_COLUMN = Rule("vcf-id", "ID holds blanks or an empty part; it is not needed.")
QUALITY = Rule("vcf-quality", "QUAL is no number of 0 or more; it is not needed.")
INFO_FIELD = Rule(
    "vcf-info",
    "A field of INFO has another type or number of values than declared; it is not needed.",
)
SAMPLE_FIELD = Rule(
    "vcf-sample-field",
    "A value of a sample has another type or number of values than declared; it is not needed.",
)
UNSORTED = Rule(
    "vcf-unsorted", "Lines are not sorted by position; they were read in the order of the file."
)

RESERVED_INFO = {
    "AA": FieldSpec("1", "String"), "AC": FieldSpec("A", "Integer"),
    "AF": FieldSpec("A", "Float"), "AN": FieldSpec("1", "Integer"),
    "BQ": FieldSpec("1", "Float"), "CIGAR": FieldSpec("A", "String"),
    "DB": FieldSpec("0", "Flag"), "DP": FieldSpec("1", "Integer"),
    "END": FieldSpec("1", "Integer"), "H2": FieldSpec("0", "Flag"),
    "H3": FieldSpec("0", "Flag"), "MQ": FieldSpec("1", "Float"),
    "MQ0": FieldSpec("1", "Integer"), "NS": FieldSpec("1", "Integer"),
    "SOMATIC": FieldSpec("0", "Flag"), "VALIDATED": FieldSpec("0", "Flag"),
    "1000G": FieldSpec("0", "Flag"),
}  # fmt: skip
RESERVED_FORMAT = {
    "DP": FieldSpec("1", "Integer"), "EC": FieldSpec("A", "Integer"),
    "FT": FieldSpec("1", "String"), "GL": FieldSpec("G", "Float"),
    "GLE": FieldSpec("G", "String"), "GP": FieldSpec("G", "Float"),
    "GQ": FieldSpec("1", "Integer"), "GT": FieldSpec("1", "String"),
    "HQ": FieldSpec("2", "Integer"), "MQ": FieldSpec("1", "Integer"),
    "PL": FieldSpec("G", "Integer"), "PQ": FieldSpec("1", "Integer"),
    "PS": FieldSpec("1", "Integer"),
}  # fmt: skip
DIPLOID = 2
NEVER_NEGATIVE = frozenset({"AC", "AN", "AF", "DP", "END", "MQ0", "NS"})

_NUMBERS = re.compile(r"\d+|[ARG.]")
_INFO_TYPES = frozenset({"Integer", "Float", "Flag", "Character", "String"})
_ALT_ID = re.compile(r"(DEL|INS|DUP|INV|CNV|BND|TRA)(:[^\s,<>:]+)*|\*|NON_REF|[A-Z]")
_CONTIG_ID = re.compile(r"[^\s,<>\"]+")
_URL = re.compile(r"<?(file:)?/|<?[a-zA-Z][a-zA-Z+.\-]*://(?!\d+[:/])[^\s/:]+(:\d+)?/")
_INTEGER = re.compile(r"[+-]?\d+")
_CIGAR = re.compile(r"(\d+[MIDNSHPX=])+")
_ORDER = ("ID", "Number", "Type", "Description")


class Oddity(NamedTuple):
    """Something that breaks the specification and does no harm."""

    rule: Rule
    column: str
    value: str


def meta_oddities(header: VcfHeader) -> Iterator[tuple[int, Oddity]]:
    """Yield the line and what is odd for each odd line of a header."""
    for number, line in enumerate(header.meta[1:], 2):
        key, equals, value = line.removeprefix("##").partition("=")
        reserved = _odd_reserved(key, value)
        if reserved is not None:
            yield number, Oddity(RESERVED_FIELD, key, reserved)
        elif not (key and equals and value) or not _sound_meta(key, value):
            yield number, Oddity(META_LINE, key, line)


def line_oddities(fields: Sequence[str], header: VcfHeader) -> Iterator[Oddity]:
    """Yield what is odd in a line whose needed columns are sound.

    Args:
        fields: Columns of the line.
        header: Header of the file.
    """
    if fields[2] != "." and any(not part or " " in part for part in fields[2].split(";")):
        yield Oddity(ID_COLUMN, "ID", fields[2])
    if not _is_quality(fields[5]):
        yield Oddity(QUALITY, "QUAL", fields[5])
    num_alleles = 1 + (0 if fields[4] == "." else fields[4].count(",") + 1)
    entries = () if fields[7] == "." else fields[7].split(";")
    odd = next((entry for entry in entries if _is_odd_info(entry, num_alleles, header)), None)
    if odd is not None:
        yield Oddity(INFO_FIELD, "INFO", odd)
    if len(fields) > FIRST_SAMPLE:
        yield from _odd_samples(fields, num_alleles, header)


def is_typed(value: str, kind: str) -> bool:
    """Tell whether one value is of a declared type; a missing value is."""
    if value == ".":
        return True
    if kind == "Integer":
        return _INTEGER.fullmatch(value) is not None
    if kind == "Float":
        return _is_float(value)
    return kind != "Character" or len(value) == 1


def _odd_reserved(key: str, value: str) -> str | None:
    """Return the declaration of a reserved field if it differs from the specification's."""
    reserved = {"INFO": RESERVED_INFO, "FORMAT": RESERVED_FORMAT}.get(key)
    pairs = parse_pairs(value) if reserved else None
    spec = reserved.get(pairs.get("ID", "")) if reserved and pairs else None
    if spec is None or pairs is None:
        return None
    stated = FieldSpec(pairs.get("Number", ""), pairs.get("Type", ""))
    return None if stated == spec else value


def _sound_meta(key: str, value: str) -> bool:
    if key in ("assembly", "pedigreeDB"):
        return _URL.match(value) is not None
    if key not in STRUCTURED or key in ("SAMPLE", "PEDIGREE"):
        return not (value.startswith('"') and not value.endswith('"'))
    pairs = parse_pairs(value)
    if pairs is None or "ID" not in pairs:
        return False
    if key == "contig":
        return _CONTIG_ID.fullmatch(pairs["ID"]) is not None
    described = pairs.get("Description", "")
    quoted = len(described) > 1 and described[0] == described[-1] == '"'
    known = [name for name in pairs if name in _ORDER]
    in_order = known == [name for name in _ORDER if name in pairs]
    return quoted and in_order and _sound_declaration(key, pairs)


def _sound_declaration(key: str, pairs: dict[str, str]) -> bool:
    number, kind = pairs.get("Number"), pairs.get("Type")
    if key == "ALT" and _ALT_ID.fullmatch(pairs["ID"]) is None:
        return False
    if key in ("ALT", "FILTER") and number is None and kind is None:
        return True
    is_flag = kind == "Flag"
    return (
        number is not None
        and _NUMBERS.fullmatch(number) is not None
        and kind in _INFO_TYPES
        and (number != "0" or is_flag)
        and not (is_flag and key == "FORMAT")
    )


def _is_quality(value: str) -> bool:
    return value == "." or (_is_float(value) and not float(value) < 0)


def _is_float(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return "_" not in value and " " not in value


def _is_odd_info(entry: str, num_alleles: int, header: VcfHeader) -> bool:
    key, equals, value = entry.partition("=")
    spec = header.info.get(key) or RESERVED_INFO.get(key)
    if not key or " " in entry:
        return True
    if spec is not None and not _fits(spec, value if equals else None, num_alleles, None):
        return True
    if key == "CIGAR":
        return not all(_CIGAR.fullmatch(one) for one in value.split(","))
    return (key in NEVER_NEGATIVE and value.startswith("-")) or (key == "AA" and "," in value)


def _odd_samples(fields: Sequence[str], num_alleles: int, header: VcfHeader) -> Iterator[Oddity]:
    keys = fields[8].split(":")
    specs = [header.formats.get(key) or RESERVED_FORMAT.get(key) for key in keys]
    for sample in range(FIRST_SAMPLE, len(fields)):
        values = fields[sample].split(":")
        ploidy = len(re.split(r"[/|]", values[0])) if keys[0] == "GT" else DIPLOID
        for key, spec, value in zip(keys, specs, values, strict=False):
            if key == "GT" or spec is None or value == ".":
                continue
            if not _fits(spec, value, num_alleles, ploidy):
                column = header.columns[sample]
                yield Oddity(SAMPLE_FIELD, column, f"{key}={value}")
                return


def _fits(spec: FieldSpec, value: str | None, num_alleles: int, ploidy: int | None) -> bool:
    """Tell whether a value has the declared type and number of parts."""
    if spec.number == "0" or spec.type == "Flag":
        return value in (None, "0", "1")
    if value is None:
        return False
    if value == "." or spec.number == ".":
        return all(is_typed(part, spec.type) for part in value.split(","))
    parts = value.split(",")
    expected = _expected_parts(spec.number, num_alleles, ploidy)
    if expected is not None and len(parts) != expected and parts != ["."]:
        return False
    return all(is_typed(part, spec.type) for part in parts)


def _expected_parts(number: str, num_alleles: int, ploidy: int | None) -> int | None:
    """Return how many values there must be; None if any number will do."""
    if number.isdigit():
        return int(number)
    if num_alleles == 1:
        return None
    if number == "A":
        return num_alleles - 1
    if number == "R":
        return num_alleles
    # INFO has no genotype, so the number is open there.
    return None if ploidy is None else math.comb(num_alleles + ploidy - 1, ploidy)
