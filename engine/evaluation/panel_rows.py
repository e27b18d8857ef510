"""Evidence that a tumor lands in the same place whichever panel it is seen through."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from engine.batching import Batch
from engine.embed import Encoder
from engine.evaluation.cohort import EvaluationCohort
from engine.evaluation.flags import named_row
from engine.evaluation.paired import compare
from engine.evaluation.raw import View, raw_features
from engine.evaluation.rows import Row
from engine.genes import GeneTable
from engine.progress import Progress, no_progress
from engine.tokens import COPY_NUMBER, TumorTokens
from engine.training.split import TEST
from engine.training.views import restrict, through_panel

FIRST, SECOND = "IMPACT468", "FoundationOne"
NUM_POOL, NUM_ASKED = 30_000, 1_000
REACH = 50.0
FEWEST_GENES = 1_000
"""Genes of the vocabulary that a tumor seen whole has been sequenced in."""

SEED = 0


def panel_rows(
    encoder: Encoder,
    cohort: EvaluationCohort,
    progress: Progress = no_progress,
    *,
    part: str = TEST,
) -> list[Row]:
    """Look for tumors seen through one panel among tumors seen through another.

    Args:
        encoder: The encoder.
        cohort: Tumors; those sequenced widely are asked for.
        progress: Told how far the reading is.
        part: Whose patients are asked for; the others only stand in the crowd.

    Returns:
        Median rank of the tumor's other self among 30,000: between two panels, and between a
        panel and the whole tumor. Raw features under the cosine stand beside it.
    """
    asked, pool = _draw(cohort, part)
    queries, tokens = cohort.tokens.take(asked), cohort.tokens.take(pool)
    own = np.searchsorted(pool, asked)
    patients = [cohort.patient_ids[i] for i in asked]
    first, second = (panel_view(panel_mask(encoder, name)) for name in (FIRST, SECOND))
    views: dict[str, View | None] = {SECOND: second, "all that was measured": None}
    found = encoder.read(queries, view=first, progress=progress).embeddings
    rows = []
    for name, view in views.items():
        crowd = encoder.read(tokens, view=view, progress=progress).embeddings
        ranks = {
            "ours": ranks_of_self(found, crowd, own),
            "raw features": _raw_ranks(queries, tokens, first, view, own),
        }
        named = _named(f"{FIRST} to {name}", part, len(pool))
        rows.append(_row(named, ranks, patients))
    return rows


def _named(view: str, part: str, num_pool: int) -> Row:
    return named_row(
        "same tumor, two panels",
        view,
        "median rank",
        part=part,
        reach=REACH,
        lower=True,
        note=f"among {num_pool:,} tumors",
    )


def _row(named: Row, ranks: dict[str, npt.NDArray[np.int64]], patients: list[str]) -> Row:
    told = {name: found[:, None].astype(np.float64) for name, found in ranks.items()}
    return compare(named, _median, told, np.zeros(len(patients), dtype=np.int64), patients)


def _draw(
    cohort: EvaluationCohort, part: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Draw the tumors that are asked for, and a crowd that holds them, both ascending."""
    generator = np.random.default_rng(SEED)
    wide = np.flatnonzero((cohort.parts == part) & (cohort.tokens.num_genes >= FEWEST_GENES))
    asked = np.sort(generator.permutation(wide)[:NUM_ASKED])
    others = np.setdiff1d(np.arange(len(cohort.tokens)), asked)
    crowd = generator.permutation(others)[: max(NUM_POOL - len(asked), 0)]
    return asked, np.sort(np.concatenate([asked, crowd]))


def panel_mask(encoder: Encoder, name: str) -> torch.Tensor:
    """Return which genes of the vocabulary a clinical panel has, (G,), bool."""
    members = GeneTable.load().panels()[name]
    return torch.tensor([gene in members for gene in encoder.vocabulary.genes])


def panel_view(genes: torch.Tensor) -> View:
    """See tumors through a panel that reports mutations alone."""

    def view(batch: Batch) -> Batch:
        seen = through_panel(batch, genes)
        profiled = seen.profiled.clone()
        profiled[COPY_NUMBER] = False
        return restrict(seen, profiled)

    return view


def ranks_of_self(
    queries: npt.NDArray[np.float32], pool: npt.NDArray[np.float32], own: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Rank each tumor's other self by cosine.

    Args:
        queries: Unit vectors, (n, D).
        pool: Unit vectors, (N, D).
        own: Row of the other self of each query, (n,).

    Returns:
        1 where nobody is nearer, (n,); of equals the other self counts as the middle one.
    """
    ranks = np.empty(len(queries), dtype=np.int64)
    for start in range(0, len(queries), 256):
        block = slice(start, start + 256)
        ranks[block] = _ranks(queries[block] @ pool.T, own[block])
    return ranks


def _ranks(near: npt.NDArray[np.floating], own: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Rank the cosine of each row's other self among the cosines of the row, (n,)."""
    self_near = near[np.arange(len(near)), own][:, None]
    above, equal = (near > self_near).sum(axis=1), (near == self_near).sum(axis=1)
    return np.asarray(above + (equal + 1) // 2)


def _raw_ranks(
    queries: TumorTokens,
    pool: TumorTokens,
    first: View,
    second: View | None,
    own: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    sides = []
    for tokens, view in ((queries, first), (pool, second)):
        genes = raw_features(tokens, view)[:, :-1]
        lengths = np.sqrt(np.asarray(genes.multiply(genes).sum(axis=1))).clip(min=1e-9)
        sides.append(genes.multiply(1 / lengths).tocsr())
    ranks = np.empty(len(queries), dtype=np.int64)
    for start in range(0, len(queries), 256):
        block = slice(start, start + 256)
        ranks[block] = _ranks((sides[0][block] @ sides[1].T).toarray(), own[block])
    return ranks


def _median(values: npt.NDArray[np.floating], _: npt.NDArray[np.int64]) -> float:
    return float(np.median(values))
