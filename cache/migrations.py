"""The schema of a snapshot, as numbered steps that are recorded with their effect.

A step is never edited after a release: what changes is a further step. No table has an index or
a primary key (an upsert through one has silently kept old values in a release of the library);
the writer keeps keys unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from cache import attributions
from cache.errors import SchemaTooNewError


@dataclass(frozen=True)
class Migration:
    """One step from a schema version to the next."""

    number: int
    name: str
    statements: tuple[str, ...]


_STUDIES = Migration(
    1,
    "studies, derived rows and layouts",
    (
        "CREATE TABLE snapshot (token VARCHAR NOT NULL)",
        # `version` counts the imports of a study: derived rows of an older one are not shown.
        """CREATE TABLE study (
            study_id VARCHAR NOT NULL, version INTEGER NOT NULL, name VARCHAR NOT NULL,
            description VARCHAR NOT NULL, citation VARCHAR NOT NULL, genome VARCHAR NOT NULL,
            synthetic BOOLEAN NOT NULL, source_digest VARCHAR NOT NULL,
            imported_at TIMESTAMP NOT NULL, num_samples BIGINT NOT NULL,
            num_patients BIGINT NOT NULL, num_alterations BIGINT NOT NULL)""",
        """CREATE TABLE note (
            study_id VARCHAR NOT NULL, position INTEGER NOT NULL, note VARCHAR NOT NULL)""",
        # The two counts spare the map page a scan of every alteration.
        """CREATE TABLE sample (
            study_id VARCHAR NOT NULL, sample_id VARCHAR NOT NULL, patient_id VARCHAR,
            cancer_type VARCHAR, oncotree_code VARCHAR, mutation_panel VARCHAR,
            cna_panel VARCHAR, fusion_panel VARCHAR, cna_levels TINYINT,
            num_mutations BIGINT NOT NULL, num_cna BIGINT NOT NULL)""",
        """CREATE TABLE alteration (
            study_id VARCHAR NOT NULL, sample_id VARCHAR NOT NULL, hugo_symbol VARCHAR,
            kind VARCHAR NOT NULL, chromosome VARCHAR, start_position BIGINT,
            reference_allele VARCHAR, tumor_allele VARCHAR, indel_length INTEGER, vaf FLOAT,
            protein_change VARCHAR, protein_position INTEGER, variant_classification VARCHAR)""",
        """CREATE TABLE panel (
            study_id VARCHAR NOT NULL, panel_id VARCHAR NOT NULL,
            hugo_symbol VARCHAR NOT NULL)""",
        """CREATE TABLE clinical (
            study_id VARCHAR NOT NULL, sample_id VARCHAR NOT NULL, attribute VARCHAR NOT NULL,
            value VARCHAR)""",
        """CREATE TABLE attribute (
            study_id VARCHAR NOT NULL, attribute VARCHAR NOT NULL, display_name VARCHAR,
            description VARCHAR, datatype VARCHAR, level VARCHAR)""",
        """CREATE TABLE report_file (
            study_id VARCHAR NOT NULL, file VARCHAR NOT NULL, lines_read BIGINT NOT NULL,
            loaded BIGINT NOT NULL, rejected BIGINT NOT NULL, skipped BIGINT NOT NULL)""",
        """CREATE TABLE report_finding (
            study_id VARCHAR NOT NULL, file VARCHAR, outcome VARCHAR NOT NULL,
            rule VARCHAR NOT NULL, "count" BIGINT NOT NULL, line BIGINT, "column" VARCHAR,
            "value" VARCHAR, message VARCHAR)""",
        """CREATE TABLE input (
            model_digest VARCHAR NOT NULL, study_id VARCHAR NOT NULL,
            study_version INTEGER NOT NULL, sample_id VARCHAR NOT NULL,
            input_digest VARCHAR NOT NULL)""",
        """CREATE TABLE embedding (
            model_digest VARCHAR NOT NULL, input_digest VARCHAR NOT NULL,
            vector FLOAT[] NOT NULL)""",
        """CREATE TABLE layout (
            layout_id BIGINT NOT NULL, name VARCHAR NOT NULL, model_digest VARCHAR NOT NULL,
            created_at TIMESTAMP NOT NULL, config VARCHAR NOT NULL, quality VARCHAR NOT NULL,
            ood VARCHAR NOT NULL)""",
        """CREATE TABLE coordinate (
            layout_id BIGINT NOT NULL, study_id VARCHAR NOT NULL, sample_id VARCHAR NOT NULL,
            input_digest VARCHAR NOT NULL, x FLOAT NOT NULL, y FLOAT NOT NULL,
            placed BOOLEAN NOT NULL, agreement FLOAT, ood_score FLOAT,
            out_of_distribution BOOLEAN)""",
        """CREATE TABLE prediction (
            model_digest VARCHAR NOT NULL, study_id VARCHAR NOT NULL,
            sample_id VARCHAR NOT NULL, input_digest VARCHAR NOT NULL, task VARCHAR NOT NULL,
            "class" VARCHAR NOT NULL, probability FLOAT, lower FLOAT, upper FLOAT,
            flag VARCHAR)""",
    ),
)

_ATTRIBUTIONS = Migration(2, "attributions", (attributions.TABLE,))

MIGRATIONS = (_STUDIES, _ATTRIBUTIONS)
"""Every step, in the order of its number."""

TABLES = (
    "study",
    "note",
    "sample",
    "alteration",
    "panel",
    "clinical",
    "attribute",
    "report_file",
    "report_finding",
    "input",
    "embedding",
    "layout",
    "coordinate",
    "prediction",
    "attribution",
)
"""The tables whose rows the manifest counts."""


def newest_version() -> int:
    """Return the schema version that this program writes."""
    return MIGRATIONS[-1].number


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the schema version of an open file; 0 for an empty one."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version "
        "(number INTEGER NOT NULL, name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)"
    ).fetchall()
    row = connection.execute("SELECT coalesce(max(number), 0) FROM schema_version").fetchall()
    return int(row[0][0])


def migrate(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[Migration] | None = None
) -> bool:
    """Bring a file to the newest schema, inside the transaction that is open.

    Args:
        connection: A writable connection with an open transaction.
        steps: Every step of this kind of file, in the order of its number; `MIGRATIONS` when None.

    Returns:
        Whether anything changed.

    Raises:
        SchemaTooNewError: If a newer version of the program wrote the file.
    """
    steps = MIGRATIONS if steps is None else steps
    found = schema_version(connection)
    if found > steps[-1].number:
        raise SchemaTooNewError(found, steps[-1].number)
    missing = [step for step in steps if step.number > found]
    for step in missing:
        for statement in step.statements:
            connection.execute(statement).fetchall()
        connection.execute(
            "INSERT INTO schema_version VALUES (?, ?, ?)",
            [step.number, step.name, datetime.now(UTC).replace(tzinfo=None)],
        ).fetchall()
    return bool(missing)


def count_rows(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the rows of each of `TABLES`."""
    return {table: int(connection.table(table).count("*").fetchall()[0][0]) for table in TABLES}
