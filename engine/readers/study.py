"""Read a cBioPortal study folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from engine.cohort import ALTERATIONS, Cohort, Study
from engine.errors import ImportRefusedError
from engine.genes import GeneTable
from engine.panel_notes import CNA, FUSIONS, MUTATIONS, study_states_none
from engine.progress import Progress, no_progress
from engine.readers.clinical import (
    PATIENT,
    SAMPLE,
    ClinicalFile,
    clinical_tables,
    read_clinical,
    read_extra,
)
from engine.readers.cna import read_cna
from engine.readers.context import ReadContext
from engine.readers.findings import Rule
from engine.readers.fusions import read_fusions
from engine.readers.genome_check import settle_genome
from engine.readers.maf import read_maf
from engine.readers.options import ReadOptions, genome_name
from engine.readers.panel_matrix import PanelOf, read_panel_matrix
from engine.readers.panels import Panel, exome, panel_table, read_panel_files, stated_panel
from engine.readers.profiling import Profiling
from engine.readers.study_files import (
    CLINICAL_PATIENT,
    CLINICAL_SAMPLE,
    HARMONISED,
    META_STUDY,
    PANEL_MATRIX,
    StudyFiles,
    find_files,
    study_id_of,
)
from engine.readers.study_samples import (
    CancerTypes,
    SamplePanels,
    cancer_type_of_study,
    sample_table,
)

STAGES = ("clinical data", "panels", "mutations", "copy number", "fusions")
CASE_LISTS = {MUTATIONS: "sequenced", FUSIONS: "sv"}
"""Kind of measurement to the case list of the samples in which it was made."""

LOST_SAMPLE = Rule(
    "sample-without-sound-row",
    "Every row of the sample breaks a rule, so its mutations are unknown; it counts as not "
    "profiled. Correct its rows and import again.",
)


def read_study(
    folder: Path, options: ReadOptions, genes: GeneTable, progress: Progress = no_progress
) -> Cohort:
    """Read a study.

    Args:
        folder: With at least `data_clinical_sample.txt`.
        options: What the user states.
        genes: Gene table.
        progress: Told of each stage.

    Returns:
        The cohort; a sample without an alteration is one of its samples.

    Raises:
        ImportRefusedError: If a file cannot be taken in; nothing of the study is.
    """
    files = find_files(folder, options.limits)
    study_id = study_id_of(files, options.study_id)
    context = ReadContext(genes, options.limits, genome=_stated_genome(files, options))
    progress(f"Reading {STAGES[0]}", 0, len(STAGES))
    samples, by_patient = _read_clinical_data(files, context)
    clinical, attributes = clinical_tables(samples, by_patient, context)
    progress(f"Reading {STAGES[1]}", 1, len(STAGES))
    profile = _Profile(files, context, tuple(sorted(samples.ids)), options.panel)
    profile.read_panels()
    alterations = _read_alterations(files, profile, progress)
    otherwise = options.cancer_type or cancer_type_of_study(files.meta)
    table = sample_table(samples, CancerTypes.of(samples, otherwise), profile.of_samples())
    context.note(_note_of_unread(files))
    return Cohort(
        study=_study(files, study_id, context),
        samples=table,
        alterations=alterations,
        panels=panel_table(profile.named(table)),
        clinical=clinical,
        attributes=attributes,
        report=context.collector.build(),
        source_digest=context.source_digest(),
        notes=tuple(context.notes),
    )


@dataclass
class _Profile:
    """Which sample was looked at with which panel, as far as it is known.

    Attributes:
        stated: Panel that the user states for samples of which the study states none.
        panels: Panels by id.
        panel_of: Kind of measurement to sample to panel; only kinds with a data file count.
        cna_levels: 5 or 3 once the copy-number matrix was read.
    """

    files: StudyFiles
    context: ReadContext
    sample_ids: tuple[str, ...]
    stated: str | None
    panels: dict[str, Panel] = field(default_factory=dict)
    panel_of: dict[str, PanelOf] = field(default_factory=dict)
    cna_levels: int | None = None

    def read_panels(self) -> None:
        """Read panel files and the matrix; fall back on case lists and the exome."""
        context, data = self.context, self.files.data
        self.panels = read_panel_files(
            self.files.panels, context.limits, context.genes, context.collector
        )
        if PANEL_MATRIX in data:
            samples = frozenset(self.sample_ids)
            self.panel_of = read_panel_matrix(data[PANEL_MATRIX], samples, self.panels, context)
        for kind in (MUTATIONS, FUSIONS):
            if kind in data and kind not in self.panel_of:
                self._assume(kind)

    def of(self, kind: str) -> Profiling:
        """Return the panels of one kind of measurement."""
        return Profiling(self.panel_of[kind], self.panels, self.context.genes)

    def of_samples(self) -> SamplePanels:
        """Return the panels of all samples; what has no data file was not measured."""
        there = {kind: p for kind, p in self.panel_of.items() if kind in self.files.data}
        return SamplePanels(
            mutations=there.get(MUTATIONS, {}),
            cna=there.get(CNA, {}),
            fusions=there.get(FUSIONS, {}),
            cna_levels=self.cna_levels,
        )

    def named(self, samples: pa.Table) -> dict[str, frozenset[str]]:
        """Return the genes of the panels that samples name."""
        columns = ("mutation_panel", "cna_panel", "fusion_panel")
        named = {name for column in columns for name in samples[column].unique().to_pylist()}
        return {name: self.panels[name].genes for name in named - {None}}

    def _assume(self, kind: str) -> None:
        """Take fusions as looked for on the panel of mutations, else the stated one or an exome."""
        listed = self.files.case_lists.get(CASE_LISTS[kind])
        assumed = self.panel_of.get(MUTATIONS)
        genes = "the genes of their mutation panel"
        if assumed is None:
            panel = self._panel_of_study()
            self.panels[panel.panel_id] = panel
            assumed = dict.fromkeys(self.sample_ids, panel.panel_id)
            genes = f"the {len(panel.genes):,} genes of {panel.panel_id}"
        self.panel_of[kind] = {
            name: panel_id if listed is None or name in listed else None
            for name, panel_id in assumed.items()
        }
        whose = "all samples" if listed is None else f"the samples of case list {CASE_LISTS[kind]}"
        self.context.note(
            f"{study_states_none(kind)}{whose} count as looked at in {genes}. "
            "Add data_gene_panel_matrix.txt if this is wrong."
        )

    def _panel_of_study(self) -> Panel:
        genes = self.context.genes
        return exome(genes) if self.stated is None else stated_panel(self.stated, genes)


def _stated_genome(files: StudyFiles, options: ReadOptions) -> str | None:
    """Return the genome build of the study's meta file or of the user; refuse a contradiction."""
    written = files.meta.get("reference_genome")
    if not written:
        return options.genome
    try:
        genome = genome_name(written)
    except ValueError:
        genome = None
    if genome is not None and options.genome in (None, genome):
        return genome
    expected = options.genome or "GRCh37 (hg19) or GRCh38 (hg38)"
    raise ImportRefusedError(
        f"the genome build of the study is not the expected one; expected {expected}",
        advice="Correct reference_genome, or state no other build with --genome",
        file=META_STUDY,
        rule="genome-build",
        column="reference_genome",
        value=written,
    )


