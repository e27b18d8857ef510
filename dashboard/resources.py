"""What the pages share between reruns and sessions: every Streamlit cache, each with a bound.

Cached objects are shared by all sessions: nothing may change them. Whatever comes from the store is
keyed by the number of the snapshot it was read from, so that nothing stale is ever shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pyarrow as pa
import streamlit as st

from dashboard import cases, predicted, queries
from dashboard.card import ModelCard, read_card
from dashboard.cases import Case
from dashboard.coloring import (
    Coloring,
    GeneStates,
    Numbers,
    color_gene,
    color_labels,
    color_numbers,
    color_pair,
)
from dashboard.labels import Labels, encode_labels
from dashboard.nearest import Space
from dashboard.outcomes import OwnHeadSummary
from dashboard.process import freeze_loaded
from dashboard.queries import OOD, Choice, MapData, Objects
from dashboard.service import Service
from dashboard.settings import Settings
from dashboard.workspace import Workspace

if TYPE_CHECKING:
    from dashboard.placing import Placer
    from engine.genes import GeneTable


P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Published:
    """A snapshot of a home: the key of everything that was read from it."""

    home: Path
    number: int


@dataclass(frozen=True, kw_only=True)
class ColorBy:
    """What the reader wants to see.

    Attributes:
        kind: `label`, `gene`, `pair`, `number` or `prediction`.
        choice: Which one; for a gene its approved symbol is the key.
        highlight: Categories of a label to color instead of the most frequent ones.
        other: The second gene of a pair.
    """

    kind: str
    choice: Choice
    highlight: tuple[str, ...] = ()
    other: str = ""


_AS_TEXT: dict[str | type[Any], Callable[[Any], Any]] = dict.fromkeys(
    (Published, ColorBy, Choice, type(Path())), repr
)
"""Keys that Streamlit would take apart field by field, four times as slowly, in every run."""


def shared(
    *, max_entries: int, ttl: str | None = None, spinner: bool | str = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a function returned, for all sessions; see `st.cache_resource`.

    Args:
        max_entries: How many results are kept.
        ttl: How long they are kept; for ever when None.
        spinner: What is told while the function works.
    """
    return st.cache_resource(
        max_entries=max_entries, ttl=ttl, show_spinner=spinner, hash_funcs=_AS_TEXT
    )


@shared(max_entries=4)
def _service(home: Path) -> Service:
    return Service(home)


def settings() -> Settings:
    """Return where everything lives."""
    return Settings.from_environment()


def service() -> Service:
    """Return the verbs, on the home of this server."""
    return _service(settings().home)


@shared(max_entries=4)
def _workspace(home: Path) -> Workspace:
    return Workspace(home)


def workspace() -> Workspace:
    """Return what people keep on this server: sets, views, queues, decisions."""
    return _workspace(settings().home)


def published() -> Published | None:
    """Return the snapshot that is current now; None when nothing was ever published."""
    info = service().store.snapshot()
    return None if info is None else Published(settings().home, info.content)


@shared(max_entries=3)
def load_map(key: Published, name: str | None) -> MapData | None:
    """Return the latest version of a map; the latest of all when `name` is None."""
    with _service(key.home).store.read() as reader:
        return queries.load_map(reader, name)


@shared(max_entries=2)
def load_studies(key: Published) -> pa.Table:
    """Return the imported studies, as `cache.store.Reader.list_studies` does."""
    with _service(key.home).store.read() as reader:
        return reader.list_studies()


@dataclass(frozen=True, kw_only=True)
class Report:
    """The account of an import: `files` and `findings` as in `engine.cohort`, and notes."""

    files: pa.Table
    findings: pa.Table
    notes: tuple[str, ...]


@shared(max_entries=8)
def load_report(key: Published, study_id: str) -> Report:
    """Return the account of an import."""
    with _service(key.home).store.read() as reader:
        return Report(
            files=reader.report_files(study_id),
            findings=reader.report_findings(study_id),
            notes=tuple(reader.notes(study_id)),
        )


