"""The evidence for the installed model, measured on patients who took no part in its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard.training import Material, TrainingStudy, labels_of
from engine.progress import Progress

if TYPE_CHECKING:
    from engine.evaluation.cohort import EvaluationCohort
    from engine.evaluation.rows import Evaluation
    from engine.tokens import TumorTokens
    from engine.vocabulary import Vocabulary


def evaluate_model(
    directory: Path,
    material: Material,
    sections: Sequence[str],
    progress: Progress,
) -> Evaluation:
    """Run the protocol on a model folder.

    Args:
        directory: Folder of the model.
        material: Studies that the encoder was trained on, and cohorts of treated patients.
        sections: Sections of the protocol; all when empty.
        progress: Told how far the work is.

    Returns:
        The evidence.

    Raises:
        EvaluationError: If the model has no heads, or a section is unknown.
        WeightsError: If the weights cannot be read.
    """
    from dashboard.outcome_training import outcome_cohort
    from engine.evaluation.protocol import evaluate, subject_of
    from engine.evaluation.reconstruction import dataset_of
    from engine.weights import load_model

    vocabulary = load_model(directory).vocabulary
    cohort = evaluation_cohort(material.studies, vocabulary)
    treated = {
        name: outcome_cohort({name: study}, vocabulary) for name, study in material.treated.items()
    }
    lines = cell_line_tokens(material.cell_lines, vocabulary)
    subject = subject_of(directory, cohort, treated, lines)
    return evaluate(subject, sections, dataset_of(cohort).digest, progress)


def cell_line_tokens(folder: Path | None, vocabulary: Vocabulary) -> TumorTokens | None:
    """Read the cell lines of a folder as tumors; None where there is no folder."""
    from engine.evaluation.cell_lines import cell_line_tables
    from engine.tokens import tokenize

    return None if folder is None else tokenize(cell_line_tables(folder), vocabulary)


def ablate(
    directory: Path, material: Material, out_dir: Path, progress: Progress
) -> dict[str, dict[str, Any]]:
    """Pretrain short variants with one thing changed, and probe each on validation patients.

    Args:
        directory: Folder of the model whose settings are varied.
        material: Studies that the encoder was trained on.
        out_dir: Folder for one result per variant; those that are there are not run again.
        progress: Told how far the work is.

    Returns:
        By variant, its validation figures.
    """
    from engine.config import PretrainConfig
    from engine.evaluation.ablations import run_ablations, variants
    from engine.weights import load_model

    loaded = load_model(directory)
    base = PretrainConfig(encoder=loaded.model.config)
    cohort = evaluation_cohort(material.studies, loaded.vocabulary)
    configs = variants(base)
    return run_ablations(cohort, loaded.vocabulary, configs, out_dir, progress)


def evaluation_cohort(
    studies: Mapping[str, TrainingStudy], vocabulary: Vocabulary
) -> EvaluationCohort:
    """Join studies, one tumor per patient of the first study that has them, as training does.

    Args:
        studies: Studies by name.
        vocabulary: Vocabulary of the encoder.
    """
    from engine.evaluation.cohort import EvaluationCohort
    from engine.evaluation.slices import ATTRIBUTES as GROUPED_BY
    from engine.training.dataset import build_dataset
    from engine.training.outcomes import ATTRIBUTES as OUTCOMES

    wanted = {*GROUPED_BY, *OUTCOMES}
    dataset = build_dataset({name: study.tables for name, study in studies.items()}, vocabulary)
    keys = list(zip(dataset.study_ids, dataset.tokens.sample_ids, strict=True))
    labels: dict[str, dict[tuple[str, str], str | None]] = {}
    attributes: dict[str, dict[tuple[str, str], str | None]] = {}
    types: dict[tuple[str, str], str | None] = {}
    for name, study in studies.items():
        samples = study.tables.samples
        ids = samples["sample_id"].to_pylist()
        types |= _keyed(name, ids, samples["cancer_type"].to_pylist())
        for task, column in labels_of(study).items():
            labels.setdefault(task, {}).update(_keyed(name, ids, column))
        for row in study.clinical.to_pylist():
            if row["attribute"] in wanted:
                known = attributes.setdefault(row["attribute"], {})
                known[name, row["sample_id"]] = row["value"]
    return EvaluationCohort(
        tokens=dataset.tokens,
        study_ids=dataset.study_ids,
        patient_ids=dataset.patient_ids,
        cancer_types=[types[key] for key in keys],
        labels={task: [known.get(key) for key in keys] for task, known in labels.items()},
        attributes={name: [known.get(key) for key in keys] for name, known in attributes.items()},
    )


def _keyed(
    study_id: str, sample_ids: Sequence[str], values: Sequence[str | None]
) -> dict[tuple[str, str], str | None]:
    return {(study_id, s): value for s, value in zip(sample_ids, values, strict=True)}
