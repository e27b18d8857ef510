"""Text that people type into the workspace: cleaned and bounded."""

from __future__ import annotations

from cache.errors import InvalidEntryError

LONGEST = {
    "name": 80,
    "note": 500,
    "pseudonym": 40,
    "person": 80,
    "decision": 500,
    "rationale": 4000,
}
"""Most characters of each kind of text."""


def cleaned(text: str, kind: str, *, required: bool = True) -> str:
    """Return text without control characters and outer spaces.

    Args:
        text: What was typed.
        kind: One of `LONGEST`.
        required: Whether it may not be empty.

    Raises:
        InvalidEntryError: If it is empty or too long.
    """
    kept = "".join(c for c in text.replace("\r\n", "\n") if c.isprintable() or c == "\n").strip()
    if required and not kept:
        raise InvalidEntryError(f"The {kind} is empty. Type one, and try again.")
    if len(kept) > LONGEST[kind]:
        raise InvalidEntryError(
            f"The {kind} has {len(kept):,} characters; at most {LONGEST[kind]:,} are kept. "
            "Shorten it, and try again."
        )
    return kept


def require_unnamed(text: str, kind: str, sample_id: str) -> None:
    """Refuse text that tells which tumor it is about.

    Args:
        text: What was typed.
        kind: One of `LONGEST`.
        sample_id: Name of the tumor.

    Raises:
        InvalidEntryError: If the name stands in the text.
    """
    if sample_id.casefold() in text.casefold():
        raise InvalidEntryError(
            f"The {kind} holds the id of the sample. Leave it out, so that what is shown in a "
            "meeting or kept after the study is removed names nobody."
        )
