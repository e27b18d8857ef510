"""Pairs of mutated genes over the stored tumors: together more often than chance, or never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cache.store import Store
from dashboard.errors import NothingToDoError
from dashboard.regions import Mask, counted_genes, type_names
from engine.epidemiology.counts import Group, count_alterations
from engine.epidemiology.pairs import PairRecord, burden_of, pair_statistics
from engine.epidemiology.patients import one_per_patient, patient_keys
from engine.epidemiology.strata import combine
from engine.genes import GeneTable
from engine.progress import Progress, no_progress

FEWEST_GENES, MOST_GENES = 2, 40


@dataclass(frozen=True, kw_only=True)
class PairsAsked:
    """Which pairs are counted, and in whom.

    Attributes:
        genes: Genes by any of their names; every two of them make a pair.
        cancer_type: Name or OncoTree code of the tumors; all types when None.
        study_ids: Studies; all when None.
    """

    genes: Sequence[str]
    cancer_type: str | None = None
    study_ids: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class PairsTold:
    """What was counted.

    Attributes:
        pairs: One record of each pair of genes, the one with most evidence first: counts among
            tumors profiled for both; odds ratios crude, within study, tumor type and panel, and
            within those and the burden of other genes.
        synthetic: Whether any tumor among them is synthetic.
    """

    pairs: tuple[PairRecord, ...]
    synthetic: bool


def count_pairs(store: Store, asked: PairsAsked, progress: Progress = no_progress) -> PairsTold:
    """Tell which genes are mutated together, one tumor of each patient.

    Args:
        store: The store.
        asked: Which pairs, and in whom.
        progress: Told how far the work is.

    Raises:
        NothingToDoError: If there are too few or too many genes, nothing is imported, or no tumor
            is of that type.
        StudyNotFoundError: If a study is not in the store.
        UnknownGeneError: If a gene is not known.
    """
    table = GeneTable.load()
    wanted = _approved(table, asked.genes)
    if not store.exists():
        raise NothingToDoError("Pairs are counted over imported studies, and none is imported.")
    genes = sorted({*counted_genes(table), *wanted})
    with store.read() as reader:
        samples = reader.samples(asked.study_ids)
        altered = reader.altered_genes(genes, asked.study_ids)
        panels = reader.panels(asked.study_ids)
        studies = reader.list_studies().to_pylist()
    frame = samples.to_pandas()
    rows = _chosen(frame, asked.cancer_type)
    features = count_alterations(samples, altered, panels, genes, [Group.MUTATION]).take(rows)
    frame = frame.iloc[rows]
    found = pair_statistics(
        features.choose([features.column_of(gene, Group.MUTATION) for gene in wanted]),
        combine(frame["study_id"], frame["mutation_panel"], type_names(frame)),
        burden=burden_of(features, Group.MUTATION),
        progress=progress,
    )
    order = np.argsort(-np.abs(np.nan_to_num(found.within_burden.z)), kind="stable")
    counted = set(frame["study_id"])
    return PairsTold(
        pairs=tuple(found.record(int(pair)) for pair in order),
        synthetic=any(study["synthetic"] for study in studies if study["study_id"] in counted),
    )


def _approved(table: GeneTable, genes: Sequence[str]) -> list[str]:
    """Return the approved symbols, each once: two names may be of one gene."""
    found = sorted({table.lookup(gene) for gene in genes})
    if not FEWEST_GENES <= len(found) <= MOST_GENES:
        raise NothingToDoError(
            f"Found {len(found)} different genes, expected {FEWEST_GENES} to {MOST_GENES}: every "
            "two of them make a pair."
        )
    return found


def _chosen(frame: pd.DataFrame, cancer_type: str | None) -> Mask:
    """Choose one tumor of each patient among those that were sequenced, of the type."""
    fits = frame["mutation_panel"].notna().to_numpy()
    if cancer_type is not None:
        wanted = cancer_type.casefold()
        names = frame[["cancer_type", "oncotree_code"]].fillna("").astype(str)
        of_type = names.apply(lambda column: column.str.casefold()) == wanted
        fits = fits & of_type.any(axis=1).to_numpy()
    if not fits.any():
        of_type = "" if cancer_type is None else f" of the type {cancer_type!r}"
        raise NothingToDoError(
            f"Found no sequenced tumor{of_type} in these studies. See `tumorxy list`, or leave the "
            "type and the study out."
        )
    keys = patient_keys(frame["study_id"].tolist(), frame["patient_id"].tolist())
    chosen: Mask = one_per_patient(keys, fits) & fits
    return chosen
