from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.batching import Batch, make_batch
from engine.kinds import Kind
from engine.model import TARGETS
from engine.tokens import COPY_NUMBER, MUTATIONS, tokenize
from engine.training.views import (
    GeneFacts,
    ViewConfig,
    forget_consequences,
    forget_details,
    gene_states,
    random_view,
    restrict,
    through_panel,
    without_copy_number,
    without_promoters,
)
from engine.vocabulary import KIND_NAMES, Vocabulary
from tests.engine.cohorts import alteration, random_tables, tables, vocabulary


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return vocabulary()


@pytest.fixture(scope="module")
def batch(words: Vocabulary) -> Batch:
    return make_batch(tokenize(random_tables(30), words), np.arange(30))


def starts(words: Vocabulary) -> torch.Tensor:
    return torch.from_numpy(words.linear_start("GRCh37"))


def test_a_tumor_without_details_equals_the_same_tumor_from_a_poorer_file(
    words: Vocabulary,
) -> None:
    known = {
        "start_position": 25_398_284,
        "reference_allele": "C",
        "tumor_allele": "A",
        "indel_length": 0,
        "vaf": 0.3,
        "protein_position": 12,
    }
    rich, poor = (
        make_batch(
            tokenize(tables(["T"], [alteration("T", "KRAS", **facts)]), words), np.array([0])
        )
        for facts in (known, {})
    )
    lost = torch.ones(3, 1, dtype=torch.bool)
    stripped = forget_details(rich, lost, starts(words))
    assert rich.vaf[0] == pytest.approx(0.3)
    for name, value in vars(poor).items():
        assert torch.equal(getattr(stripped, name), value), name


def test_a_forgotten_consequence_is_unknown_and_copy_number_stays(words: Vocabulary) -> None:
    rows = [alteration("T", "KRAS"), alteration("T", "EGFR", Kind.AMPLIFICATION)]
    batch = make_batch(tokenize(tables(["T"], rows), words), np.array([0]))
    poor = forget_consequences(batch, torch.ones(2, dtype=torch.bool))
    kinds = {words.genes[g]: KIND_NAMES[k] for g, k in zip(poor.gene, poor.kind, strict=True)}
    assert kinds == {"KRAS": "unknown consequence", "EGFR": "amplification"}


def test_promoters_are_dropped_of_the_named_tumors_only(words: Vocabulary) -> None:
    rows = [alteration(t, "TP53", kind) for t in ("A", "B") for kind in ("promoter", "missense")]
    batch = make_batch(tokenize(tables(["A", "B"], rows), words), np.arange(2))
    view = without_promoters(batch, torch.tensor([True, False]))
    assert [KIND_NAMES[k] for k in view.kind[view.tumor == 0]] == ["missense"]
    assert sorted(KIND_NAMES[k] for k in view.kind[view.tumor == 1]) == ["missense", "promoter"]


def test_a_hidden_gene_leaves_no_token_and_is_not_profiled(batch: Batch, words: Vocabulary) -> None:
    gene = words.index["TP53"]
    profiled = batch.profiled.clone()
    profiled[:, :, gene] = False
    view = restrict(batch, profiled)
    assert (batch.gene == gene).any()
    assert not (view.gene == gene).any()
    assert not view.profiled[:, :, gene].any()
    assert len(view.gene) == int((batch.gene != gene).sum())


def test_a_hidden_gene_has_no_copy_number(words: Vocabulary) -> None:
    rows = [alteration("T", "TP53", Kind.DEEP_DELETION), alteration("T", "KRAS", Kind.GAIN)]
    batch = make_batch(tokenize(tables(["T"], rows), words), np.array([0]))
    profiled = batch.profiled.clone()
    profiled[:, :, words.index["TP53"]] = False
    view = restrict(batch, profiled)
    assert batch.copy_level[0, words.index["TP53"]] == -2
    assert view.copy_level[0, words.index["TP53"]] == 0
    assert view.copy_level[0, words.index["KRAS"]] == batch.copy_level[0, words.index["KRAS"]] == 1


def test_a_view_equals_the_tumor_that_the_smaller_panel_would_have_given(
    words: Vocabulary,
) -> None:
    study = random_tables(12, seed=4)
    panel = ("KRAS", "TP53", "EGFR")
    seen = [row for row in study.alterations.to_pylist() if row["hugo_symbol"] in panel]
    through = tables(study.samples["sample_id"].to_pylist(), seen, panel=panel)
    expected = make_batch(tokenize(through, words), np.arange(12))
    genes = torch.tensor([gene in panel for gene in words.genes])
    view = through_panel(make_batch(tokenize(study, words), np.arange(12)), genes)
    for name, value in vars(expected).items():
        assert torch.equal(getattr(view, name), value), name


def test_without_copy_number_nothing_of_it_is_left(batch: Batch) -> None:
    view = without_copy_number(batch)
    assert batch.copy_level.any()
    assert not view.copy_level.any()
    assert not view.profiled[COPY_NUMBER].any()
    assert view.profiled[MUTATIONS].equal(batch.profiled[MUTATIONS])


def test_a_random_view_hides_what_it_says_and_leaves_the_batch_untouched(
    batch: Batch, words: Vocabulary
) -> None:
    before = {name: value.clone() for name, value in vars(batch).items()}
    panels = torch.zeros(1, len(words.genes), dtype=torch.bool)
    panels[0, words.index["KRAS"]] = True
    config = ViewConfig(
        panel_share=1.0,
        hidden_share=0.0,
        modality_share=0.0,
        detail_share=0.0,
        kind_share=0.0,
        promoter_share=0.0,
    )
    facts = GeneFacts(panels=panels, gene_start=starts(words))
    view, hidden = random_view(batch, facts, config, torch.Generator())
    assert view.profiled[MUTATIONS].sum(1).tolist() == [1] * 30
    assert not hidden[:, words.index["KRAS"]].any()
    assert hidden[:, words.index["TP53"]].all()
    assert view.outside_mb.sum() == 0
    assert all(torch.equal(before[name], value) for name, value in vars(batch).items())


def test_gene_states_tell_altered_from_wild_type_and_from_not_profiled(words: Vocabulary) -> None:
    rows = [
        alteration("T", "KRAS"),
        alteration("T", "TP53", Kind.TRUNCATING),
        alteration("T", "EGFR", Kind.AMPLIFICATION),
    ]
    batch = make_batch(tokenize(tables(["T"], rows), words), np.array([0]))
    altered, profiled = gene_states(batch)
    found = [(TARGETS[target], words.genes[gene]) for _, target, gene in altered.nonzero().tolist()]
    assert sorted(found) == [
        ("amplification", "EGFR"),
        ("mutation", "KRAS"),
        ("mutation", "TP53"),
        ("truncating mutation", "TP53"),
    ]
    assert profiled[0, :, words.index["STK11"]].all()
    assert not profiled[0, :, words.index["BRCA2"]].any()
