"""What a writer puts into the next snapshot."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cache import attributions, schema, statements
from cache.connections import writing
from cache.errors import (
    InvalidRowsError,
    LayoutNotFoundError,
    StudyNotFoundError,
    WrongThreadError,
)
from cache.rows import require_unique, shaped, sorted_by_sample, vector_rows


class Writer:
    """Changes the draft of the next snapshot; made by `Store.write()`.

    Readers see nothing of it before the `with` block has ended without an error.

    Args:
        connection: A connection to the draft, in a transaction.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = connection
        self._thread = threading.get_ident()
        self._sound = True
        self.changed = self.explained = False
        """Whether more than attributions differs from the snapshot, and whether they do."""
        self.erased_samples = False
        """Whether samples are gone that still stand in the file's free space and in older files."""

    def require_sound(self) -> None:
        """Refuse to publish after an error that the caller has swallowed.

        Raises:
            InvalidRowsError: If a call has failed.
        """
        if not self._sound:
            raise InvalidRowsError(
                "A change failed halfway, so none of the changes was published. "
                "Let the error leave the `with` block."
            )

    def close(self) -> None:
        """Refuse further use."""
        self._connection = None

    def replace_study(  # noqa: PLR0913 - one keyword per table of an import
        self,
        study: Mapping[str, Any],
        *,
        samples: pa.Table,
        alterations: pa.Table,
        panels: pa.Table,
        clinical: pa.Table,
        attributes: pa.Table,
        files: pa.Table,
        findings: pa.Table,
        notes: Sequence[str] = (),
    ) -> None:
        """Put a study in the place of its older import.

        What was computed from samples whose input turns out unchanged is shown again once
        `add_inputs` has named the digests; what was computed from samples that are gone is
        deleted.

        Args:
            study: `study_id`, `name`, `genome`, `source_digest` and, where known,
                `description`, `citation` and `synthetic`.
            samples: Rows of `schema.SAMPLES`, unique by `sample_id`.
            alterations: Rows of `schema.ALTERATIONS`, of these samples only.
            panels: Rows of `schema.PANELS`.
            clinical: Rows of `schema.CLINICAL`, of these samples only.
            attributes: Rows of `schema.ATTRIBUTES`.
            files: Rows of `schema.REPORT_FILES`.
            findings: Rows of `schema.REPORT_FINDINGS`.
            notes: What the reader assumed, one sentence each.

        Raises:
            InvalidRowsError: If a table has another shape, a sample occurs twice, or a row
                belongs to no sample.
        """
        study_id = str(study["study_id"])
        version = self._version(study_id)
        samples = shaped(samples, schema.SAMPLES, "samples")
        if version:
            self._delete_import(study_id, still_there=samples)
        alterations = sorted_by_sample(shaped(alterations, schema.ALTERATIONS, "alterations"))
        tables = {"alterations": alterations, "clinical": clinical, "panels": panels}
        tables |= {"attributes": attributes, "files": files, "findings": findings}
        for name, (expected, sql) in statements.IMPORTED.items():
            self._insert(sql, shaped(tables[name], expected, name), [study_id])
        self._insert_samples(study_id, samples)
        for position, note in enumerate(notes):
            self._run("INSERT INTO note VALUES (?, ?, ?)", [study_id, position, note])
        self._insert_study(study, version + 1)
        if version:
            self._delete_derived(study_id)

    def remove_study(self, study_id: str) -> None:
        """Delete a study and everything computed from it.

        The published file is written anew, so that no byte of the study remains in it, and
        older snapshots are deleted.

        Args:
            study_id: The study.

        Raises:
            StudyNotFoundError: If the store does not hold it.
        """
        if not self._version(study_id):
            known = self._run("SELECT study_id FROM study ORDER BY study_id")
            raise StudyNotFoundError([study_id], [row[0] for row in known])
        self._delete_import(study_id, still_there=schema.SAMPLES.empty_table())
        self._delete_derived(study_id)

    def add_inputs(self, model_digest: str, inputs: pa.Table) -> None:
        """Record the digest of what a model reads of each sample.

        Args:
            model_digest: The model.
            inputs: Rows of `schema.INPUTS`, unique by study and sample; they take the place of
                earlier rows.

        Raises:
            InvalidRowsError: If a sample is not in the store, or occurs twice.
        """
        rows = shaped(inputs, schema.INPUTS, "inputs")
        require_unique(rows, ["study_id", "sample_id"], "inputs")
        self._insert(statements.DELETE_SAME_INPUTS, rows, [model_digest])
        added = self._insert(statements.INSERT_INPUTS, rows, {"model_digest": model_digest})
        if added != rows.num_rows:
            raise self._refused(
                f"{rows.num_rows - added} of {rows.num_rows} input digests belong to samples "
                "that the store does not hold. Import their study first."
            )

    def add_embeddings(
        self, model_digest: str, input_digests: Sequence[str], vectors: npt.NDArray[np.float32]
    ) -> None:
        """Store vectors; digests that the store already knows are left as they are.

        Args:
            model_digest: The model that computed them.
            input_digests: N digests; twins may repeat one.
            vectors: (N, D), float32, finite; D is the same in all calls for one model.

        Raises:
            InvalidRowsError: If the shapes do not match, or a number is not finite.
        """
        if vectors.ndim != 2 or len(vectors) != len(input_digests):
            raise InvalidRowsError(
                f"{len(input_digests)} digests came with vectors of shape {vectors.shape}; "
                "one vector per digest was expected."
            )
        if vectors.dtype != np.float32 or not np.isfinite(vectors).all():
            raise InvalidRowsError("Vectors must be finite float32 numbers; nothing was stored.")
        self._require_width(model_digest, vectors.shape[1])
        rows = vector_rows(input_digests, vectors)
        self._insert(statements.INSERT_EMBEDDINGS, rows, {"model_digest": model_digest})

    def add_layout(
        self, name: str, model_digest: str, config_json: str, quality_json: str, ood_json: str
    ) -> int:
        """Record a new layout.

        Args:
            name: Its name; the newest layout of a name is the one that is shown.
            model_digest: The model whose embeddings it lays out.
            config_json: How it was fitted, JSON.
            quality_json: How faithful it is, JSON.
            ood_json: Its out-of-distribution rule, JSON.

        Returns:
            Its id, higher than every earlier one.
        """
        newest = self._run("SELECT coalesce(max(layout_id), 0) FROM layout")[0][0]
        self._run(
            "INSERT INTO layout VALUES (?, ?, ?, ?, ?, ?, ?)",
            [newest + 1, name, model_digest, _now(), config_json, quality_json, ood_json],
        )
        self.changed = True
        return int(newest) + 1

    def add_coordinates(self, layout_id: int, coordinates: pa.Table) -> None:
        """Store where tumors lie on a layout.

        Args:
            layout_id: The layout.
            coordinates: Rows of `schema.COORDINATES`, unique by study and sample; they take the
                place of earlier rows on this layout.

        Raises:
            LayoutNotFoundError: If there is no such layout.
            InvalidRowsError: If a sample has no input digest for the layout's model, occurs
                twice, or has no finite coordinates.
        """
        if not self._run("SELECT 1 FROM layout WHERE layout_id = ?", [layout_id]):
            raise LayoutNotFoundError(f"There is no layout {layout_id}; add it first.")
        rows = shaped(coordinates, schema.COORDINATES, "coordinates")
        require_unique(rows, ["study_id", "sample_id"], "coordinates")
        if not all(np.isfinite(rows[axis].to_numpy()).all() for axis in ("x", "y")):
            raise InvalidRowsError("Coordinates must be finite numbers; nothing was stored.")
        self._insert(statements.DELETE_SAME_COORDINATES, rows, [layout_id])
        added = self._insert(statements.INSERT_COORDINATES, rows, {"layout_id": layout_id})
        self._require_inputs(rows.num_rows - added, rows.num_rows, "coordinates")

    def add_predictions(self, model_digest: str, predictions: pa.Table) -> None:
        """Store predictions; they take the place of earlier ones of the same sample and task.

        Args:
            model_digest: The model.
            predictions: Rows of `schema.PREDICTIONS`, unique by study, sample, task and class.

        Raises:
            InvalidRowsError: If a sample has no input digest for the model, or a row repeats.
        """
        rows = shaped(predictions, schema.PREDICTIONS, "predictions")
        require_unique(rows, ["study_id", "sample_id", "task", "class"], "predictions")
        self._insert(statements.DELETE_SAME_PREDICTIONS, rows, [model_digest])
        added = self._insert(statements.INSERT_PREDICTIONS, rows, {"model_digest": model_digest})
        self._require_inputs(rows.num_rows - added, rows.num_rows, "predictions")

    def remove_predictions(self, model_digest: str, task: str) -> None:
        """Delete what a model predicted for one task in every study, where there is anything."""
        values = {"model_digest": model_digest, "task": task}
        self.changed |= bool(self._run(statements.DELETE_PREDICTIONS_OF_TASK, values)[0][0])

    def add_attributions(self, model_digest: str, rows: pa.Table) -> None:
        """Store attributions; they take the place of earlier ones of the same key.

        Args:
            model_digest: The model.
            rows: Rows of `attributions.ATTRIBUTIONS`, unique by all but the document.

        Raises:
            InvalidRowsError: If a sample has no input digest for the model, or a row repeats.
        """
        rows = shaped(rows, attributions.ATTRIBUTIONS, "attributions")
        require_unique(rows, attributions.KEY, "attributions")
        changed, self.explained = self.changed, True
        self._insert(attributions.DELETE_SAME, rows, [model_digest])
        added = self._insert(attributions.INSERT, rows, {"model_digest": model_digest})
        self.changed = changed
        self._require_inputs(rows.num_rows - added, rows.num_rows, "attributions")

    def _insert_samples(self, study_id: str, samples: pa.Table) -> None:
        require_unique(samples, ["sample_id"], "samples")
        mutations, copy_numbers = list(schema.MUTATION_KINDS), list(schema.COPY_NUMBER_KINDS)
        values = {"study_id": study_id, "mutations": mutations, "copy_numbers": copy_numbers}
        self._insert(statements.INSERT_SAMPLES, samples, values)
        strangers = self._run(statements.COUNT_STRANGERS, {"study_id": study_id})[0][0]
        if strangers:
            raise self._refused(
                f"{strangers} alterations or clinical values of study {study_id!r} belong to no "
                "sample of it. Add the samples, or leave the rows out."
            )

    def _insert_study(self, study: Mapping[str, Any], version: int) -> None:
        values = {"description": "", "citation": "", "synthetic": False} | dict(study)
        names = ("study_id", "name", "description", "citation", "genome", "synthetic")
        row = {name: values[name] for name in (*names, "source_digest")}
        self._run(statements.INSERT_STUDY, row | {"version": version, "imported_at": _now()})
        self.changed = True

    def _delete_import(self, study_id: str, *, still_there: pa.Table) -> None:
        rows = self._run("SELECT sample_id FROM sample WHERE study_id = ?", [study_id])
        gone = {row[0] for row in rows}.difference(still_there["sample_id"].to_pylist())
        self.erased_samples = self.erased_samples or bool(gone)
        for sql in statements.DELETE_IMPORT:
            self._run(sql, [study_id])
        self.changed = True

    def _delete_derived(self, study_id: str) -> None:
        for sql in statements.DELETE_DERIVED:
            self._run(sql, {"study_id": study_id})
        self._run(statements.DELETE_UNUSED_EMBEDDINGS)

    def _version(self, study_id: str) -> int:
        """Return how often a study was imported; 0 when it is not there."""
        rows = self._run("SELECT version FROM study WHERE study_id = ?", [study_id])
        return int(rows[0][0]) if rows else 0

    def _require_width(self, model_digest: str, width: int) -> None:
        sql = "SELECT len(vector) FROM embedding WHERE model_digest = ? LIMIT 1"
        found = self._run(sql, [model_digest])
        if found and found[0][0] != width:
            raise InvalidRowsError(
                f"Vectors of width {width} were given for a model whose vectors have width "
                f"{found[0][0]}. Use a model digest that changes with the model."
            )

    def _require_inputs(self, missing: int, total: int, name: str) -> None:
        if missing:
            raise self._refused(
                f"{missing} of {total} {name} belong to samples without an input digest for this "
                "model. Call add_inputs for them first."
            )

    def _insert(self, sql: str, rows: pa.Table, values: list[Any] | dict[str, Any]) -> int:
        """Run a statement that reads the table `incoming`; return the number of changed rows."""
        connection = self._own()
        connection.register("incoming", rows)
        changed = self._run(sql, values)
        connection.unregister("incoming")
        self.changed = True
        return int(changed[0][0])

    def _run(self, sql: str, values: list[Any] | dict[str, Any] | None = None) -> list[Any]:
        connection = self._own()
        self._sound, was_sound = False, self._sound
        try:
            with writing():
                # Fetching all ends the statement: the connection refuses other work before.
                rows = connection.execute(sql, values).fetchall()
        except (duckdb.ConstraintException, duckdb.ConversionException) as error:
            raise InvalidRowsError(
                "A value is missing that every row must have, or has another type. "
                "Nothing was stored."
            ) from error
        self._sound = was_sound
        return rows

    def _refused(self, message: str) -> InvalidRowsError:
        """Return the error for rows that were stored already: nothing may be published."""
        self._sound = False
        return InvalidRowsError(message)

    def _own(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None or self._thread != threading.get_ident():
            raise WrongThreadError
        return self._connection


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
