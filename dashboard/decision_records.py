"""Decisions as tables and documents for export. No Streamlit."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd

from cache.workspace_decisions import Decision, Log
from dashboard.csv_export import to_csv
from dashboard.theme import RESEARCH_USE
from dashboard.wording import day

EXPORTED = (
    "number",
    "pseudonym",
    "decided_on",
    "decided_by",
    "decision",
    "rationale",
    "corrects",
    "corrected_by",
    "model_digest",
    "layout",
    "snapshot",
    "recorded_at",
    "previous",
    "digest",
)
"""What an export tells of an entry; names of samples and studies are not among it."""


def decision_rows(entries: Sequence[Decision], log: Log) -> list[dict[str, object]]:
    """Return entries as they are exported.

    Args:
        entries: The entries.
        log: All entries, for what was corrected.
    """
    corrected = log.corrected()
    return [
        {
            name: corrected.get(entry.number) if name == "corrected_by" else getattr(entry, name)
            for name in EXPORTED
        }
        for entry in entries
    ]


def decisions_csv(entries: Sequence[Decision], log: Log) -> bytes:
    """Write entries for a spreadsheet."""
    rows = decision_rows(entries, log)
    frame = pd.DataFrame(rows, columns=list(EXPORTED)).astype(
        {"corrects": "Int64", "corrected_by": "Int64"}
    )
    return to_csv(frame, captions(log))


def decisions_json(entries: Sequence[Decision], log: Log) -> bytes:
    """Write entries as one JSON document."""
    document = {
        "notice": RESEARCH_USE,
        "about": captions(log),
        "decisions": decision_rows(entries, log),
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def captions(log: Log) -> list[str]:
    """Say what an export is, and whether the log was whole when it was made."""
    last = log.entries[-1] if log.entries else None
    end = f"The log has {len(log.entries)} entries"
    lines = [
        "Decision log of TumorXY: append-only; each entry carries the digest of the one before it.",
        f"{end}; digest of the last one: {last.digest}." if last else f"{end}.",
    ]
    return [*lines, log.problem] if log.problem else lines


def say_day(iso: str) -> str:
    """Write the day of a decision as `March 1, 2026`."""
    return day(pd.Timestamp(iso).to_pydatetime())