@shared(max_entries=2)
def load_own_heads(key: Published) -> tuple[OwnHeadSummary, ...]:
    """Return the heads that the user trained; a new one comes with a new snapshot."""
    return _service(key.home).heads.list_all()


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a map can be colored by, and which maps there are."""

    labels: tuple[Choice, ...]
    numbers: tuple[Choice, ...]
    predictions: tuple[Choice, ...]
    maps: tuple[str, ...]


@shared(max_entries=2)
def load_choices(key: Published) -> Choices:
    """Return what the reader can choose from."""
    own = load_own_heads(key)
    with _service(key.home).store.read() as reader:
        return Choices(
            labels=queries.list_labels(reader),
            numbers=queries.list_numbers(reader),
            predictions=predicted.list_predicted(reader, own),
            maps=queries.list_maps(reader),
        )


@shared(max_entries=48)
def load_labels(key: Published, _data: MapData, layout_id: int, label: str) -> Labels:
    """Return a label of each tumor of a map."""
    with _service(key.home).store.read() as reader:
        if label.startswith(predicted.PREDICTED):
            return encode_labels(predicted.predicted_classes(reader, _data, label))
        return queries.read_labels(reader, _data, label)


def load_label(key: Published, data: MapData, layout_id: int, label: str) -> Objects:
    """Return a label of each tumor of a map as text, (N,), None where it is not given."""
    return load_labels(key, data, layout_id, label).objects


NOT_TOLD = "Not given: the question is not asked of the tumor, or the answer must not be read."
"""What must be known to read the colors of a prediction."""


@shared(max_entries=48)
def load_states(key: Published, _data: MapData, layout_id: int, hugo_symbol: str) -> GeneStates:
    """Return what is known of a gene in each tumor of a map."""
    with _service(key.home).store.read() as reader:
        return queries.gene_states(reader, _data, hugo_symbol)


@shared(max_entries=32)
def load_numbers(key: Published, _data: MapData, layout_id: int, choice: Choice) -> Numbers:
    """Return a number of each tumor of a map, as something to color by."""
    with _service(key.home).store.read() as reader:
        numbers = queries.number_values(reader, _data, choice.key)
    return color_numbers(queries.number_style(choice), numbers)


@shared(max_entries=64)
def load_coloring(key: Published, _data: MapData, layout_id: int, by: ColorBy) -> Coloring:
    """Return the colors of a map's tumors.

    Args:
        key: The snapshot.
        _data: The map; identified by its version.
        layout_id: Version of the map.
        by: What to color by.
    """
    name = by.choice.key
    if by.kind == "gene":
        return color_gene(name, load_states(key, _data, layout_id, name))
    if by.kind == "pair":
        states = [load_states(key, _data, layout_id, gene) for gene in (name, by.other)]
        return color_pair((name, by.other), (states[0], states[1]))
    if is_number(by):
        return load_numbers(key, _data, layout_id, by.choice)
    labels = load_labels(key, _data, layout_id, name)
    coloring = color_labels(by.choice.title, labels, highlight=by.highlight)
    return replace(coloring, note=NOT_TOLD) if by.kind == "prediction" else coloring


@shared(max_entries=1)
def gene_table() -> GeneTable:
    """Return the facts about genes."""
    from engine.genes import GeneTable

    return GeneTable.load()


@shared(max_entries=2)
def load_space(key: Published, _data: MapData, layout_id: int) -> Space:
    """Return the vectors of a map's tumors."""
    with _service(key.home).store.read() as reader:
        return cases.load_space(reader, _data)


@shared(max_entries=64)
def load_case(key: Published, _data: MapData, layout_id: int, row: int) -> Case:
    """Return a tumor of a map."""
    space = load_space(key, _data, layout_id)
    with _service(key.home).store.read() as reader:
        return cases.stored_case(reader, _data, space, row)


@shared(max_entries=1, ttl="10m")
def load_card() -> ModelCard | None:
    """Return the card of the installed weights; None when there are none."""
    return read_card()


def is_number(by: ColorBy) -> bool:
    """Tell whether a coloring is by a number, not by categories."""
    return by.kind == "number" or by.choice.key == OOD


def approved_symbol(symbol: str) -> str | None:
    """Return the approved symbol of a gene, whatever it is called; None where nobody knows it."""
    approved = gene_table().resolve([symbol, symbol.upper()], genome=None).approved
    return next((name for name in approved if name), None)


OFFERED_PANEL = "IMPACT505"


@shared(max_entries=1)
def offered_genes() -> list[str]:
    """Return the genes worth offering, sorted: a common cancer panel and the oncogenic pathways."""
    table = gene_table()
    pathways = {gene for genes in table.pathways().values() for gene in genes}
    return sorted(pathways | table.panels()[OFFERED_PANEL])


@shared(max_entries=1)
def load_placer(key: Published) -> Placer:
    """Return what places tumors on the current map.

    Raises:
        NoMapError: If there is no map for the shipped model.
    """
    try:
        return _service(key.home).placer()
    finally:
        freeze_loaded()
