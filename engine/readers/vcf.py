"""Read a somatic VCF as a study: annotated by VEP or SnpEff, or placed by position alone."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.cohort import ALTERATIONS, ATTRIBUTES, CLINICAL, Cohort, Study
from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.kinds import Kind
from engine.progress import Progress, no_progress
from engine.readers.bare import Measured, bare_samples, panel_of_file, study_id_of_file
from engine.readers.context import ReadContext
from engine.readers.findings import SKIPPED, WARNING, Rule
from engine.readers.options import ReadOptions
from engine.readers.panels import Panel, panel_table
from engine.readers.rows import DUPLICATE, OFF_PANEL
from engine.readers.symbols import RENAMED_GENE
from engine.readers.vcf_annotation import (
    HOW_TO_ANNOTATE,
    SNPEFF_DATABASE,
    Annotator,
    find_annotator,
)
from engine.readers.vcf_faults import Fault
from engine.readers.vcf_header import TumorColumns, VcfHeader, find_genome, find_tumors
from engine.readers.vcf_lines import USED_INFO, Scan, Selection, scan
from engine.readers.vcf_records import Call, RecordReader, read_records

NOTED_FILTERS = 6
# Enough calls that all of them lying outside their genes is no accident.
MIN_LOCATED = 5
GENE_MARGIN_BASES = 10_000


@dataclass
class _Plan:
    """What the header tells about how to read the rest."""

    path: Path
    options: ReadOptions
    context: ReadContext
    tumors: TumorColumns = field(
        default_factory=lambda: TumorColumns((), has_normal=False, note="")
    )
    annotator: Annotator | None = None

    def select(self, header: VcfHeader) -> Selection:
        """Settle genome, tumors and annotation, and tell what is needed of each line."""
        context = self.context
        context.genome = find_genome(header, context.genome)
        genome = context.genome_or_default()
        self.tumors = find_tumors(header, self.path)
        context.note(self.tumors.note)
        self.annotator = find_annotator(header, context.genes, genome)
        if self.annotator is None:
            how = HOW_TO_ANNOTATE.format(genome=genome, database=SNPEFF_DATABASE[genome])
            context.note(
                "The VCF has no annotation (CSQ of VEP or ANN of SnpEff): genes were found by "
                "position, introns included, and what each variant does is unknown. " + how + "."
            )
            info = USED_INFO
        else:
            name, tool = self.annotator.name, self.annotator.tool
            context.note(f"Consequences were read from {name} as {tool} writes it.")
            info = USED_INFO | {name}
        samples = tuple(column for column, _ in self.tumors.columns if column is not None)
        return Selection(samples, frozenset(info))


def read_vcf(
    path: Path, options: ReadOptions, genes: GeneTable, progress: Progress = no_progress
) -> Cohort:
    """Read the tumors of one VCF, each with its somatic small variants and gene fusions.

    Left out by rule: calls that the caller filtered, germline calls where a status says so,
    symbolic structural variants, calls outside known genes, and lines that break the VCF
    specification in a column that is needed.

    Args:
        path: VCF 4, plain or gzip.
        options: What the user states: study id, genome, panel, cancer type, limits.
        genes: Gene table.
        progress: Told how many calls are read.

    Returns:
        The cohort; tumors without any alteration are in it. Each line of the file is accounted
        for once, a line with several alleles is loaded if one of them is.

    Raises:
        ImportRefusedError: If the file is no VCF, is damaged, contradicts the stated genome, or
            more than `limits.max_broken_share` of its lines break the specification.
    """
    context = ReadContext(genes, options.limits, genome=options.genome)
    plan = _Plan(path, options, context)
    progress("Checking lines", 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        handed_on = Path(folder) / "calls.vcf"
        with handed_on.open("w", encoding="utf-8", newline="\n") as file:
            scanned = scan(path, options.limits, plan.select, file.write)
        reader = RecordReader(
            plan.tumors, plan.annotator, genes, context.genome_or_default(), scanned.account
        )
        read_records(handed_on, scanned, reader, progress)
    _refuse_wrong_genome(path.name, reader.calls, context)
    seen = frozenset(call.hugo_symbol for call in reader.calls)
    panel = panel_of_file(seen, options, context)
    calls = _within_panel(_without_repeats(reader.calls, scanned), panel, scanned)
    _close_account(path.name, calls, scanned, context)
    context.digests[path.name] = scanned.digest
    return _cohort(calls, panel, plan)


def _without_repeats(calls: list[Call], scanned: Scan) -> list[Call]:
    """Leave out calls that repeat an earlier one; both ends of a fusion may each tell of it."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for call in calls:
        is_fusion = call.kind is Kind.FUSION
        variant = (call.hugo_symbol, call.variant_classification) if is_fusion else call[4:8]
        if (call.sample_id, *variant) not in seen:
            seen.add((call.sample_id, *variant))
            kept.append(call)
    _skip_emptied(calls, kept, DUPLICATE, scanned)
    return kept


