"""Chromosome, position, alleles, allele fraction and protein change of a table's rows.

Each function reads some columns, leaves out the rows that break a rule, and returns Arrow arrays
parallel to the table with null where nothing is stated.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.readers.consequence import short_protein_change
from engine.readers.findings import Mask, Rule
from engine.readers.rows import encode
from engine.readers.table import TextTable, as_mask, is_missing

CHROMOSOMES = {str(n): str(n) for n in range(1, 23)} | {
    "X": "X", "Y": "Y", "23": "X", "24": "Y", "M": "MT", "MT": "MT", "25": "MT",
}  # fmt: skip
LAST_POSITION = 250_000_000
"""No human chromosome is longer, in either build."""
EMPTY_ALLELE = "-"

WHOLE_NUMBER = r"^\d{1,9}(\.0+)?$"
FRACTION = r"^(\d+\.?\d*|\.\d+)([eE]-?\d{1,2})?\s*%?$"

CHROMOSOME = Rule(
    "chromosome",
    "The chromosome is not known; expected 1 to 22, X, Y or MT, with or without 'chr'. The row "
    "was left out.",
)
POSITION = Rule(
    "position",
    "The position is no whole number between 1 and 250,000,000; the row was left out.",
)
ALLELE = Rule(
    "allele",
    "An allele is no DNA; expected the letters A, C, G, T or N, or '-' for none. The row was "
    "left out.",
)
SAME_ALLELES = Rule(
    "same-alleles",
    "The tumor allele is the reference allele, so nothing is altered; the row was left out.",
)
READ_COUNT = Rule(
    "read-count",
    "A read count is no whole number of 0 or more; the row was kept without its allele fraction.",
)
VAF_RANGE = Rule(
    "vaf-range",
    "The variant allele fraction is not between 0 and 1; the row was left out. Write a percentage "
    "with its sign.",
)


def read_chromosome(table: TextTable, column: str = "chromosome") -> pa.StringArray:
    """Return 1 to 22, X, Y or MT, (N,)."""
    if column not in table:
        return _nulls(table)
    return _translate(table, column, chromosome_name, CHROMOSOME)


def chromosome_name(written: str) -> str | None:
    """Bring the name of a chromosome to 1 to 22, X, Y or MT; None if it is none of these."""
    name = written.upper().removeprefix("CHR")
    return CHROMOSOMES.get(name) or CHROMOSOMES.get(name.removesuffix(".0"))


def read_position(table: TextTable, column: str = "position") -> pa.Int64Array:
    """Return 1-based positions, (N,), int64."""
    if column not in table:
        return pa.nulls(table.rows.num_rows, pa.int64())
    numbers, bad = _whole_numbers(table, column)
    values = pc.fill_null(numbers, 1).to_numpy()
    bad |= (values < 1) | (values > LAST_POSITION)
    table.account.reject(bad, POSITION, column=table.written[column], values=table[column])
    return pc.if_else(pa.array(~bad), numbers, None)


def read_alleles(table: TextTable) -> tuple[pa.StringArray, pa.StringArray, pa.Int32Array]:
    """Read the reference and the tumor allele.

    Of the two tumor alleles of a MAF the second counts, unless it is the reference or not
    stated; then the first.

    Args:
        table: With any of the columns `reference`, `allele_2` and `allele_1`.

    Returns:
        Reference allele, tumor allele and inserted minus deleted bases, (N,) each.
    """
    reference = _dna(table, "reference")
    second, first = _dna(table, "allele_2"), _dna(table, "allele_1")
    second_is_reference = pc.coalesce(pc.equal(second, reference), pc.is_null(second))
    first_differs = pc.coalesce(pc.not_equal(first, reference), pc.is_null(second))
    tumor = pc.if_else(pc.and_(second_is_reference, first_differs), first, second)
    nothing = pc.and_(pc.equal(reference, EMPTY_ALLELE), pc.equal(tumor, EMPTY_ALLELE))
    reference, tumor = (pc.if_else(nothing, None, allele) for allele in (reference, tumor))
    same = as_mask(pc.equal(tumor, reference))
    table.account.reject(same, SAME_ALLELES, column=table.written.get("allele_2"), values=tumor)
    length = pc.cast(pc.subtract(_bases(tumor), _bases(reference)), pa.int32())
    return reference, tumor, length


def read_vaf(table: TextTable) -> pa.FloatArray:
    """Read the variant allele fraction, from read counts or as stated.

    Args:
        table: With any of the columns `t_alt_count`, `t_ref_count`, `t_depth` and `vaf`.

    Returns:
        Fractions, 0 to 1, (N,), float32.
    """
    vaf = pa.nulls(table.rows.num_rows, pa.float64())
    if "t_alt_count" in table:
        alt, ref, depth = (_count(table, c) for c in ("t_alt_count", "t_ref_count", "t_depth"))
        total = pc.coalesce(pc.add(alt, ref), depth)
        covered = pc.if_else(pc.greater(total, 0), total, None)
        vaf = pc.divide(pc.cast(alt, pa.float64()), covered)
    if "vaf" in table:
        vaf = pc.coalesce(vaf, _fraction(table, "vaf"))
    outside = as_mask(pc.or_(pc.less(vaf, 0), pc.greater(vaf, 1)))
    column = "vaf" if "vaf" in table else "t_alt_count"
    if outside.any():
        written = table.written[column]
        table.account.reject(outside, VAF_RANGE, column=written, values=table[column])
    return pc.cast(pc.if_else(pa.array(outside), None, vaf), pa.float32())


def read_protein_change(table: TextTable) -> pa.StringArray:
    """Return protein changes in short form such as p.G12C, (N,)."""
    if "protein_change" not in table:
        return _nulls(table)
    column = table["protein_change"].combine_chunks()
    plain = pc.match_substring_regex(column, r"^p\.[A-Z*?][0-9A-Z*_=>]*([dif][a-z]|$)")
    worded = pc.match_substring_regex(column, r"[A-Z][a-z]{2}|[:(%]")
    sound = as_mask(pc.and_(plain, pc.invert(worded)))
    if sound.all():
        return column
    rest = np.flatnonzero(~sound)
    codes, texts = encode(column.take(pa.array(rest)))
    short = pa.array([short_protein_change(text) for text in texts], pa.string())
    return pc.replace_with_mask(column, pa.array(~sound), short.take(pa.array(codes)))


def _translate(
    table: TextTable, column: str, translate: Callable[[str], str | None], rule: Rule
) -> pa.StringArray:
    """Translate each distinct text of a column; reject rows whose text has no translation."""
    codes, texts = encode(table[column])
    translated = pa.array([translate(text) for text in texts], pa.string())
    values = translated.take(pa.array(codes))
    bad = as_mask(pc.is_null(values)) & ~is_missing(table[column])
    table.account.reject(bad, rule, column=table.written[column], values=table[column])
    return values


def _whole_numbers(table: TextTable, column: str) -> tuple[pa.Int64Array, Mask]:
    """Return the numbers of a column, null where there is none, and which fields are wrong."""
    text = table[column].combine_chunks()
    is_number = pc.match_substring_regex(text, WHOLE_NUMBER)
    digits = pc.replace_substring_regex(text, r"\.0+$", "")
    numbers = pc.cast(pc.if_else(is_number, digits, None), pa.int64())
    return numbers, ~as_mask(is_number) & ~is_missing(table[column])


def _count(table: TextTable, column: str) -> pa.Int64Array:
    if column not in table:
        return pa.nulls(table.rows.num_rows, pa.int64())
    numbers, bad = _whole_numbers(table, column)
    table.account.warn(bad, READ_COUNT, column=table.written[column], values=table[column])
    return numbers


def _fraction(table: TextTable, column: str) -> pa.DoubleArray:
    text = table[column].combine_chunks()
    is_number = pc.match_substring_regex(text, FRACTION)
    bad = ~as_mask(is_number) & ~is_missing(table[column])
    table.account.reject(bad, VAF_RANGE, column=table.written[column], values=table[column])
    digits = pc.replace_substring_regex(text, r"\s*%$", "")
    numbers = pc.cast(pc.if_else(is_number, digits, None), pa.float64())
    percent = pc.ends_with(text, "%")
    return pc.if_else(percent, pc.divide(numbers, 100.0), numbers)


def _dna(table: TextTable, column: str) -> pa.StringArray:
    """Return alleles in upper case; null where not stated, `-` where there are no bases."""
    if column not in table:
        return _nulls(table)
    text = pc.utf8_upper(table[column].combine_chunks())
    stated = pc.or_(pc.equal(text, EMPTY_ALLELE), pc.match_substring_regex(text, "^[ACGTN]+$"))
    bad = ~as_mask(stated) & ~is_missing(table[column])
    table.account.reject(bad, ALLELE, column=table.written[column], values=table[column])
    return pc.if_else(stated, text, None)


def _bases(alleles: pa.StringArray) -> pa.Int32Array:
    return pc.if_else(pc.equal(alleles, EMPTY_ALLELE), 0, pc.binary_length(alleles))


def _nulls(table: TextTable) -> pa.StringArray:
    return pa.nulls(table.rows.num_rows, pa.string())
