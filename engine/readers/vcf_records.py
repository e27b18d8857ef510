"""Turn the records of a VCF into calls: one tumor, one allele, one gene each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pysam

from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.kinds import Kind
from engine.progress import Progress
from engine.readers.findings import REJECTED, SKIPPED, WARNING, Rule
from engine.readers.symbols import INTERGENIC, UNKNOWN_GENE
from engine.readers.variants import chromosome_name
from engine.readers.vcf_annotation import (
    INTERGENIC_TERMS,
    PROMOTER_BASES,
    Annotator,
    Effect,
    classification,
)
from engine.readers.vcf_calls import (
    allele_fraction,
    breakend_mate,
    is_called,
    is_filtered,
    is_germline,
    maf_alleles,
)
from engine.readers.vcf_faults import Fault
from engine.readers.vcf_header import TumorColumns
from engine.readers.vcf_lines import FILTERED, LineAccount, Scan

PROGRESS_EVERY = 5_000

INVALID_LINE = Rule("invalid-vcf-line", "htslib cannot read the line; it was left out.")
NO_VARIANT = Rule("no-variant", "The line names no alternative allele.")
SYMBOLIC = Rule(
    "symbolic-allele",
    "A structural variant written as a symbol such as <DEL>; it was left out, as its effect on "
    "genes cannot be told from it.",
)
BREAKEND = Rule(
    "breakend",
    "A breakend that does not join two known genes; it was left out.",
)
SPANNING = Rule("spanning-deletion", "The allele '*' repeats a deletion given on another line.")
TELOMERE = Rule("telomere", "POS 0 lies before the first base of the chromosome.")
NOT_CALLED = Rule(
    "not-called", "By its genotype no tumor of the file carries the variant (0/0 or ./.)."
)
GERMLINE = Rule(
    "not-somatic",
    "By its somatic status (SS) the variant is germline, a loss of heterozygosity or none.",
)
VAF_RANGE = Rule(
    "vaf-range",
    "The variant allele fraction is not between 0 and 1; the call was loaded without it.",
)
NOT_ANNOTATED = Rule(
    "no-annotation",
    "The line has no annotation that could be understood; its gene was found by position and its "
    "consequence is unknown.",
)


class Record(NamedTuple):
    """A line as htslib understands it.

    Attributes:
        line: Its number in the file.
        chromosome: As written.
        position: From 1; 0 is the telomere.
        alleles: REF, then each ALT.
        info: INFO fields handed on.
        samples: Fields of each tumor column.
    """

    line: int
    chromosome: str
    position: int
    alleles: tuple[str, ...]
    info: Mapping[str, Any]
    samples: tuple[Mapping[str, Any], ...]


class Call(NamedTuple):
    """One allele of one tumor in one gene; columns as in `ALTERATIONS`, and the line."""

    line: int
    sample_id: str
    hugo_symbol: str
    kind: Kind
    chromosome: str
    start_position: int
    reference_allele: str | None
    tumor_allele: str | None
    indel_length: int | None
    vaf: float | None
    protein_change: str | None
    protein_position: int | None
    variant_classification: str | None
    symbol: str  # as written; empty where the gene was found by position


@dataclass
class RecordReader:
    """Reads records and enters the lines without a call into the account.

    Attributes:
        tumors: Tumor columns; the records have these genotype columns only.
        annotator: Reads consequences; None if the file has none.
        genes: Gene table.
        genome: GRCh37 or GRCh38.
        account: Account of lines.
        calls: What was found, in the order of the file.
    """

    tumors: TumorColumns
    annotator: Annotator | None
    genes: GeneTable
    genome: str
    account: LineAccount
    calls: list[Call] = field(default_factory=list)

    def read(self, record: Record) -> None:
        """Read one record."""
        before = len(self.calls)
        reasons = [self._read_allele(record, index) for index in range(1, len(record.alleles))]
        if len(self.calls) == before:
            reason = next((r for r in reasons if r is not None), None)
            self.account.add(SKIPPED, record.line, reason or Fault(NO_VARIANT, "ALT", "."))

    def _read_allele(self, record: Record, index: int) -> Fault | None:
        """Add the calls of one allele, or return why there are none."""
        allele = record.alleles[index]
        kind_of_allele = _unusual(allele)
        if kind_of_allele is not None:
            return Fault(kind_of_allele, "ALT", allele)
        if record.position < 1:
            return Fault(TELOMERE, "POS", str(record.position))
        carriers, reason = self._carriers(record, index)
        if reason is not None:
            return reason
        if not allele.isalpha():
            return self._add_fusion(record, allele, [name for name, _ in carriers])
        variant = maf_alleles(record.position, record.alleles[0], allele)
        effect = self._effect(record, index, variant.start)
        if effect.gene is None:
            rule = INTERGENIC if effect.is_intergenic else UNKNOWN_GENE
            place = f"{record.chromosome}:{record.position}"
            return Fault(rule, "INFO" if effect.symbol else "POS", effect.symbol or place)
        chromosome = chromosome_name(record.chromosome) or ""
        named = classification(effect, variant.indel_length) if effect.term else None
        for sample_id, vaf in carriers:
            call = Call(
                record.line, sample_id, effect.gene, effect.kind, chromosome, variant.start,
                variant.reference, variant.tumor, variant.indel_length, vaf,
                effect.protein_change, effect.protein_position, named, effect.symbol,
            )  # fmt: skip
            self.calls.append(call)
        return None

    def _carriers(
        self, record: Record, index: int
    ) -> tuple[list[tuple[str, float | None]], Fault | None]:
        """Return the tumors with an allele and its fraction in each, or why there are none."""
        if is_germline(record.info):
            return [], Fault(GERMLINE, "INFO", f"SS={record.info['SS']}")
        if not record.samples:
            vaf = allele_fraction(record.info, record.alleles, index)
            return [(self.tumors.columns[0][1], self._checked(record.line, vaf))], None
        carriers, reason = [], Fault(NOT_CALLED, "ALT", record.alleles[index])
        pair = self.tumors.has_normal and len(self.tumors.columns) == 1
        for fields, (_, sample_id) in zip(record.samples, self.tumors.columns, strict=True):
            vaf = allele_fraction(fields, record.alleles, index)
            if is_germline(fields):
                reason = Fault(GERMLINE, sample_id, f"SS={fields['SS']}")
            elif is_filtered(fields):
                reason = Fault(FILTERED, sample_id, str(fields["FT"]))
            elif is_called(fields, index, vaf, pair=pair):
                carriers.append((sample_id, self._checked(record.line, vaf)))
        return carriers, None if carriers else reason

    def _checked(self, number: int, vaf: float | None) -> float | None:
        if vaf is None or 0 <= vaf <= 1:
            return vaf
        self.account.add(WARNING, number, Fault(VAF_RANGE, "FORMAT", f"{vaf:g}"))
        return None

    def _effect(self, record: Record, index: int, position: int) -> Effect:
        """Read what an allele does; where no gene is written, find it by position."""
        effect = None
        if self.annotator is not None:
            text = _text(record.info.get(self.annotator.name))
            effect = self.annotator.effect(text, record.alleles, index)
            if effect is None:
                self.account.add(WARNING, record.line, Fault(NOT_ANNOTATED, "INFO", text))
            elif effect.gene or effect.symbol or effect.term in INTERGENIC_TERMS:
                return effect
        gene = self._gene_at(record.chromosome, position)
        if effect is not None:
            return replace(effect, gene=gene)
        if gene is None and self._in_tert_promoter(record.chromosome, position):
            return Effect("TERT", Kind.PROMOTER, "upstream_gene_variant")
        return Effect(gene, Kind.UNKNOWN)

    def _gene_at(self, chromosome: str, position: int) -> str | None:
        name = chromosome_name(chromosome)
        if name is None:
            return None
        found: str | None = self.genes.locate(name, np.array([position]), self.genome)[0]
        return found

    def _in_tert_promoter(self, chromosome: str, position: int) -> bool:
        """Tell whether a position lies before TERT, behind its end as it is on the minus strand."""
        start = float(self.genes.frame[f"end_{self.genome[-2:]}"]["TERT"])
        return chromosome_name(chromosome) == "5" and 0 < position - start <= PROMOTER_BASES

    def _add_fusion(self, record: Record, allele: str, carriers: list[str]) -> Fault | None:
        mate = breakend_mate(allele)
        here = self._gene_at(record.chromosome, record.position)
        there = None if mate is None else self._gene_at(*mate)
        if here is None or there is None or mate is None or here == there:
            return Fault(BREAKEND, "ALT", allele)
        ends = [(here, there, record.chromosome, record.position), (there, here, *mate)]
        for sample_id in carriers:
            for gene, partner, chromosome, position in ends:
                call = Call(
                    record.line, sample_id, gene, Kind.FUSION, chromosome_name(chromosome) or "",
                    position, None, None, None, None, None, None, partner, "",
                )  # fmt: skip
                self.calls.append(call)
        return None


def read_records(path: Path, scan_result: Scan, reader: RecordReader, progress: Progress) -> None:
    """Read all records that were handed on; lines that htslib refuses are rejected one by one.

    Args:
        path: The VCF handed on.
        scan_result: Tells the line in the file of each record.
        reader: Takes the records.
        progress: Told every few thousand records.

    Raises:
        ImportRefusedError: If htslib cannot read the header.
    """
    numbers = scan_result.handed_on
    previous = pysam.set_verbosity(0)
    try:
        with _open(path, scan_result.header.file) as file:
            for done, (number, record) in enumerate(_records(file, numbers)):
                if done % PROGRESS_EVERY == 0:
                    progress("Reading variants", done, len(numbers))
                if record is None:
                    reader.account.add(REJECTED, number, Fault(INVALID_LINE, None, ""))
                else:
                    reader.read(record)
    finally:
        pysam.set_verbosity(previous)
    progress("Reading variants", len(numbers), len(numbers))


def _records(file: Any, numbers: list[int]) -> Iterator[tuple[int, Record | None]]:
    """Yield each line and its record, None where htslib refuses it; it then goes on behind it."""
    for number in numbers:
        try:
            record = next(file)
            samples = tuple(dict(fields.items()) for fields in record.samples.values())
            info = dict(record.info.items())
        except (OSError, ValueError, StopIteration):
            yield number, None
        else:
            alleles = (record.ref, *(record.alts or ()))
            yield number, Record(number, record.chrom, record.pos, alleles, info, samples)


def _open(path: Path, file: str) -> Any:
    try:
        return pysam.VariantFile(str(path))
    except (OSError, ValueError):
        raise ImportRefusedError(
            "htslib cannot read the header; expected a VCF 4 header",
            advice="Check the file with `bcftools view`",
            file=file,
            rule="vcf-header",
        ) from None


def _unusual(allele: str) -> Rule | None:
    """Return why an allele that is neither DNA nor a joined breakend is left out."""
    if allele == "*":
        return SPANNING
    if allele in ("<*>", "<NON_REF>"):
        return NO_VARIANT
    if allele.startswith("<"):
        return SYMBOLIC
    has_no_mate = allele.startswith(".") or allele.endswith(".")
    return BREAKEND if has_no_mate else None


def _text(value: object) -> str:
    """Write a value of INFO as the file has it; htslib splits at commas."""
    if isinstance(value, tuple):
        return ",".join(_text(part) for part in value)
    return "" if value is None else str(value)
