"""What explanations share between reruns and sessions: every Streamlit cache of them, bounded.

As in `dashboard.resources`, nothing may change a cached object, and the number of the snapshot is
part of every key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import biomarker_outcomes, regions
from dashboard.process import freeze_loaded
from dashboard.queries import MapData
from dashboard.regions import Counted, Question, Region
from dashboard.resources import Published, gene_table, load_placer, service, shared
from engine.epidemiology.counts import CountingError

if TYPE_CHECKING:
    from dashboard.explaining import Explainer
    from dashboard.explanations import Asked, Explanation
    from dashboard.what_if import Unchanged
    from engine.cohort import Cohort
    from engine.tokens import TumorTokens


@shared(max_entries=2)
def load_counted(key: Published, _data: MapData, layout_id: int) -> Counted:
    """Return which genes are altered in which tumors of a map, and what comparisons need."""
    with service().store.read() as reader:
        return regions.read_counted(reader, _data, gene_table())


@shared(max_entries=2)
def load_offers(
    key: Published, _data: MapData, layout_id: int
) -> tuple[biomarker_outcomes.Offer, ...]:
    """Return the outcomes that the studies of a map state."""
    with service().store.read() as reader:
        return biomarker_outcomes.list_offers(reader, _data)


@shared(max_entries=16)
def load_region(
    key: Published, _data: MapData, layout_id: int, question: Question
) -> Region | None:
    """Return what sets tumors of a map apart; None where there is nothing to compare with."""
    counted = load_counted(key, _data, layout_id)
    types = _data.samples["cancer_type"].to_numpy(dtype=object)
    try:
        return regions.describe(counted, question, types)
    except CountingError:
        return None


@shared(max_entries=1)
def load_explainer(key: Published) -> Explainer:
    """Return what explains tumors: the networks of `load_placer`.

    Raises:
        NoMapError: If there is no map for the shipped model.
    """
    from dashboard.explaining import Explainer

    explainer = Explainer.of(load_placer(key))
    freeze_loaded()
    return explainer


@shared(max_entries=32)
def load_tokens(
    key: Published, study_id: str, sample_id: str, _explainer: Explainer
) -> TumorTokens:
    """Return a stored tumor as the model reads it."""
    from dashboard.explaining import tables_of_sample

    with service().store.read() as reader:
        tables = tables_of_sample(reader, study_id, sample_id)
    return _explainer.placer.encoder.tokenize(tables)


def upload_tokens(cohort: Cohort, sample_id: str, explainer: Explainer) -> TumorTokens:
    """Return an uploaded tumor as the model reads it; nothing of it is kept here."""
    from dashboard.explaining import tables_of_upload

    return explainer.placer.encoder.tokenize(tables_of_upload(cohort, sample_id))


UNCHANGED = "what_if_unchanged"
"""Where a browser session keeps the tumor that it changes, as the model sees it."""


def load_unchanged(explainer: Explainer, tokens: TumorTokens, cancer_type: str | None) -> Unchanged:
    """Return a tumor as it is; the last one is kept in its browser session only."""
    from dashboard.what_if import see_unchanged

    identity = (tokens.input_digests[0], cancer_type)
    kept = st.session_state.get(UNCHANGED)
    if kept is None or kept[0] is not explainer or kept[1] != identity:
        kept = (explainer, identity, see_unchanged(explainer, tokens, cancer_type))
        st.session_state[UNCHANGED] = kept
    unchanged: Unchanged = kept[2]
    return unchanged


def num_units(tokens: TumorTokens, explainer: Explainer) -> int:
    """Count what an explanation of a tumor has to tell apart."""
    from engine.explaining.alterations import units_of

    return len(units_of(tokens, explainer.placer.encoder.vocabulary))


def load_explanation(
    study_id: str, sample_id: str, asked: Asked, digest: str
) -> Explanation | None:
    """Return a stored explanation; None where there is none for this model and input.

    It is read each time: explanations are published without a new number of the content.
    """
    from dashboard.explanations import from_rows

    with service().store.read() as reader:
        return from_rows(reader.attributions(digest, study_id, sample_id), asked)


@shared(max_entries=128, spinner="Explaining")
def explain_now(
    key: Published,
    study_id: str,
    sample_id: str,
    asked: Asked,
    _tokens: TumorTokens,
    _explainer: Explainer,
) -> Explanation:
    """Return the explanation of a stored tumor with few alterations."""
    return _explainer.explain(_tokens, asked)


EXPLAINED = "explained_upload"
"""Where a browser session keeps explanations of what was uploaded."""


def kept_explanation(tokens: TumorTokens, asked: Asked) -> Explanation | None:
    """Return what was explained of an uploaded tumor in this browser session."""
    found: Explanation | None = st.session_state.get(EXPLAINED, {}).get(_kept_name(tokens, asked))
    return found


def keep_explanation(tokens: TumorTokens, asked: Asked, told: Explanation) -> None:
    """Keep the explanation of an uploaded tumor in its browser session, and nowhere else."""
    st.session_state.setdefault(EXPLAINED, {})[_kept_name(tokens, asked)] = told


def _kept_name(tokens: TumorTokens, asked: Asked) -> str:
    return f"{tokens.input_digests[0]} {asked.task} {asked.class_name}"


def explain_upload(tokens: TumorTokens, asked: Asked, explainer: Explainer) -> Explanation:
    """Explain an uploaded tumor with few alterations, and keep that."""
    told = explainer.explain(tokens, asked)
    keep_explanation(tokens, asked, told)
    return told