def _within_panel(calls: list[Call], panel: Panel, scanned: Scan) -> list[Call]:
    kept = [call for call in calls if call.hugo_symbol in panel.genes]
    _skip_emptied(calls, kept, OFF_PANEL, scanned)
    return kept


def _skip_emptied(before: list[Call], after: list[Call], rule: Rule, scanned: Scan) -> None:
    """Enter the lines that lost their last call."""
    left = {call.line for call in after}
    for call in {call.line: call for call in before if call.line not in left}.values():
        value = f"{call.hugo_symbol} {call.chromosome}:{call.start_position}"
        scanned.account.add(SKIPPED, call.line, Fault(rule, None, value))


def _close_account(file: str, calls: list[Call], scanned: Scan, context: ReadContext) -> None:
    """Hand the account of all lines over, and note what the user should know."""
    renamed = {c.line: c.symbol for c in calls if c.symbol not in ("", c.hugo_symbol)}
    for line, symbol in renamed.items():
        scanned.account.add(WARNING, line, Fault(RENAMED_GENE, "INFO", symbol))
    context.collector.begin(file, scanned.num_lines)
    context.collector.load(file, len({call.line for call in calls}))
    scanned.account.enter(context.collector, file)
    if scanned.filters:
        shown = ", ".join(f"{f} {n:,}" for f, n in scanned.filters.most_common(NOTED_FILTERS))
        total = sum(scanned.filters.values())
        context.note(f"{total:,} calls did not pass the caller's filters: {shown}.")
    if not calls:
        context.note("No line of the VCF gave an alteration; its tumors have none.")


def _refuse_wrong_genome(file: str, calls: list[Call], context: ReadContext) -> None:
    """Refuse if annotated genes lie where the other genome build has them."""
    named = [call for call in calls if call.symbol and call.kind is not Kind.FUSION]
    genome = context.genome_or_default()
    other = "GRCh38" if genome == "GRCh37" else "GRCh37"
    if len(named) < MIN_LOCATED or 2 * _count_inside(named, genome, context.genes) > len(named):
        return
    if 10 * _count_inside(named, other, context.genes) >= 9 * len(named):
        call = named[0]
        raise ImportRefusedError(
            f"genes lie where {other} has them, but the file was read as {genome}; expected "
            "positions of that build",
            advice=f"State --genome {other} if the positions are right",
            file=file,
            rule="genome-positions",
            line=call.line,
            column="POS",
            value=f"{call.hugo_symbol} {call.chromosome}:{call.start_position}",
        )


def _count_inside(calls: list[Call], genome: str, genes: GeneTable) -> int:
    columns = [f"start_{genome[-2:]}", f"end_{genome[-2:]}"]
    spans = genes.frame.loc[[call.hugo_symbol for call in calls], columns].to_numpy(float)
    positions = np.array([call.start_position for call in calls])
    after_start = positions >= spans[:, 0] - GENE_MARGIN_BASES
    return int(np.count_nonzero(after_start & (positions <= spans[:, 1] + GENE_MARGIN_BASES)))


def _cohort(calls: list[Call], panel: Panel, plan: _Plan) -> Cohort:
    context, options = plan.context, plan.options
    study_id = study_id_of_file(plan.path, options.study_id)
    columns = {name: [getattr(call, name) for call in calls] for name in ALTERATIONS.names}
    measured = Measured(
        mutations=True,
        copy_number=False,
        fusions=any(call.kind is Kind.FUSION for call in calls),
        cna_levels=None,
    )
    sample_ids = [sample_id for _, sample_id in plan.tumors.columns]
    return Cohort(
        study=Study(study_id=study_id, name=study_id, genome=context.genome_or_default()),
        samples=bare_samples(sample_ids, panel, measured, options.cancer_type),
        alterations=pa.table(columns, schema=ALTERATIONS),
        panels=panel_table({panel.panel_id: panel.genes}),
        clinical=CLINICAL.empty_table(),
        attributes=ATTRIBUTES.empty_table(),
        report=context.collector.build(),
        source_digest=context.source_digest(),
        notes=tuple(context.notes),
    )
