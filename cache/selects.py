"""The statements of a reader."""

from __future__ import annotations

STUDIES = """
SELECT study_id, name, description, citation, genome, synthetic, source_digest, imported_at,
    num_samples, num_patients, num_alterations
FROM study ORDER BY study_id
"""

SAMPLES = """
SELECT study_id, sample_id, patient_id, cancer_type, oncotree_code, mutation_panel, cna_panel,
    fusion_panel, cna_levels
FROM sample WHERE study_id = ANY($studies) ORDER BY study_id, sample_id
"""

# Rows lie sorted by sample within a study, and a plain filter keeps that order.
ALTERATIONS = """
SELECT * FROM alteration
WHERE study_id = ANY($studies) AND (NOT $altering_only OR kind = ANY($kinds))
"""

ALTERATIONS_OF_SAMPLE = """
SELECT * FROM alteration
WHERE sample_id = $sample_id AND study_id = ANY($studies)
    AND (NOT $altering_only OR kind = ANY($kinds))
"""

CLINICAL_OF = """
SELECT a.attribute, a.display_name, a.description, a.datatype, a.level, c."value"
FROM clinical c JOIN attribute a USING (study_id, attribute)
WHERE c.study_id = $study_id AND c.sample_id = $sample_id
ORDER BY a.attribute
"""

GENE_STATES = """
WITH altered AS (
    SELECT study_id, sample_id, list(DISTINCT kind ORDER BY kind) AS kinds
    FROM alteration
    WHERE hugo_symbol = $gene AND kind = ANY($kinds) AND study_id = ANY($studies)
    GROUP BY study_id, sample_id
), covering AS (
    SELECT DISTINCT study_id, panel_id FROM panel WHERE hugo_symbol = $gene
)
SELECT s.study_id, s.sample_id, coalesce(a.kinds, []),
    m.panel_id IS NOT NULL, c.panel_id IS NOT NULL, f.panel_id IS NOT NULL
FROM sample s
LEFT JOIN altered a ON a.study_id = s.study_id AND a.sample_id = s.sample_id
LEFT JOIN covering m ON m.study_id = s.study_id AND m.panel_id = s.mutation_panel
LEFT JOIN covering c ON c.study_id = s.study_id AND c.panel_id = s.cna_panel
LEFT JOIN covering f ON f.study_id = s.study_id AND f.panel_id = s.fusion_panel
WHERE s.study_id = ANY($studies)
ORDER BY s.study_id, s.sample_id
"""

BURDEN = """
SELECT study_id, sample_id,
    CASE WHEN mutation_panel IS NOT NULL THEN num_mutations END,
    CASE WHEN cna_panel IS NOT NULL THEN num_cna END
FROM sample WHERE study_id = ANY($studies) ORDER BY study_id, sample_id
"""

INPUTS = """
SELECT i.study_id, i.sample_id, i.input_digest
FROM input i JOIN study st ON st.study_id = i.study_id AND st.version = i.study_version
WHERE i.model_digest = $model_digest AND i.study_id = ANY($studies)
ORDER BY i.study_id, i.sample_id
"""

EMBEDDINGS = """
SELECT i.study_id, i.sample_id, i.input_digest, e.vector
FROM input i
JOIN study st ON st.study_id = i.study_id AND st.version = i.study_version
JOIN embedding e ON e.model_digest = i.model_digest AND e.input_digest = i.input_digest
WHERE i.model_digest = $model_digest AND i.study_id = ANY($studies)
ORDER BY i.study_id, i.sample_id
"""

LAYOUTS = """
SELECT l.layout_id, l.name, l.model_digest, l.created_at,
    (SELECT count(*) FROM coordinate c WHERE c.layout_id = l.layout_id AND NOT c.placed),
    l.config, l.quality, l.ood
FROM layout l ORDER BY l.layout_id
"""

# A position is shown only while the sample's input is the one it was computed from.
COORDINATES = """
SELECT c.study_id, c.sample_id, c.x, c.y, c.placed, c.agreement, c.ood_score,
    c.out_of_distribution
FROM coordinate c
JOIN layout l ON l.layout_id = c.layout_id
JOIN study st ON st.study_id = c.study_id
JOIN input i ON i.model_digest = l.model_digest AND i.study_id = c.study_id
    AND i.sample_id = c.sample_id AND i.study_version = st.version
    AND i.input_digest = c.input_digest
WHERE c.layout_id = $layout_id AND c.study_id = ANY($studies)
ORDER BY c.study_id, c.sample_id
"""

PREDICTIONS = """
SELECT p.study_id, p.sample_id, p.task, p."class", p.probability, p.lower, p.upper, p.flag
FROM prediction p
JOIN study st ON st.study_id = p.study_id
JOIN input i ON i.model_digest = p.model_digest AND i.study_id = p.study_id
    AND i.sample_id = p.sample_id AND i.study_version = st.version
    AND i.input_digest = p.input_digest
WHERE p.model_digest = $model_digest AND p.study_id = ANY($studies)
ORDER BY p.study_id, p.sample_id, p.task, p."class"
"""

LIKELIEST = """
SELECT p.study_id, p.sample_id, arg_max(p."class", p.probability) AS "class",
    max(p.probability) AS probability, any_value(p.flag) AS flag
FROM prediction p
JOIN study st ON st.study_id = p.study_id
JOIN input i ON i.model_digest = p.model_digest AND i.study_id = p.study_id
    AND i.sample_id = p.sample_id AND i.study_version = st.version
    AND i.input_digest = p.input_digest
WHERE p.model_digest = $model_digest AND p.task = $task AND p.study_id = ANY($studies)
    AND p.probability IS NOT NULL
GROUP BY p.study_id, p.sample_id
ORDER BY p.study_id, p.sample_id
"""
