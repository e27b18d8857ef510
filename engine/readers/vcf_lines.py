"""Go through the lines of a VCF: account for each, and hand on the ones that can hold a call.

What is handed on is cut down to the columns and fields that the reader needs, so that an oddity
in a field that nobody asked for cannot cost a mutation.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from engine.errors import ImportRefusedError
from engine.readers.findings import REJECTED, SKIPPED, WARNING, FindingCollector, Rule
from engine.readers.limits import open_text
from engine.readers.options import Limits
from engine.readers.table import BLANK_LINE, STRAY_RETURN
from engine.readers.variants import chromosome_name
from engine.readers.vcf_faults import PASSED, USED_FORMAT, Fault, find_fault
from engine.readers.vcf_header import FIRST_SAMPLE, VcfHeader, parse_header
from engine.readers.vcf_spec import UNSORTED, line_oddities, meta_oddities

USED_INFO = frozenset({"SS", "DP4"})
"""INFO fields handed on in each VCF."""
UTF8_MARK = "\ufeff"

ENCODING = Rule("encoding", "The line is not UTF-8 text; it was left out.")
FILTERED = Rule(
    "filter", "The caller filtered this call (FILTER is neither PASS nor '.'); it was left out."
)
OTHER_SEQUENCE = Rule(
    "other-sequence",
    "The call lies on a sequence other than chromosomes 1 to 22, X, Y and MT; it was left out.",
)


@dataclass
class LineAccount:
    """What became of each line, kept until the file is read to its end."""

    entries: dict[tuple[str, str], tuple[Fault, list[int]]] = field(default_factory=dict)

    def add(self, outcome: str, line: int, fault: Fault) -> None:
        """Enter a line under a rule."""
        key = (outcome, fault.rule.name)
        if key not in self.entries:
            self.entries[key] = (fault, [])
        self.entries[key][1].append(line)

    def first_rejected(self) -> tuple[int, Fault, int]:
        """Return the first rejected line, why, and how many there are; (0, .., 0) if none."""
        rejected = [e for (outcome, _), e in self.entries.items() if outcome == REJECTED]
        if not rejected:
            return 0, Fault(BLANK_LINE, None, ""), 0
        fault, lines = min(rejected, key=lambda entry: entry[1][0])
        return lines[0], fault, sum(len(lines) for _, lines in rejected)

    def enter(self, collector: FindingCollector, file: str) -> None:
        """Hand everything to the collector of the import."""
        record = {REJECTED: collector.reject, SKIPPED: collector.skip, WARNING: collector.warn}
        for (outcome, _), (fault, lines) in self.entries.items():
            record[outcome](file, fault.rule, lines, column=fault.column, values=fault.value)


@dataclass
class Scan:
    """What going through the lines of a VCF told.

    Attributes:
        header: Header of the file.
        num_lines: Data lines in the file.
        handed_on: Line in the file of each line handed on.
        digest: SHA-256 of the decompressed file.
        account: Lines left out so far, and warnings.
        filters: FILTER values that were left out, and how often.
    """

    header: VcfHeader
    num_lines: int = 0
    handed_on: list[int] = field(default_factory=list)
    digest: str = ""
    account: LineAccount = field(default_factory=LineAccount)
    filters: Counter[str] = field(default_factory=Counter)


class Selection(NamedTuple):
    """What is handed on: positions of genotype columns, and names of INFO fields."""

    samples: tuple[int, ...]
    info: frozenset[str]


def scan(
    path: Path,
    limits: Limits,
    select: Callable[[VcfHeader], Selection],
    write: Callable[[str], object],
) -> Scan:
    """Go through a VCF once.

    Args:
        path: Plain or gzip VCF.
        limits: How large it may be, and how many lines may be broken.
        select: Tells from the header what to hand on.
        write: Takes the text handed on: a header, then one line after the other.

    Returns:
        The account of all lines that were not handed on.

    Raises:
        ImportRefusedError: If the file is no VCF, mixes names of chromosomes, or more than
            `limits.max_broken_share` of its lines break the specification.
    """
    with open_text(path, limits) as stream:
        digest = hashlib.sha256()
        header = _read_header(path.name, stream, limits, digest.update)
        result = Scan(header)
        for number, oddity in meta_oddities(header):
            result.account.add(WARNING, number, Fault(*oddity))
        selection = select(header)
        write("".join(f"{line}\n" for line in [*header.meta, _columns(header, selection)]))
        _scan_lines(stream, result, selection, write, digest.update)
    result.digest = digest.hexdigest()
    _refuse_if_many(result, limits)
    return result


def _read_header(
    file: str, stream: BinaryIO, limits: Limits, note: Callable[[bytes], object]
) -> VcfHeader:
    lines: list[str] = []
    for raw in stream:
        note(raw)
        # A name in another encoding inside a description does no harm.
        text = raw.decode(errors="replace").rstrip("\r\n")
        lines.append(text.removeprefix(UTF8_MARK) if not lines else text)
        if not lines[-1].startswith("##"):
            break
    return parse_header(file, lines, limits)


def _scan_lines(
    stream: BinaryIO,
    result: Scan,
    selection: Selection,
    write: Callable[[str], object],
    note: Callable[[bytes], object],
) -> None:
    header, order = result.header, _Order(result)
    for number, raw in enumerate(stream, header.num_lines + 1):
        note(raw)
        result.num_lines += 1
        fields, fault = _split(raw)
        if fault is not None:
            outcome = SKIPPED if fault.rule is BLANK_LINE else REJECTED
            result.account.add(outcome, number, fault)
            continue
        fault = find_fault(fields, header, selection.samples)
        if fault is not None:
            result.account.add(REJECTED, number, fault)
            continue
        for oddity in line_oddities(fields, header):
            result.account.add(WARNING, number, Fault(*oddity))
        order.check(number, fields)
        reason = _reason_to_skip(fields, result)
        if reason is not None:
            result.account.add(SKIPPED, number, reason)
            continue
        result.handed_on.append(number)
        write(_cut_down(fields, selection))


def _split(raw: bytes) -> tuple[list[str], Fault | None]:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return [], Fault(ENCODING, None, raw.decode(errors="replace"))
    text = text.rstrip("\r\n")
    if not text.strip():
        return [], Fault(BLANK_LINE, None, "")
    if "\r" in text:
        return [], Fault(STRAY_RETURN, None, text)
    return text.split("\t"), None


@dataclass
class _Order:
    """Watches the order of lines and the way in which chromosomes are written."""

    result: Scan
    chromosome: str = ""
    position: int = 0
    seen: set[str] = field(default_factory=set)
    prefixed: bool | None = None

    def check(self, number: int, fields: Sequence[str]) -> None:
        """Warn of an unsorted file; refuse one with `chr1` and `1`."""
        chromosome, position = fields[0], int(fields[1])
        if chromosome != self.chromosome:
            self._check_name(number, chromosome)
            unsorted = chromosome in self.seen
            self.seen.add(chromosome)
            self.chromosome = chromosome
        else:
            unsorted = position < self.position
        self.position = position
        if unsorted:
            self.result.account.add(WARNING, number, Fault(UNSORTED, "POS", fields[1]))

    def _check_name(self, number: int, chromosome: str) -> None:
        if chromosome_name(chromosome) is None:
            return
        prefixed = chromosome.lower().startswith("chr")
        if self.prefixed not in (None, prefixed):
            raise ImportRefusedError(
                "chromosomes are written with and without 'chr'; expected one way, as two ways "
                "mean that two files of perhaps two genome builds were put together",
                advice="Import the files one by one",
                file=self.result.header.file,
                rule="mixed-contigs",
                line=number,
                column="CHROM",
                value=chromosome,
            )
        self.prefixed = prefixed


def _reason_to_skip(fields: Sequence[str], result: Scan) -> Fault | None:
    if fields[6] not in PASSED:
        result.filters[fields[6]] += 1
        return Fault(FILTERED, "FILTER", fields[6])
    if chromosome_name(fields[0]) is None:
        return Fault(OTHER_SEQUENCE, "CHROM", fields[0])
    return None


def _columns(header: VcfHeader, selection: Selection) -> str:
    fixed = header.columns[:FIRST_SAMPLE] if selection.samples else header.columns[:8]
    return "\t".join([*fixed, *(header.samples[sample] for sample in selection.samples)])


def _cut_down(fields: Sequence[str], selection: Selection) -> str:
    info = [e for e in fields[7].split(";") if e.partition("=")[0] in selection.info]
    kept = [*fields[:2], ".", *fields[3:5], ".", ".", ";".join(info) or "."]
    if selection.samples:
        keys = fields[8].split(":")
        used = [place for place, key in enumerate(keys) if key in USED_FORMAT]
        kept.append(":".join(keys[place] for place in used) or ".")
        for sample in selection.samples:
            values = fields[FIRST_SAMPLE + sample].split(":")
            values += ["."] * (len(keys) - len(values))
            kept.append(":".join(values[place] or "." for place in used) or ".")
    return "\t".join(kept) + "\n"


def _refuse_if_many(result: Scan, limits: Limits) -> None:
    line, fault, count = result.account.first_rejected()
    if count <= limits.max_broken_share * result.num_lines:
        return
    raise ImportRefusedError(
        f"{count:,} of {result.num_lines:,} lines break the VCF specification, of this first one: "
        f"{fault.rule.message.rstrip('.')}",
        advice="Check that the file is complete and as the variant caller wrote it",
        file=result.header.file,
        rule=fault.rule.name,
        line=line,
        column=fault.column,
        value=fault.value,
    )
