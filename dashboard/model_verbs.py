"""The verbs for models: train one, and measure it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cache.store import Store
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from dashboard.training import Sources
    from engine.config import PretrainConfig
    from engine.evaluation.rows import Evaluation
    from engine.training.pretrain import PretrainResult


class ModelVerbs:
    """What can be asked for of models, on the studies of one TumorXY home or of a folder.

    Args:
        store: The store of the home.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def pretrain(
        self,
        sources: Sources,
        out_dir: Path,
        config: PretrainConfig,
        *,
        resume: bool = False,
        progress: Progress = no_progress,
    ) -> PretrainResult:
        """Train an encoder and all that predicts; it is written to a folder and not installed.

        Args:
            sources: Studies to train on.
            out_dir: Folder for weights, vocabulary, settings and card.
            config: Settings of the run.
            resume: Whether to continue from the checkpoint in `out_dir`, if there is one.
            progress: Told how far the work is.

        Returns:
            Folder, digest of all that was written, and card.
        """
        from dashboard.training import fit_predictors, read_sources
        from engine.training.pretrain import pretrain
        from engine.weights import read_verified

        material = read_sources(self._store, sources, progress)
        tables = {study_id: study.tables for study_id, study in material.studies.items()}
        result = pretrain(tables, config, out_dir, resume=resume, progress=progress)
        fit_predictors(out_dir, material, progress)
        return replace(result, model_digest=read_verified(out_dir)[1])

    def evaluate(
        self,
        sources: Sources,
        directory: Path | None = None,
        sections: Sequence[str] = (),
        progress: Progress = no_progress,
    ) -> Evaluation:
        """Measure a model on patients who took no part in its training.

        Args:
            sources: Studies that it was trained on, and cohorts of treated patients.
            directory: Folder of the model; the installed one when None.
            sections: Sections of the protocol; all when empty.
            progress: Told how far the work is.

        Returns:
            The evidence.
        """
        from dashboard.evaluating import evaluate_model
        from dashboard.training import read_sources
        from engine.weights import SHIPPED

        material = read_sources(self._store, sources, progress)
        return evaluate_model(directory or SHIPPED, material, sections, progress)

    def add_ablations(
        self,
        evaluation: Evaluation,
        sources: Sources,
        out_dir: Path,
        directory: Path | None = None,
        progress: Progress = no_progress,
    ) -> Evaluation:
        """Pretrain short variants with one thing changed, and probe each on validation patients.

        Args:
            evaluation: What the variants are added to.
            sources: Studies to train on.
            out_dir: Folder for one result per variant; those that are there are not run again.
            directory: Folder of the model whose settings are varied; the installed one when None.
            progress: Told how far the work is.

        Returns:
            The evaluation with the figures of the variants.
        """
        from dashboard.evaluating import ablate
        from dashboard.training import read_sources
        from engine.weights import SHIPPED

        material = read_sources(self._store, sources, progress)
        found = ablate(directory or SHIPPED, material, out_dir, progress)
        return replace(evaluation, ablations=found)