def _read_clinical_data(
    files: StudyFiles, context: ReadContext
) -> tuple[ClinicalFile, list[ClinicalFile]]:
    """Read samples, then patients."""
    if CLINICAL_SAMPLE not in files.data:
        raise ImportRefusedError(
            "the file data_clinical_sample.txt is missing; expected it in a study folder",
            advice="Add it, or import the file of mutations by itself",
            file=files.folder.name,
            rule="missing-file",
        )
    samples = read_clinical(files.data[CLINICAL_SAMPLE], SAMPLE, context)
    if not samples.ids:
        raise context.collector.refusal(samples.table.file)
    patients = frozenset(samples.patients)
    by_patient = []
    if CLINICAL_PATIENT in files.data:
        path = files.data[CLINICAL_PATIENT]
        by_patient.append(read_clinical(path, PATIENT, context, patients=patients))
    extra = files.folder / HARMONISED
    if extra.is_file():
        by_patient.append(read_extra(extra, context, patients))
    return samples, by_patient


def _read_alterations(files: StudyFiles, profile: _Profile, progress: Progress) -> pa.Table:
    """Read mutations, copy number and fusions; `ALTERATIONS`."""
    context, data = profile.context, files.data
    parts = [ALTERATIONS.empty_table()]
    progress(f"Reading {STAGES[2]}", 2, len(STAGES))
    if MUTATIONS in data:
        parts.append(_read_mutations(data[MUTATIONS], profile))
    progress(f"Reading {STAGES[3]}", 3, len(STAGES))
    if CNA in data:
        profiling = profile.of(CNA) if CNA in profile.panel_of else None
        found = read_cna(data[CNA], profile.sample_ids, profiling, context)
        profile.panel_of[CNA] = found.panel_of
        profile.panels |= found.panels
        profile.cna_levels = found.levels
        parts.append(found.alterations)
    progress(f"Reading {STAGES[4]}", 4, len(STAGES))
    if FUSIONS in data:
        parts.append(read_fusions(data[FUSIONS], profile.of(FUSIONS), context))
    progress(f"Reading {STAGES[4]}", len(STAGES), len(STAGES))
    return pa.concat_tables(parts)


def _read_mutations(path: Path, profile: _Profile) -> pa.Table:
    """Read mutations; a sample that lost every row to a broken rule is not wild type."""
    context, panel_of = profile.context, profile.panel_of[MUTATIONS]
    rows = read_maf(path, context)
    settle_genome(rows, context)
    rows.keep_profiled(profile.of(MUTATIONS), context.genes)
    rows.drop_duplicates()
    if rows.account.rejected.any() and not rows.account.keep.any():
        raise context.collector.refusal(path.name)
    lost = [name for name in rows.lost_samples() if panel_of.get(name) is not None]
    if lost:
        value = f"{len(lost)} samples, the first is {lost[0]}"
        context.collector.warn(path.name, LOST_SAMPLE, column=rows.sample_column, values=value)
        panel_of.update(dict.fromkeys(lost))
    return rows.finish(context.genes)


def _study(files: StudyFiles, study_id: str, context: ReadContext) -> Study:
    return Study(
        study_id=study_id,
        name=files.meta.get("name") or study_id,
        genome=context.genome_or_default(),
        description=files.meta.get("description", ""),
        citation=files.meta.get("citation", ""),
    )


def _note_of_unread(files: StudyFiles) -> str | None:
    if not files.unread:
        return None
    return f"Files of other kinds were not read: {', '.join(files.unread)}."
