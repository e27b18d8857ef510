"""Make a cohort of one file that comes without clinical data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from engine.cohort import ATTRIBUTES, CLINICAL, SAMPLES, Cohort, Study
from engine.kinds import COPY_NUMBER_KINDS, SINGLE_COPY_KINDS, Kind
from engine.readers.context import DEFAULT_GENOME, ReadContext
from engine.readers.genome_check import settle_genome
from engine.readers.options import STUDY_ID, ReadOptions
from engine.readers.panels import Panel, infer_panel, panel_table, stated_panel
from engine.readers.profiling import Profiling
from engine.readers.rows import AlterationRows

_SUFFIXES = re.compile(r"(\.(gz|bgz|maf|txt|tsv|csv|vcf))+$", re.IGNORECASE)


@dataclass(frozen=True)
class Measured:
    """What was looked for in a file, told by what it holds.

    Attributes:
        mutations: It holds a mutation, or nothing at all.
        copy_number: It holds a copy-number call.
        fusions: It holds a fusion.
        cna_levels: 5 if it holds a single-copy call, 3 if others only, None without any.
    """

    mutations: bool
    copy_number: bool
    fusions: bool
    cna_levels: int | None

    @classmethod
    def of(cls, alterations: pa.Table) -> Measured:
        """Look at the kinds of alterations."""
        kinds = set(pc.unique(alterations["kind"]).to_pylist())
        single = not kinds.isdisjoint(SINGLE_COPY_KINDS)
        copy_number = single or not kinds.isdisjoint(COPY_NUMBER_KINDS)
        others = kinds - {*SINGLE_COPY_KINDS, *COPY_NUMBER_KINDS, Kind.FUSION}
        return cls(
            mutations=bool(others) or not kinds,
            copy_number=copy_number,
            fusions=Kind.FUSION in kinds,
            cna_levels=(5 if single else 3) if copy_number else None,
        )


def bare_cohort(
    rows: AlterationRows, path: Path, options: ReadOptions, context: ReadContext
) -> Cohort:
    """Make a cohort of the rows of one file.

    Each sample is a patient of its own. The panel is the one that is stated, else guessed.

    Args:
        rows: Rows whose panels and duplicates are not judged yet.
        path: The file, for the name of the study.
        options: What the user states.
        context: Shared state.

    Returns:
        The cohort.

    Raises:
        ImportRefusedError: If no row can be taken in.
    """
    sample_ids = rows.sample_ids()
    if not sample_ids:
        raise context.collector.refusal(rows.account.file)
    settle_genome(rows, context)
    panel = panel_of_file(rows.genes_seen(context.genes), options, context)
    profiling = Profiling.of_one_panel(sample_ids, panel, context.genes)
    rows.keep_profiled(profiling, context.genes)
    rows.drop_duplicates()
    alterations = rows.finish(context.genes)
    measured = Measured.of(alterations)
    context.note(_note_of_unmeasured(measured))
    study_id = study_id_of_file(path, options.study_id)
    has_positions = alterations["start_position"].null_count < alterations.num_rows
    genome = context.genome_or_default() if has_positions else context.genome or DEFAULT_GENOME
    return Cohort(
        study=Study(study_id=study_id, name=study_id, genome=genome),
        samples=bare_samples(sample_ids, panel, measured, options.cancer_type),
        alterations=alterations,
        panels=panel_table({panel.panel_id: panel.genes}),
        clinical=CLINICAL.empty_table(),
        attributes=ATTRIBUTES.empty_table(),
        report=context.collector.build(),
        source_digest=context.source_digest(),
        notes=tuple(context.notes),
    )


def panel_of_file(seen: frozenset[str], options: ReadOptions, context: ReadContext) -> Panel:
    """Return the panel that is stated, else guess it and note so.

    Args:
        seen: Approved symbols with an alteration in the file.
        options: What the user states.
        context: Shared state.

    Returns:
        The panel.
    """
    if options.panel is not None:
        return stated_panel(options.panel, context.genes)
    panel = infer_panel(seen, context.genes)
    context.note(panel.note)
    return panel


def bare_samples(
    sample_ids: Sequence[str], panel: Panel, measured: Measured, cancer_type: str | None
) -> pa.Table:
    """Write down samples that were all looked at with one panel, `SAMPLES`."""
    row: Mapping[str, object] = {
        "cancer_type": cancer_type,
        "mutation_panel": panel.panel_id if measured.mutations else None,
        "cna_panel": panel.panel_id if measured.copy_number else None,
        "fusion_panel": panel.panel_id if measured.fusions else None,
        "cna_levels": measured.cna_levels,
    }
    rows = [{**row, "sample_id": name, "patient_id": name} for name in sorted(sample_ids)]
    return pa.Table.from_pylist(rows, schema=SAMPLES)


def study_id_of_file(path: Path, stated: str | None) -> str:
    """Return the id of a study made of one file: as stated, else the file's name.

    Args:
        path: The file; its suffixes and odd characters are dropped.
        stated: What the user states.

    Returns:
        A valid study id.
    """
    if stated is not None:
        return stated
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", _SUFFIXES.sub("", path.name)).strip("._-")[:128]
    return name if STUDY_ID.fullmatch(name) else "import"


def _note_of_unmeasured(measured: Measured) -> str | None:
    there = {
        "mutations": measured.mutations,
        "copy number": measured.copy_number,
        "fusions": measured.fusions,
    }
    absent = [name for name, found in there.items() if not found]
    if not absent:
        return None
    return (
        f"The file holds no {' and no '.join(absent)}; these count as not looked for, "
        "not as absent."
    )
