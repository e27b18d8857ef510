from __future__ import annotations

import numpy as np

from dashboard.coloring import GeneStates
from dashboard.figure_notes import FigureOptions
from dashboard.kind_bits import BITS
from dashboard.oncoprint import (
    FIRST_SLOT,
    MOST_DRAWN,
    NOT_PROFILED,
    WILD_TYPE,
    arrange,
    choose_genes,
    draw_cells,
)
from dashboard.oncoprint_figure import draw_oncoprint, place_blocks
from dashboard.theme import DARK, LIGHT
from engine.kinds import Kind


def states(kinds: list[list[Kind]], looked_at: list[bool] | None = None) -> GeneStates:
    bits = [sum(BITS[kind.value] for kind in found) for found in kinds]
    seen = np.ones(len(kinds), dtype=bool) if looked_at is None else np.array(looked_at)
    return GeneStates(
        kinds=np.array(bits, dtype=np.uint16),
        mutation_profiled=seen,
        cna_profiled=seen,
        fusion_profiled=np.zeros(len(kinds), dtype=bool),
    )


def test_a_cell_shows_copy_number_mutation_and_fusion_at_once() -> None:
    state = states([[Kind.AMPLIFICATION, Kind.MISSENSE], [Kind.FUSION], [], [Kind.MISSENSE]])
    cells = draw_cells(state, np.arange(4))
    amplified, missense, fused = FIRST_SLOT + 1, FIRST_SLOT + 2, FIRST_SLOT + 3
    assert cells[:, 0].tolist() == [amplified, missense, amplified]
    assert cells[:, 1].tolist() == [WILD_TYPE, WILD_TYPE, fused]
    assert cells[:, 2].tolist() == [WILD_TYPE] * 3
    assert cells[:, 3].tolist() == [WILD_TYPE, missense, WILD_TYPE]


def test_what_was_not_looked_at_is_never_wild_type() -> None:
    state = states([[], [Kind.TRUNCATING], []], [False, False, True])
    cells = draw_cells(state, np.arange(3))
    assert cells[1].tolist() == [NOT_PROFILED, FIRST_SLOT + 6, WILD_TYPE]
    found = arrange({"A": state}, np.array([0, 0, 0]), ["all"])
    assert found.shares["Profiled"].tolist() == [1]
    assert found.shares["Altered"].tolist() == [0]


def test_tumors_are_sorted_by_the_most_frequent_gene_first() -> None:
    first = states([[], [Kind.MISSENSE], [Kind.MISSENSE], [], [Kind.MISSENSE]])
    second = states([[Kind.MISSENSE], [], [Kind.MISSENSE], [], []])
    codes = np.zeros(5, dtype=int)
    found = arrange({"RARE": second, "COMMON": first}, codes, ["all"])
    assert found.genes == ("COMMON", "RARE")
    altered = found.cells[:, 1] >= FIRST_SLOT
    assert altered[0].tolist() == [True, True, True, False, False]
    assert altered[1].tolist() == [True, False, False, True, False]


def test_of_a_large_group_the_same_tumors_are_drawn_each_time() -> None:
    rng = np.random.default_rng(0)
    number = 3 * MOST_DRAWN
    state = states([[Kind.MISSENSE] if v else [] for v in rng.random(number) < 0.3])
    codes = np.where(np.arange(number) < 30, 1, 0)
    found = arrange({"A": state}, codes, ["large", "small"])
    again = arrange({"A": state}, codes, ["large", "small"])
    assert [block.num_drawn for block in found.blocks] == [MOST_DRAWN, 30]
    assert found.blocks[0].num_all == number - 30
    assert np.array_equal(found.cells, again.cells)
    assert found.shares["Profiled"].tolist() == [number - 30, 30]


def test_the_figure_hatches_hides_nothing_and_says_what_it_draws() -> None:
    one = states([[Kind.MISSENSE], [], [], [Kind.AMPLIFICATION]], [True, True, False, True])
    found = arrange({"A": one}, np.array([0, 0, 1, 1]), ["left", "<b>right"])
    for palette in (LIGHT, DARK):
        figure = draw_oncoprint(found, FigureOptions(palette=palette, source="map main v1"))
        kinds = [type(trace).__name__ for trace in figure.data]
        assert kinds.count("Heatmap") == 2
        assert kinds.count("Bar") == 1
        names = {trace.name for trace in figure.data}
        assert {"missense", "amplification", "none found", "not profiled"} <= names
        texts = " ".join(annotation.text for annotation in figure.layout.annotations)
        assert "Research use only" in texts
        assert "2 of 2 drawn" in texts
        assert "<b>right" not in texts.replace("<b>left", "").replace("<b>&lt;b&gt;right", "")
    assert figure.layout.yaxis.ticktext == ("<b>A</b>  67%",)


def test_a_small_group_is_wide_enough_to_be_seen() -> None:
    state = states([[]] * 310)
    found = arrange({"A": state}, np.where(np.arange(310) < 2, 1, 0), ["large", "small"])
    places = place_blocks(found)
    assert places[1].width > 0.1
    assert places[0].start + places[0].width < places[1].start
    assert places[1].start + places[1].width <= 1 + 1e-9


def test_genes_of_the_groups_are_always_drawn() -> None:
    assert choose_genes(["A", "B", "C"], ["C", "D"], 3) == ("C", "D", "A")
