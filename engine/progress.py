"""How long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called as work advances; the caller draws it or writes it down."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report progress.

        Args:
            stage: What is being done, in words for a user ("Reading mutations").
            done: Units finished.
            total: Units in all; 0 when not known.
        """


def no_progress(stage: str, done: int, total: int) -> None:
    """Ignore progress."""
