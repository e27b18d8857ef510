from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kinds import Kind
from engine.tokens import (
    COPY_NUMBER,
    MUTATIONS,
    Tables,
    concatenate,
    tokenize,
)
from engine.vocabulary import CHROMOSOME_STRIDE, KIND_NAMES, SUBSTITUTIONS, Vocabulary
from tests.engine.cohorts import GENES, alteration, random_tables, tables, vocabulary


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return vocabulary()


def test_a_token_carries_gene_kind_position_and_measurements(words: Vocabulary) -> None:
    start = words.start_37[words.index["KRAS"]] + 5_000
    row = alteration(
        "T1",
        "KRAS",
        Kind.MISSENSE,
        start_position=start,
        reference_allele="C",
        tumor_allele="A",
        indel_length=0,
        vaf=0.25,
        protein_position=12,
    )
    tokens = tokenize(tables(["T1"], [row]), words)
    assert tokens.gene.tolist() == [words.index["KRAS"]]
    assert KIND_NAMES[tokens.kind[0]] == "missense"
    assert tokens.position[0] == 11 * CHROMOSOME_STRIDE + start
    assert SUBSTITUTIONS[tokens.substitution[0] - 1] == "C>A"
    assert tokens.vaf[0] == pytest.approx(0.25)
    assert tokens.residue[0] == pytest.approx(12 / words.residues[words.index["KRAS"]])


def test_a_grch38_call_keeps_its_distance_from_the_start_of_its_gene(words: Vocabulary) -> None:
    gene = words.index["TP53"]
    positions = []
    for genome, starts in (("GRCh37", words.start_37), ("GRCh38", words.start_38)):
        row = alteration("T1", "TP53", Kind.MISSENSE, start_position=starts[gene] + 777)
        positions.append(tokenize(tables(["T1"], [row], genome=genome), words).position[0])
    assert words.start_37[gene] != words.start_38[gene]
    assert positions[0] == positions[1]


def test_a_call_without_position_stands_at_the_start_of_its_gene(words: Vocabulary) -> None:
    tokens = tokenize(tables(["T1"], [alteration("T1", "TP53", Kind.DEEP_DELETION)]), words)
    assert tokens.position[0] == words.linear_start("GRCh37")[words.index["TP53"]]


def test_a_tumor_without_alterations_has_no_token_and_keeps_its_panel(words: Vocabulary) -> None:
    tokens = tokenize(tables(["T1", "T2"], [alteration("T2", "KRAS")]), words)
    assert tokens.lengths.tolist() == [0, 1]
    profiled = tokens.panel_masks[tokens.panel[0, MUTATIONS]]
    assert profiled.sum() == len(GENES)


def test_not_profiled_is_not_wild_type(words: Vocabulary) -> None:
    with_cna = tokenize(tables(["T1"], [], cna_levels=5), words)
    without = tokenize(tables(["T1"], [], cna_levels=None), words)
    assert without.panel[0, COPY_NUMBER] == 0
    assert not without.panel_masks[0].any()
    assert with_cna.input_digests != without.input_digests


def test_silent_calls_and_single_copy_calls_are_no_tokens_but_are_counted(
    words: Vocabulary,
) -> None:
    rows = [
        alteration("T1", "KRAS", Kind.SILENT, reference_allele="G", tumor_allele="A"),
        alteration("T1", "TP53", Kind.SHALLOW_DELETION),
    ]
    tokens = tokenize(tables(["T1"], rows), words)
    assert len(tokens.gene) == 0
    assert tokens.outside_spectrum[0, SUBSTITUTIONS.index("C>T")] == 1
    assert tokens.copy_level[0, words.index["TP53"]] == -1
    assert np.count_nonzero(tokens.copy_level) == 1
    assert tokens.graded.tolist() == [True]


def test_three_level_copy_number_says_nothing_about_single_copies(words: Vocabulary) -> None:
    rows = [alteration("T1", "TP53", Kind.DEEP_DELETION)]
    tokens = tokenize(tables(["T1"], rows, cna_levels=3), words)
    assert not tokens.graded.any()
    assert not tokens.copy_level.any()


def test_a_known_hotspot_is_told_from_another_residue(words: Vocabulary) -> None:
    rows = [alteration("T1", "KRAS", protein_position=p) for p in (12, 99, None)]
    tokens = tokenize(tables(["T1"], rows), words)
    by_residue = dict(zip(tokens.residue.tolist(), tokens.hotspot.tolist(), strict=True))
    length = words.residues[words.index["KRAS"]]
    assert by_residue == {-1.0: 0.0, np.float32(12 / length): 1.0, np.float32(99 / length): 0.0}


def test_a_gene_off_the_copy_number_panel_has_no_level(words: Vocabulary) -> None:
    rows = [alteration("T1", "BRCA2", Kind.GAIN), alteration("T1", "TP53", Kind.GAIN)]
    tokens = tokenize(tables(["T1"], rows), words)
    assert np.flatnonzero(tokens.copy_level[0]).tolist() == [words.index["TP53"]]


def test_the_genes_that_were_looked_at_are_counted(words: Vocabulary) -> None:
    assert tokenize(tables(["T1"], []), words).num_genes.tolist() == [len(GENES)]


@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_alterations_does_not_matter(random: object) -> None:
    study = random_tables(seed=3)
    order = np.arange(study.alterations.num_rows)
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = Tables(
        genome=study.genome,
        samples=study.samples,
        alterations=study.alterations.take(order),
        panels=study.panels,
    )
    words = vocabulary()
    assert tokenize(study, words).input_digests == tokenize(shuffled, words).input_digests


def test_twins_share_a_digest_and_any_difference_changes_it(words: Vocabulary) -> None:
    rows = [alteration(s, "KRAS", protein_position=12) for s in ("T1", "T2")]
    rows.append(alteration("T3", "KRAS", protein_position=13))
    first, second, third = tokenize(tables(["T1", "T2", "T3"], rows), words).input_digests
    assert first == second != third


def test_take_and_concatenate_keep_each_tumor_whole(words: Vocabulary) -> None:
    one, two = (tokenize(random_tables(seed=seed), words) for seed in (1, 2))
    joined = concatenate([one, two])
    assert joined.input_digests == one.input_digests + two.input_digests
    back = joined.take(np.arange(20, 40))
    assert np.array_equal(back.gene, two.gene)
    assert np.array_equal(back.cu_tokens, two.cu_tokens)
    masks = (back.panel_masks[back.panel], two.panel_masks[two.panel])
    assert np.array_equal(*masks)


def test_twenty_thousand_alterations_in_one_tumor(words: Vocabulary) -> None:
    generator = np.random.default_rng(0)
    genes = generator.choice(words.genes, size=20_000)
    rows = [alteration("T1", str(g), start_position=i) for i, g in enumerate(genes)]
    tokens = tokenize(tables(["T1"], rows, panel=words.genes), words)
    assert tokens.lengths.tolist() == [20_000]
