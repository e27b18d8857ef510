from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.embed import Encoder
from engine.errors import ExplanationError
from engine.explaining.what_if import Change, changed, genes_to_add, see, what_if
from engine.kinds import Kind
from engine.placement import OodReference, Reference
from engine.readout import Readout
from engine.tokens import TumorTokens, tokenize
from tests.engine.cohorts import alteration, random_tables, tables, vocabulary
from tests.engine.explaining.toys import PANEL, networks, tumor

WORDS = vocabulary()


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder: Path = tmp_path_factory.mktemp("weights")
    networks(folder)
    return Encoder.load(folder)


@pytest.fixture(scope="module")
def reference(encoder: Encoder) -> Reference:
    vectors = encoder.embed(encoder.tokenize(random_tables(40)))
    points = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    return Reference(
        vectors=vectors, coordinates=points, ood=OodReference.from_distances(np.ones((40, 15)))
    )


def apply(
    tokens: TumorTokens, *added: tuple[str, str], removed: tuple[str, ...] = ()
) -> TumorTokens:
    return changed(tokens, Change(removed=removed, added=added), WORDS)


def plain(*rows: tuple[str, Kind], cna_levels: int | None = 5) -> TumorTokens:
    listed = [alteration("T", gene, kind) for gene, kind in rows]
    return tokenize(tables(["T"], listed, panel=PANEL, cna_levels=cna_levels), WORDS)


TOLD = ("gene", "kind", "position", "vaf", "copy_level", "outside_burden", "cu_tokens")


def same(first: TumorTokens, second: TumorTokens) -> bool:
    return all(np.array_equal(getattr(first, n), getattr(second, n)) for n in TOLD)


def test_adding_is_as_if_it_had_been_sequenced_so() -> None:
    start = plain(("TP53", Kind.MISSENSE))
    added = apply(start, ("KRAS", "missense"), ("MYC", "amplification"))
    assert same(
        added,
        plain(("TP53", Kind.MISSENSE), ("MYC", Kind.AMPLIFICATION), ("KRAS", Kind.MISSENSE)),
    )


def test_removing_is_as_if_it_had_never_been_there() -> None:
    start = plain(("TP53", Kind.MISSENSE), ("KRAS", Kind.MISSENSE), ("MYC", Kind.AMPLIFICATION))
    left = apply(start, removed=("KRAS|missense", "MYC|amplification"))
    assert same(left, plain(("TP53", Kind.MISSENSE)))


def test_adding_and_removing_again_changes_nothing() -> None:
    start = plain(("TP53", Kind.MISSENSE))
    added = apply(start, ("STK11", "truncating"))
    assert same(apply(added, removed=("STK11|truncating",)), start)


def test_an_arm_is_gained_where_it_had_two_copies() -> None:
    start = plain(("MYC", Kind.AMPLIFICATION))
    gained = apply(start, ("8q", "gain"))
    levels = {gene: int(gained.copy_level[0, WORDS.index[gene]]) for gene in ("MYC", "RAD21")}
    assert levels == {"MYC": 2, "RAD21": 1}


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (("KRAS", "translocation"), "The kind 'translocation' was to be added"),
        (("NOGENE", "missense"), "which the encoder does not know"),
        (("BRCA1", "missense"), "BRCA1 was to be added, and it was not looked at for mutations"),
        (("KRAS", "fusion"), "not looked at for fusions"),
        (("99q", "gain"), "The arm '99q' was to be added"),
        (("1p", "gain"), "1p was to be added, and it was not looked at for copy number"),
    ],
)
def test_what_cannot_be_added_is_refused(added: tuple[str, str], message: str) -> None:
    with pytest.raises(ExplanationError, match=message):
        apply(plain(("TP53", Kind.MISSENSE)), added)


def test_what_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(ExplanationError, match="has no 'KRAS\\|missense', so it cannot be removed"):
        apply(plain(("TP53", Kind.MISSENSE)), removed=("KRAS|missense",))


def test_single_copies_cannot_be_added_where_they_were_not_reported() -> None:
    start = plain(("TP53", Kind.MISSENSE), cna_levels=3)
    with pytest.raises(ExplanationError, match="single copies were not reported"):
        apply(start, ("8q", "gain"))
    assert apply(start, ("MYC", "amplification")).copy_level.any() is np.False_


def test_what_may_be_added_was_looked_at() -> None:
    tokens = tumor()
    assert set(genes_to_add(tokens, WORDS, "missense")) == set(PANEL)
    assert "8q" in genes_to_add(tokens, WORDS, "gain")
    assert list(genes_to_add(tokens, WORDS, "fusion")) == []


def test_a_change_moves_the_point(encoder: Encoder, reference: Reference) -> None:
    before = see(encoder, tumor(), reference)
    change = Change(removed=("STK11|truncating",))
    told = what_if(encoder, before, change, reference)
    assert told.after.place.shape == (2,)
    assert told.after.predictions is None
    assert told.cosine < 1
    alone = encoder.embed(changed(tumor(), change, WORDS))
    assert np.abs(told.after.embedding - alone[0]).max() <= 1e-6


def test_no_change_computes_nothing(encoder: Encoder, reference: Reference) -> None:
    before = see(encoder, tumor(), reference)
    told = what_if(encoder, before, Change(), reference)
    assert told.after is before
    assert told.moved == 0
    assert told.cosine == pytest.approx(1, abs=1e-6)


def test_only_the_changed_tumor_is_predicted(encoder: Encoder, reference: Reference) -> None:
    asked = []

    def predict(tokens: TumorTokens, readout: Readout) -> pa.Table:
        asked.append(len(tokens.gene))
        assert len(readout) == 1
        return pa.table({"row": [0]})

    before = see(encoder, tumor(), reference, predict)
    told = what_if(encoder, before, Change(removed=("TP53|missense",)), reference, predict)
    assert asked == [len(tumor().gene), len(tumor().gene) - 2]
    assert told.after.predictions is not None
