"""The verbs of TumorXY, where engine meets cache. No Streamlit; torch is loaded when needed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from cache.schema import STUDIES
from cache.store import Store
from cache.workspace import WorkspaceStore
from dashboard.errors import NothingToDoError, require_source
from dashboard.outcomes import (
    Check,
    DemoOutcome,
    EmbedOutcome,
    ImportOutcome,
    LayoutOutcome,
    PlaceOutcome,
)
from dashboard.settings import make_private
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from dashboard.model_verbs import ModelVerbs
    from dashboard.own_head_verbs import OwnHeadVerbs
    from dashboard.placing import Placer
    from engine.cohort import Cohort
    from engine.embed import Encoder
    from engine.readers.options import ReadOptions


class Service:
    """Everything that the faces can ask for, on one TumorXY home."""

    def __init__(self, home: Path) -> None:
        """Work on the store in `home`; the folder is created when it is not there."""
        self.home = make_private(home)
        self.store = Store(home)
        self.workspace = WorkspaceStore(home)

    @cached_property
    def encoder(self) -> Encoder:
        """The shipped encoder, loaded and verified on first use."""
        from engine.embed import Encoder

        return Encoder.load()

    @cached_property
    def model_digest(self) -> str:
        """Digest of the shipped model, read and verified without building the encoder."""
        from dashboard.published_map import installed_digest

        return installed_digest()

    def import_path(
        self, path: Path, options: ReadOptions, progress: Progress = no_progress
    ) -> ImportOutcome:
        """Take a study into the store; an older import of the same study gives way.

        Args:
            path: Study folder, MAF, VCF or table.
            options: What the caller states about it.
            progress: Told how far the work is.

        Returns:
            What was loaded, with the account of every line.

        Raises:
            SourceNotFoundError: If there is nothing at `path`.
            ImportRefusedError: If it is refused; the store is untouched.
            StoreBusyError: If another import is publishing.
        """
        started = time.monotonic()
        cohort = self._read(path, options, progress)
        return self.import_cohort(cohort, progress, started=started)

    def import_cohort(
        self, cohort: Cohort, progress: Progress = no_progress, *, started: float | None = None
    ) -> ImportOutcome:
        """Take a cohort that was read already into the store.

        Args:
            cohort: The cohort.
            progress: Told how far the work is.
            started: Moment of `time.monotonic` from which the elapsed time counts; now when None.

        Returns:
            What was loaded.
        """
        started = time.monotonic() if started is None else started
        progress("Publishing the study", 0, 1)
        with self.store.write(purpose=f"import {cohort.study.study_id}") as writer:
            writer.replace_study(
                {**asdict(cohort.study), "source_digest": cohort.source_digest},
                **cohort_tables(cohort),
            )
        progress("Publishing the study", 1, 1)
        return ImportOutcome(
            study_id=cohort.study.study_id,
            num_samples=cohort.samples.num_rows,
            num_patients=pc.count_distinct(cohort.samples["patient_id"]).as_py(),
            num_alterations=cohort.alterations.num_rows,
            files=cohort.report.files,
            findings=cohort.report.findings,
            notes=cohort.notes,
            elapsed_s=time.monotonic() - started,
        )

    def embed(
        self, study_ids: Sequence[str] | None = None, progress: Progress = no_progress
    ) -> EmbedOutcome:
        """Compute the embeddings that are not there yet, and place those tumors on the map.

        Args:
            study_ids: Studies; all when None.
            progress: Told how far the work is.

        Returns:
            How many were computed and how many were there.

        Raises:
            NothingToDoError: If no study is imported.
            StudyNotFoundError: If a study is not in the store.
        """
        from dashboard.embedding import embed_studies

        self._require_studies("Embeddings are computed from imported studies")
        outcome = embed_studies(self.store, self.encoder, study_ids, progress)
        self.heads.predict(outcome.study_ids, progress)
        return outcome

    def layout(self, name: str = "main", progress: Progress = no_progress) -> LayoutOutcome:
        """Fit a map of every embedded tumor and publish it as a new version.

        Args:
            name: Name of the map; a map of that name keeps its orientation.
            progress: Told how far the work is.

        Returns:
            The version, and how faithful it is.

        Raises:
            NothingToDoError: If no tumor is embedded.
        """
        from dashboard.mapping import fit_map

        self._require_studies("A map is made of imported and embedded studies")
        return fit_map(self.store, self.encoder.digest, name, progress)

    def place(
        self,
        path: Path,
        options: ReadOptions,
        *,
        save: bool = False,
        progress: Progress = no_progress,
    ) -> PlaceOutcome:
        """Put the tumors of a file on the current map; nobody else moves.

        Args:
            path: MAF, VCF, table or study folder.
            options: What the caller states about it.
            save: Whether to store the tumors as a study, with embeddings and coordinates.
            progress: Told how far the work is.

        Returns:
            The placed tumors.

        Raises:
            SourceNotFoundError: If there is nothing at `path`.
            ImportRefusedError: If the file is refused.
            NoMapError: If there is no map for the shipped model.
        """
        from dashboard.placing import place_outcome

        started = time.monotonic()
        # Loading the encoder and the map takes as long as the child takes to read the file.
        with ThreadPoolExecutor(max_workers=1) as background:
            loading = background.submit(self.placer)
            cohort = self._read(path, options, progress)
            placer = loading.result()
        tumors = placer.place(cohort, progress)
        if save:
            self.import_cohort(cohort, progress)
            self.embed([cohort.study.study_id], progress)
        return place_outcome(
            placer, cohort, tumors, saved=save, elapsed_s=time.monotonic() - started
        )

    def placer(self) -> Placer:
        """Return what places tumors within a running dashboard: encoder and map in memory.

        Raises:
            NoMapError: If there is no map for the shipped model.
        """
        from dashboard.placing import Placer

        return Placer.load(self.store, self.encoder, self.heads.folder)

    def export(self, study_id: str, out_dir: Path) -> list[Path]:
        """Write a study as Parquet files.

        Args:
            study_id: The study.
            out_dir: Folder to write into; files of an earlier export are replaced.

        Returns:
            The files: samples, alterations, embeddings, coordinates, predictions.

        Raises:
            StudyNotFoundError: If the study is not in the store.
            ExportError: If the folder cannot be written.
        """
        from dashboard.exporting import export_study

        self._require_studies("An export is made of an imported study")
        return export_study(self.store, self.encoder, study_id, out_dir)

    @cached_property
    def models(self) -> ModelVerbs:
        """Training and evidence of models."""
        from dashboard.model_verbs import ModelVerbs

        return ModelVerbs(self.store)

    @cached_property
    def heads(self) -> OwnHeadVerbs:
        """Heads that the user trains on labels of their own."""
        from dashboard.own_head_verbs import OwnHeadVerbs

        return OwnHeadVerbs(self.home / "heads", self.store, lambda: self.encoder)

    def list_studies(self) -> pa.Table:
        """Return the imported studies, as `cache.store.Reader.list_studies` does."""
        if not self.store.exists():
            return STUDIES.empty_table()
        with self.store.read() as reader:
            return reader.list_studies()

    def remove(self, study_id: str) -> None:
        """Delete a study with everything derived from it, and its names from the workspace.

        Raises:
            StudyNotFoundError: If the study is not in the store.
        """
        self._require_studies(f"{study_id} cannot be removed")
        names = {row["study_id"]: row["name"] for row in self.list_studies().to_pylist()}
        with self.store.write(purpose=f"remove {study_id}") as writer:
            writer.remove_study(study_id)
            # Before the change is published: should this fail, nothing is removed.
            self.workspace.forget_study(study_id, names[study_id])

    def doctor(self) -> list[Check]:
        """Look at everything this installation needs, and tell what to fix."""
        from dashboard.doctor import examine

        return examine(self.home, self.store)

    def demo(self, progress: Progress = no_progress) -> DemoOutcome:
        """Build the map of the bundled synthetic cohort, unless it is there."""
        from dashboard.demo import build_demo

        return build_demo(self, progress)

    def _read(self, path: Path, options: ReadOptions, progress: Progress) -> Cohort:
        require_source(path)
        from engine.sandbox import read_in_child

        return read_in_child(path, options, progress)

    def _require_studies(self, purpose: str) -> None:
        if not self.store.exists():
            raise NothingToDoError(
                f"{purpose}, and none is imported. Begin with `tumorxy import PATH` or "
                "`tumorxy demo`."
            )


def cohort_tables(cohort: Cohort) -> dict[str, Any]:
    """Return what the store keeps of a cohort, by the names of its arguments."""
    return {
        "samples": cohort.samples,
        "alterations": cohort.alterations,
        "panels": cohort.panels,
        "clinical": cohort.clinical,
        "attributes": cohort.attributes,
        "files": cohort.report.files,
        "findings": cohort.report.findings,
        "notes": list(cohort.notes),
    }
