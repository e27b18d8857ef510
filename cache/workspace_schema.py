"""The schema of the workspace, as numbered steps; see `cache.migrations`."""

from __future__ import annotations

from cache.migrations import Migration

_FIRST = Migration(
    1,
    "sets, views, queues and decisions",
    (
        # The key of content addresses: with it nobody can guess a tumor from the id of a set.
        "CREATE TABLE workspace (secret BLOB NOT NULL)",
        # A set without a name is a selection, which is forgotten after a while.
        """CREATE TABLE tumor_set (
            set_id VARCHAR NOT NULL, name VARCHAR, note VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL, kept_at TIMESTAMP NOT NULL,
            num_tumors BIGINT NOT NULL)""",
        # One row per study of a set, so that removing a study removes its names and no others.
        """CREATE TABLE set_member (
            set_id VARCHAR NOT NULL, study_id VARCHAR NOT NULL, num_tumors BIGINT NOT NULL,
            sample_ids BLOB NOT NULL)""",
        """CREATE TABLE saved_view (
            view_id VARCHAR NOT NULL, name VARCHAR NOT NULL, page VARCHAR NOT NULL,
            query VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL)""",
        """CREATE TABLE queue (
            queue_id VARCHAR NOT NULL, name VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL,
            num_gone BIGINT NOT NULL)""",
        """CREATE TABLE queue_case (
            queue_id VARCHAR NOT NULL, position INTEGER NOT NULL, pseudonym VARCHAR NOT NULL,
            study_id VARCHAR NOT NULL, sample_id VARCHAR NOT NULL)""",
        # Stands apart from the log: removing a study cuts its cases off, and leaves the chain.
        """CREATE TABLE decision_case (
            case_id VARCHAR NOT NULL, study_id VARCHAR NOT NULL, sample_id VARCHAR NOT NULL)""",
        """CREATE TABLE decision (
            number BIGINT NOT NULL, case_id VARCHAR NOT NULL, pseudonym VARCHAR NOT NULL,
            decided_on VARCHAR NOT NULL, decided_by VARCHAR NOT NULL, decision VARCHAR NOT NULL,
            rationale VARCHAR NOT NULL, model_digest VARCHAR NOT NULL, layout VARCHAR NOT NULL,
            snapshot BIGINT NOT NULL, queue_id VARCHAR NOT NULL, corrects BIGINT,
            recorded_at VARCHAR NOT NULL, previous VARCHAR NOT NULL, digest VARCHAR NOT NULL)""",
    ),
)

STEPS = (_FIRST,)
"""Every step, in the order of its number."""

TABLES = (
    "workspace",
    "tumor_set",
    "set_member",
    "saved_view",
    "queue",
    "queue_case",
    "decision_case",
    "decision",
)
"""The tables of a workspace, as a backup holds them."""
