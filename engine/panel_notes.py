"""How it is written down that nobody stated a panel, and how that is read back. Pure."""

from __future__ import annotations

from collections.abc import Iterable

MUTATIONS, CNA, FUSIONS = "mutations", "cna", "fusions"
"""Kinds of measurement, each of which may have a panel of its own."""

FILE_STATES_NONE = "The panel is not stated"
"""First words of the note on a file whose one panel, of all that it tells, was guessed."""


def study_states_none(kind: str) -> str:
    """Return the first words of the note on a study that states no panel for a kind."""
    return f"The study states no panel for {kind}; "


def assumed_kinds(notes: Iterable[str]) -> frozenset[str]:
    """Tell for which kinds the panel was assumed, by what the reader noted.

    Args:
        notes: `Cohort.notes`.

    Returns:
        Some of `MUTATIONS`, `CNA` and `FUSIONS`; whether they were measured is not told.
    """
    written = tuple(notes)
    kinds = (MUTATIONS, CNA, FUSIONS)
    if any(note.startswith(FILE_STATES_NONE) for note in written):
        return frozenset(kinds)
    return frozenset(
        kind for kind in kinds if any(n.startswith(study_states_none(kind)) for n in written)
    )
