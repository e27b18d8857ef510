from __future__ import annotations

from engine.genes import GeneTable
from engine.panel_notes import CNA, FUSIONS, MUTATIONS, assumed_kinds, study_states_none
from engine.readers.panels import infer_panel


def test_a_guess_is_known_by_the_note_that_the_reader_writes() -> None:
    genes = GeneTable.load()
    for seen in ({"KRAS", "TP53"}, {"TTN", "OR4F5"}):
        note = infer_panel(seen, genes).note
        assert assumed_kinds(["Another note.", note]) == {MUTATIONS, CNA, FUSIONS}


def test_a_study_may_lack_the_panel_of_one_kind() -> None:
    assert assumed_kinds([f"{study_states_none(FUSIONS)}all samples count."]) == {FUSIONS}


def test_nothing_is_assumed_without_such_a_note() -> None:
    assert assumed_kinds(["The panel file of IMPACT468 was read."]) == frozenset()
