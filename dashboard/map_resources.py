"""What the Map page keeps between reruns and sessions, beside `dashboard.resources`."""

from __future__ import annotations

from dashboard import resources
from dashboard.foreground import Foreground, Narrowing, of_labels, of_numbers, of_states
from dashboard.labels import Labels
from dashboard.origins import count_sources
from dashboard.queries import CANCER_TYPE, Choice, MapData
from dashboard.region_names import label_regions
from dashboard.resources import ColorBy, Published, shared
from dashboard.scene import RegionLabel
from dashboard.wording import FIRST_LABELS
from engine.study_effects import SourceShares

NAMED_KINDS = ("label", "prediction")
"""What a map may be colored by so that its categories are regions with a name."""


@shared(max_entries=32)
def load_foreground(
    key: Published, _data: MapData, layout_id: int, narrowing: Narrowing
) -> Foreground:
    """Return which tumors of a map keep their color."""
    name = narrowing.name
    if narrowing.kind == "label":
        return of_labels(resources.load_labels(key, _data, layout_id, name), narrowing.values)
    if narrowing.kind == "gene":
        return of_states(resources.load_states(key, _data, layout_id, name), narrowing.values)
    choice = Choice(key=name, title=narrowing.title)
    values = resources.load_numbers(key, _data, layout_id, choice).values
    return of_numbers(values, narrowing.low, narrowing.high)


@shared(max_entries=32)
def load_region_labels(
    key: Published, _data: MapData, layout_id: int, by: ColorBy
) -> tuple[RegionLabel, ...]:
    """Return the names that stand on a map: of its label, or of cancer types under anything else.

    How a gene is altered has no region of its own: "KRAS only" in the middle of all its tumors
    would name a place that is none.
    """
    if by.kind not in NAMED_KINDS:
        types = next((c for c in resources.load_choices(key).labels if c.key == CANCER_TYPE), None)
        if types is None:
            return ()
        by = ColorBy(kind="label", choice=types)
    coloring = resources.load_coloring(key, _data, layout_id, by)
    return label_regions(_data, coloring)


@shared(max_entries=2)
def load_sources(key: Published, _data: MapData, layout_id: int) -> tuple[SourceShares, ...]:
    """Return from which studies and panels the tumors of each cancer type come."""
    return count_sources(_data)


def listed_labels(key: Published, data: MapData) -> dict[str, Labels]:
    """Return the labels that the table of a selection shows, by title."""
    known = {choice.key: choice.title for choice in resources.load_choices(key).labels}
    return {
        known[label]: resources.load_labels(key, data, data.layout_id, label)
        for label in FIRST_LABELS
        if label in known
    }
