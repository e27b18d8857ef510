"""What comparisons share between reruns and sessions: every Streamlit cache of them, bounded.

As in `dashboard.resources`, nothing may change a cached object, and the number of the snapshot is
part of every key.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from dashboard import compare_facts, compare_groups
from dashboard.compare_described import compare_labels, compare_numbers
from dashboard.compare_enrichment import Enrichment, find_enrichment
from dashboard.compare_facts import Facts
from dashboard.compare_groups import REST, SELECTION, Asked, Formed, Known, Source
from dashboard.compare_survival import Comparison, Request, compare
from dashboard.compare_warnings import Caution, find_cautions
from dashboard.explanation_resources import load_counted
from dashboard.outcome_facts import Endpoint
from dashboard.queries import MapData
from dashboard.regions import Fixed
from dashboard.resources import (
    Published,
    load_choices,
    load_label,
    service,
    shared,
    workspace,
)
from dashboard.rows import find_rows
from dashboard.wording import count
from engine.epidemiology.group_comparison import LabelComparison, NumberComparison


@shared(max_entries=2)
def load_facts(key: Published, _data: MapData, layout_id: int) -> Facts:
    """Return what comparisons need to know of the tumors of a map."""
    with service().store.read() as reader:
        return compare_facts.read_facts(reader, _data)


@shared(max_entries=12)
def load_groups(key: Published, _data: MapData, layout_id: int, asked: Asked) -> Formed:
    """Return the groups that are asked for.

    Raises:
        GroupError: If there are fewer than two.
        CountingError: If a gene is not counted.
    """
    counted = load_counted(key, _data, layout_id)
    known = Known(
        features=counted.features,
        patients=counted.patients,
        followed=load_facts(key, _data, layout_id).followed,
        types=(counted.types, _data.samples["cancer_type"].to_numpy(dtype=object)),
        label=load_label(key, _data, layout_id, asked.label) if asked.label else None,
        sets=_sets(_data, asked),
    )
    return compare_groups.form(asked, known)


def _sets(data: MapData, asked: Asked) -> dict[str, tuple[str, np.ndarray]]:
    """Return the sets that are asked for as rows of the map, by id."""
    if asked.source is not Source.SETS:
        return {}
    found = {}
    for member in asked.members:
        token, _, set_id = member.rpartition(":")
        mask = mask_of(data, workspace().load_set(set_id))
        named = workspace().about_set(set_id).name
        is_selection = token in (SELECTION, REST) and named is None
        name = f"Selection ({count(int(mask.sum()), 'tumor')})" if is_selection else named
        found[set_id] = (name or f"Selection {set_id[:6]}", mask)
    return found


def mask_of(data: MapData, keys: pa.Table) -> np.ndarray:
    """Return which tumors of a map are in a table of studies and samples, (N,), bool."""
    rows = find_rows(keys, data.keys)
    mask = np.zeros(len(data), dtype=bool)
    mask[rows[rows >= 0]] = True
    return mask


@shared(max_entries=16)
def load_comparison(
    key: Published, _data: MapData, layout_id: int, asked: Asked, request: Request
) -> Comparison | None:
    """Return the survival of groups; None where fewer than two of them have a follow-up."""
    formed = load_groups(key, _data, layout_id, asked)
    counted = load_counted(key, _data, layout_id)
    return compare(formed, load_facts(key, _data, layout_id), (_data, counted), request)


@shared(max_entries=16)
def load_enrichment(
    key: Published, _data: MapData, layout_id: int, asked: Asked, group: int, fixed: Fixed
) -> Enrichment:
    """Return what is altered more or less often in one group than in the others."""
    formed = load_groups(key, _data, layout_id, asked)
    return find_enrichment(formed, load_counted(key, _data, layout_id), group, fixed)


@shared(max_entries=2)
def load_type_names(key: Published, _data: MapData, layout_id: int) -> tuple[str, ...]:
    """Return the tumor types of a map, names and OncoTree codes, the most frequent first."""
    columns = (_data.samples["cancer_type"], _data.samples["oncotree_code"])
    counts = pd.concat([column.value_counts() for column in columns])
    largest = counts.groupby(level=0).max()
    return tuple(sorted(map(str, largest.index), key=lambda name: (-largest[name], name)))


@shared(max_entries=8)
def load_labels_compared(
    key: Published, _data: MapData, layout_id: int, asked: Asked
) -> tuple[LabelComparison, ...]:
    """Return how groups differ in their labels."""
    titles = {choice.key: choice.title for choice in load_choices(key).labels}
    without = (titles[asked.label],) if asked.label in titles else ()
    labels = load_counted(key, _data, layout_id).labels
    return compare_labels(labels, load_groups(key, _data, layout_id, asked), without)


@shared(max_entries=8)
def load_numbers_compared(
    key: Published, _data: MapData, layout_id: int, asked: Asked
) -> tuple[NumberComparison, ...]:
    """Return how groups differ in numbers such as burden."""
    numbers = load_counted(key, _data, layout_id).numbers
    return compare_numbers(numbers, load_groups(key, _data, layout_id, asked))


@shared(max_entries=12)
def load_cautions(
    key: Published, _data: MapData, layout_id: int, asked: Asked, endpoint: Endpoint | None
) -> tuple[Caution, ...]:
    """Return what may make a comparison mislead: up to 1 s for 44,000 tumors."""
    facts = load_facts(key, _data, layout_id)
    survival = None if endpoint is None else facts.survival[endpoint]
    return find_cautions(load_groups(key, _data, layout_id, asked), facts, _data, survival)
