"""Evidence that the model knows when it does not know: what it flags as unlike the reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.flags import named_row, share_row
from engine.evaluation.rows import Row
from engine.evaluation.subtypes import AS_MEASURED
from engine.gene_patterns import num_mutated
from engine.genes import GeneTable
from engine.ood import OodDetector
from engine.progress import Progress, no_progress
from engine.tokens import TumorTokens
from engine.training.fit_ood import fit_detector, read_tumors
from engine.training.narrow import narrow
from engine.training.shuffle import shuffle_genes
from engine.training.split import TEST, TRAIN, VALIDATION

TASK, FLAGGED = "out of distribution", "share flagged"
OTHER_PANELS = ("FoundationOne", "DFCI-ONCOPANEL-3")
FEWEST_FOR_A_GUESS = 4
"""Mutated genes from which on shuffling can be told without copy number."""

SEED = 17


def ood_rows(
    encoder: Encoder,
    detector: OodDetector,
    cohort: EvaluationCohort,
    progress: Progress = no_progress,
    *,
    part: str = TEST,
) -> list[Row]:
    """Measure false flags, and flags of shuffled genes and of other panels.

    Args:
        encoder: The encoder.
        detector: Its detector.
        cohort: Tumors.
        progress: Told how far the reading is.
        part: Whose patients are measured.

    Returns:
        The rows.
    """
    rows = np.flatnonzero(cohort.parts == part)
    tokens = cohort.tokens.take(rows)
    patients = _patients(cohort, cohort.parts == part)
    flags = _flags(encoder, detector, tokens, progress)
    named = named_row(TASK, AS_MEASURED, "false flags", part=part, reach=0.05, lower=True)
    found = [share_row(named, flags, patients)]
    found += _shuffled(encoder, detector, tokens, patients, part, progress)
    return found + _other_panels(encoder, detector, tokens, patients, part)


def cell_line_rows(encoder: Encoder, detector: OodDetector, lines: TumorTokens) -> list[Row]:
    """Measure how many cell lines are flagged; they are no tumors, but derive from them.

    Args:
        encoder: The encoder.
        detector: Its detector.
        lines: Cell lines that were profiled.

    Returns:
        One row.
    """
    named = named_row(TASK, "cell lines", FLAGGED, part="cell lines")
    flags = _flags(encoder, detector, lines, no_progress)
    return [share_row(named, flags, lines.sample_ids)]


def left_out_rows(
    directory: Path,
    cohort: EvaluationCohort,
    left_out: Sequence[str],
    progress: Progress = no_progress,
    *,
    part: str = TEST,
) -> list[Row]:
    """Measure flags of cancer types that neither the encoder nor the detector has seen.

    Args:
        directory: Folder of an encoder that was pretrained without these types; its detector is
            fitted here, without them too.
        cohort: Tumors.
        left_out: Types, as `EvaluationCohort.type_codes` names them.
        progress: Told how far the reading is.
        part: Whose patients are measured.

    Returns:
        Flags of all left-out tumors, of those whose copy number was graded, and by type; then the
        false flags of the types that stayed.
    """
    encoder = Encoder.load(directory)
    types = cohort.type_codes
    out = np.isin(types, left_out)
    qualified = [
        f"{study}: {name}" for study, name in zip(cohort.study_ids, types.tolist(), strict=True)
    ]
    train, validation = (
        read_tumors(encoder, cohort.tokens, qualified, np.flatnonzero(~out & (cohort.parts == p)))
        for p in (TRAIN, VALIDATION)
    )
    detector = fit_detector(encoder, train, validation, progress)
    measured = np.flatnonzero(cohort.parts == part)
    flags = np.zeros(len(out), dtype=bool)
    flags[measured] = _flags(encoder, detector, cohort.tokens.take(measured), progress)
    is_measured = cohort.parts == part
    return _left_out(cohort, types, out & is_measured, ~out & is_measured, flags, part)


def _left_out(
    cohort: EvaluationCohort,
    types: npt.NDArray[np.str_],
    out: npt.NDArray[np.bool_],
    stayed: npt.NDArray[np.bool_],
    flags: npt.NDArray[np.bool_],
    part: str,
) -> list[Row]:
    graded = np.asarray(cohort.tokens.graded)
    groups: list[tuple[str, npt.NDArray[np.bool_], float | None]] = [
        ("types left out of training", out, 0.60),
        ("types left out, copy number graded", out & graded, None),
    ]
    groups += [(f"left out: {name}", out & (types == name), None) for name in np.unique(types[out])]
    rows = []
    for view, chosen, reach in groups:
        if chosen.any():
            named = named_row(TASK, view, FLAGGED, part=part, reach=reach)
            rows.append(share_row(named, flags[chosen], _patients(cohort, chosen)))
    named = named_row(TASK, "types that stayed", "false flags", part=part, reach=0.05, lower=True)
    return [*rows, share_row(named, flags[stayed], _patients(cohort, stayed))]


def _patients(cohort: EvaluationCohort, chosen: npt.NDArray[np.bool_]) -> list[str]:
    return [cohort.patient_ids[i] for i in np.flatnonzero(chosen).tolist()]


def _shuffled(
    encoder: Encoder,
    detector: OodDetector,
    tokens: TumorTokens,
    patients: list[str],
    part: str,
    progress: Progress,
) -> list[Row]:
    number = num_mutated(tokens)
    graded = np.asarray(tokens.graded)
    nonsense = shuffle_genes(tokens, encoder.vocabulary, SEED)
    flags = _flags(encoder, detector, nonsense, progress)
    altered = np.diff(tokens.cu_tokens) > 0
    groups: list[tuple[str, npt.NDArray[np.bool_], float | None]] = [
        ("shuffled genes", altered, 0.95),
        ("shuffled genes, copy number graded", altered & graded, 0.95),
        (
            f"shuffled genes, mutations only, {FEWEST_FOR_A_GUESS} or more",
            ~graded & (number >= FEWEST_FOR_A_GUESS),
            0.95,
        ),
        (
            f"shuffled genes, mutations only, fewer than {FEWEST_FOR_A_GUESS}",
            altered & ~graded & (number < FEWEST_FOR_A_GUESS),
            None,
        ),
    ]
    return [
        share_row(
            named_row(TASK, view, FLAGGED, part=part, reach=reach),
            flags[chosen],
            [patients[i] for i in np.flatnonzero(chosen)],
        )
        for view, chosen, reach in groups
        if chosen.any()
    ]


def _other_panels(
    encoder: Encoder,
    detector: OodDetector,
    tokens: TumorTokens,
    patients: list[str],
    part: str,
) -> list[Row]:
    """See the tumors with graded copy number through panels; few should be flagged for that."""
    panels = GeneTable.load().panels()
    graded = np.flatnonzero(tokens.graded)
    rows = []
    for name in OTHER_PANELS:
        if name in panels and len(graded):
            mask = np.array([gene in panels[name] for gene in encoder.vocabulary.genes])
            seen = narrow(tokens.take(graded), mask)
            flags = _flags(encoder, detector, seen, no_progress)
            named = named_row(TASK, f"through {name}", "false flags", part=part, lower=True)
            rows.append(share_row(named, flags, [patients[i] for i in graded]))
    return rows


def _flags(
    encoder: Encoder, detector: OodDetector, tokens: TumorTokens, progress: Progress
) -> npt.NDArray[np.bool_]:
    readout = encoder.read(tokens, progress=progress)
    return detector.score(tokens, readout).out_of_distribution
