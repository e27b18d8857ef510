"""The statements of a writer. `incoming` is the table that was handed to it."""

from __future__ import annotations

from cache import attributions, schema

IMPORTED = {
    "alterations": (
        schema.ALTERATIONS,
        "INSERT INTO alteration SELECT ?, * FROM incoming",
    ),
    "clinical": (
        schema.CLINICAL,
        "INSERT INTO clinical SELECT ?, * FROM incoming ORDER BY attribute, sample_id",
    ),
    "panels": (schema.PANELS, "INSERT INTO panel SELECT ?, * FROM incoming ORDER BY ALL"),
    "attributes": (schema.ATTRIBUTES, "INSERT INTO attribute SELECT ?, * FROM incoming"),
    "files": (schema.REPORT_FILES, "INSERT INTO report_file SELECT ?, * FROM incoming"),
    "findings": (schema.REPORT_FINDINGS, "INSERT INTO report_finding SELECT ?, * FROM incoming"),
}
"""Each table of an import: its schema, and how it is stored."""

INSERT_SAMPLES = """
INSERT INTO sample
SELECT $study_id, s.*, coalesce(a.num_mutations, 0), coalesce(a.num_cna, 0)
FROM incoming s LEFT JOIN (
    SELECT sample_id,
        count(*) FILTER (kind = ANY($mutations)) AS num_mutations,
        count(*) FILTER (kind = ANY($copy_numbers)) AS num_cna
    FROM alteration WHERE study_id = $study_id GROUP BY sample_id
) a USING (sample_id)
ORDER BY s.sample_id
"""

COUNT_STRANGERS = """
SELECT count(*) FROM (
    SELECT sample_id FROM alteration WHERE study_id = $study_id
    UNION ALL SELECT sample_id FROM clinical WHERE study_id = $study_id
) WHERE sample_id NOT IN (SELECT sample_id FROM sample WHERE study_id = $study_id)
"""

INSERT_STUDY = """
INSERT INTO study
SELECT $study_id, $version, $name, $description, $citation, $genome, $synthetic, $source_digest,
    $imported_at, count(*), count(DISTINCT patient_id),
    (SELECT count(*) FROM alteration WHERE study_id = $study_id)
FROM sample WHERE study_id = $study_id
"""

DELETE_IMPORT = (
    "DELETE FROM study WHERE study_id = ?",
    "DELETE FROM note WHERE study_id = ?",
    "DELETE FROM sample WHERE study_id = ?",
    "DELETE FROM alteration WHERE study_id = ?",
    "DELETE FROM panel WHERE study_id = ?",
    "DELETE FROM clinical WHERE study_id = ?",
    "DELETE FROM attribute WHERE study_id = ?",
    "DELETE FROM report_file WHERE study_id = ?",
    "DELETE FROM report_finding WHERE study_id = ?",
)

# Rows of samples that the study, as it is now, does not have.
DELETE_DERIVED = (
    "DELETE FROM input WHERE study_id = $study_id AND sample_id NOT IN "
    "(SELECT sample_id FROM sample WHERE study_id = $study_id)",
    "DELETE FROM coordinate WHERE study_id = $study_id AND sample_id NOT IN "
    "(SELECT sample_id FROM sample WHERE study_id = $study_id)",
    "DELETE FROM prediction WHERE study_id = $study_id AND sample_id NOT IN "
    "(SELECT sample_id FROM sample WHERE study_id = $study_id)",
    attributions.DELETE_DERIVED,
)

DELETE_UNUSED_EMBEDDINGS = """
DELETE FROM embedding WHERE input_digest NOT IN (SELECT input_digest FROM input)
"""

DELETE_SAME_INPUTS = """
DELETE FROM input WHERE model_digest = ?
    AND (study_id, sample_id) IN (SELECT study_id, sample_id FROM incoming)
"""

INSERT_INPUTS = """
INSERT INTO input
SELECT $model_digest, i.study_id, st.version, i.sample_id, i.input_digest
FROM incoming i JOIN sample s USING (study_id, sample_id) JOIN study st USING (study_id)
ORDER BY i.study_id, i.sample_id
"""

INSERT_EMBEDDINGS = """
INSERT INTO embedding
SELECT $model_digest, i.input_digest, i.vector FROM incoming i
WHERE i.input_digest NOT IN (
    SELECT input_digest FROM embedding WHERE model_digest = $model_digest)
"""

DELETE_SAME_COORDINATES = """
DELETE FROM coordinate WHERE layout_id = ?
    AND (study_id, sample_id) IN (SELECT study_id, sample_id FROM incoming)
"""

INSERT_COORDINATES = """
INSERT INTO coordinate
SELECT l.layout_id, c.study_id, c.sample_id, i.input_digest, c.x, c.y, c.placed, c.agreement,
    c.ood_score, c.out_of_distribution
FROM incoming c
JOIN layout l ON l.layout_id = $layout_id
JOIN study st USING (study_id)
JOIN input i ON i.model_digest = l.model_digest AND i.study_id = c.study_id
    AND i.sample_id = c.sample_id AND i.study_version = st.version
ORDER BY c.study_id, c.sample_id
"""

DELETE_SAME_PREDICTIONS = """
DELETE FROM prediction WHERE model_digest = ?
    AND (study_id, sample_id, task) IN (SELECT study_id, sample_id, task FROM incoming)
"""

DELETE_PREDICTIONS_OF_TASK = """
DELETE FROM prediction WHERE model_digest = $model_digest AND task = $task
"""

INSERT_PREDICTIONS = """
INSERT INTO prediction
SELECT $model_digest, p.study_id, p.sample_id, i.input_digest, p.task, p."class",
    p.probability, p.lower, p.upper, p.flag
FROM incoming p
JOIN study st USING (study_id)
JOIN input i ON i.model_digest = $model_digest AND i.study_id = p.study_id
    AND i.sample_id = p.sample_id AND i.study_version = st.version
ORDER BY p.study_id, p.sample_id, p.task, p."class"
"""
