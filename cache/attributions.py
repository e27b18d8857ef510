"""Attributions in the store: one document per tumor, head, class, method and model.

What a document says is up to whoever writes it; the store keeps it as JSON text, and shows it only
while the input of its tumor is the one that it was computed from.
"""

from __future__ import annotations

import pyarrow as pa

ATTRIBUTIONS = pa.schema(
    [
        ("study_id", pa.string()),
        ("sample_id", pa.string()),
        ("task", pa.string()),
        ("class", pa.string()),
        ("method", pa.string()),
        ("document", pa.string()),
    ]
)
"""One row per document; unique by everything but the document."""

KEY = ATTRIBUTIONS.names[:-1]

TABLE = """CREATE TABLE attribution (
    model_digest VARCHAR NOT NULL, study_id VARCHAR NOT NULL, sample_id VARCHAR NOT NULL,
    input_digest VARCHAR NOT NULL, task VARCHAR NOT NULL, "class" VARCHAR NOT NULL,
    method VARCHAR NOT NULL, document VARCHAR NOT NULL)"""
"""How the table is made; as with every step of the schema, never edited after a release."""

SELECT = """
SELECT a.study_id, a.sample_id, a.task, a."class", a.method, a.document
FROM attribution a
JOIN study st ON st.study_id = a.study_id
JOIN input i ON i.model_digest = a.model_digest AND i.study_id = a.study_id
    AND i.sample_id = a.sample_id AND i.study_version = st.version
    AND i.input_digest = a.input_digest
WHERE a.model_digest = $model_digest AND a.sample_id = $sample_id
    AND a.study_id = ANY($studies)
ORDER BY a.study_id, a.task, a."class", a.method
"""

EXPLAINED = pa.schema(ATTRIBUTIONS.field(name) for name in ("study_id", "sample_id", "class"))
"""One row per tumor and class that one method has explained."""

SELECT_EXPLAINED = """
SELECT a.study_id, a.sample_id, a."class"
FROM attribution a
JOIN study st ON st.study_id = a.study_id
JOIN input i ON i.model_digest = a.model_digest AND i.study_id = a.study_id
    AND i.sample_id = a.sample_id AND i.study_version = st.version
    AND i.input_digest = a.input_digest
WHERE a.model_digest = $model_digest AND a.task = $task AND a.method = $method
    AND a.study_id = ANY($studies)
ORDER BY ALL
"""

DELETE_SAME = """
DELETE FROM attribution WHERE model_digest = ?
    AND (study_id, sample_id, task, "class", method) IN
        (SELECT study_id, sample_id, task, "class", method FROM incoming)
"""

INSERT = """
INSERT INTO attribution
SELECT $model_digest, a.study_id, a.sample_id, i.input_digest, a.task, a."class", a.method,
    a.document
FROM incoming a
JOIN study st USING (study_id)
JOIN input i ON i.model_digest = $model_digest AND i.study_id = a.study_id
    AND i.sample_id = a.sample_id AND i.study_version = st.version
ORDER BY a.study_id, a.sample_id, a.task, a."class", a.method
"""

DELETE_DERIVED = (
    "DELETE FROM attribution WHERE study_id = $study_id AND sample_id NOT IN "
    "(SELECT sample_id FROM sample WHERE study_id = $study_id)"
)
