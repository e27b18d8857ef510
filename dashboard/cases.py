"""One tumor as the Patient page shows it, stored or just uploaded. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dashboard.nearest import Nearest, Space, find_nearest, rank_distance
from dashboard.outcomes import PlacedTumor
from dashboard.predictions import COLUMNS, OUT_OF_DISTRIBUTION, STRANGENESS
from dashboard.queries import KEYS, MapData
from dashboard.rows import find_rows, vectors_of
from engine import panel_notes
from engine.kinds import ALTERING_KINDS

if TYPE_CHECKING:
    from cache.reader import Reader
    from engine.cohort import Cohort

OOD_RULE_SHARE = 0.95
"""A tumor stranger than this share of the reference is marked: do not interpret."""

ALTERING = {kind.value for kind in ALTERING_KINDS}

SHOWN = [
    "hugo_symbol",
    "kind",
    "protein_change",
    "vaf",
    "chromosome",
    "start_position",
    "reference_allele",
    "tumor_allele",
    "variant_classification",
]


@dataclass(frozen=True, kw_only=True)
class Test:
    """One kind of alteration, and whether the tumor was tested for it.

    Attributes:
        name: What was tested, for a reader.
        panel: Panel that was used; None when it was not tested, or nothing is known.
        num_genes: Genes on that panel; 0 when not known.
        is_assumed: Whether the panel was assumed, since nobody stated it.
    """

    name: str
    panel: str | None
    num_genes: int
    is_assumed: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One tumor with everything the page says about it.

    Attributes:
        sample_id: Its name.
        study: Name of its study; None when it was uploaded and not stored.
        synthetic: Whether it is synthetic.
        genome: Genome build.
        cancer_type: As the study or the reader of the file states it.
        tests: What was looked at.
        num_tokens: Alterations that the model reads one by one; None when not known.
        place: Where it lies on the map, x and y.
        neighbors: Rows of the map, the nearest first, (K,).
        distances: Distances to them in the full space, (K,).
        agreement: Share of them that are also nearest on the map, 0..1.
        strangeness: Share of the model's reference tumors that are less strange, 0..1; None where
            the model does not tell.
        map_strangeness: Share of the map's tumors that lie nearer to their neighbors, 0..1.
        is_far: Whether it lies farther from its neighbors than nearly all of the map's tumors.
        out_of_distribution: Whether it must not be interpreted.
        alterations: Everything that was read, columns `SHOWN`.
        predictions: Rows of `dashboard.predictions.COLUMNS`; empty where there are none.
        clinical: Attribute and value of what else is known.
        notes: What the reader of the file assumed.
    """

    sample_id: str
    study: str | None
    synthetic: bool
    genome: str
    cancer_type: str | None
    tests: tuple[Test, ...]
    num_tokens: int | None
    place: tuple[float, float]
    neighbors: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]
    agreement: float
    strangeness: float | None
    map_strangeness: float
    is_far: bool
    out_of_distribution: bool
    alterations: pd.DataFrame
    predictions: pd.DataFrame
    clinical: dict[str, str]
    notes: tuple[str, ...]

    @property
    def altering(self) -> pd.DataFrame:
        """The alterations that change a gene."""
        return self.alterations[self.alterations["kind"].isin(ALTERING)]

    @property
    def others(self) -> pd.DataFrame:
        """Silent, noncoding and single-copy changes: kept, and never counted as altering."""
        return self.alterations[~self.alterations["kind"].isin(ALTERING)]


def load_space(reader: Reader, data: MapData) -> Space:
    """Read the vectors of a map's tumors.

    Args:
        reader: The store.
        data: The map, N tumors.

    Returns:
        Vectors in the order of the map; a tumor without one is nobody's neighbor.
    """
    table = reader.embeddings(data.model_digest)
    rows = find_rows(data.keys, table)
    vectors = vectors_of(table)
    known = rows >= 0
    ordered = np.zeros((len(data), vectors.shape[1]), dtype=np.float32)
    ordered[known] = vectors[rows[known]]
    placed = data.coordinates["placed"].to_numpy(dtype=bool)
    points = np.stack([data.places.x, data.places.y], axis=1)
    return Space(vectors=ordered, points=points, fitted=known & ~placed)


def stored_case(reader: Reader, data: MapData, space: Space, row: int) -> Case:
    """Read a tumor of the map.

    Args:
        reader: The store.
        data: The map.
        space: Its vectors.
        row: The tumor.

    Returns:
        The case.
    """
    sample, place = data.samples.iloc[row], data.coordinates.iloc[row]
    study = data.studies[sample["study_id"]]
    ids = [sample["study_id"]]
    nearest = find_nearest(space, row)
    told = _predicted(reader.predictions(data.model_digest, ids), sample["sample_id"])
    clinical = reader.clinical_of(sample["study_id"], sample["sample_id"])
    return Case(
        sample_id=sample["sample_id"],
        study=study.name,
        synthetic=study.synthetic,
        genome=study.genome,
        cancer_type=_text(sample["cancer_type"]),
        tests=_tests(
            {str(k): v for k, v in sample.items()}, reader.panels(ids), reader.notes(ids[0])
        ),
        num_tokens=None,
        place=(float(place["x"]), float(place["y"])),
        neighbors=nearest.rows,
        distances=nearest.distances,
        agreement=nearest.agreement,
        alterations=_shown(reader.alterations(ids, sample_id=sample["sample_id"])),
        clinical=_stated(clinical),
        notes=(),
        **_judged(told, **_distance(place, nearest, data)),
    )


def _distance(place: pd.Series[Any], nearest: Nearest, data: MapData) -> dict[str, Any]:
    """Return which share of the map's tumors is nearer to others, and whether that is far."""
    score = place["ood_score"]
    if pd.notna(score):
        return {"score": float(score), "is_far": bool(place["out_of_distribution"])}
    rank = rank_distance(nearest.distances, data.ood)
    return {"score": rank, "is_far": rank > OOD_RULE_SHARE}


def _judged(told: pd.DataFrame, score: float, *, is_far: bool) -> dict[str, Any]:
    """Return the fields of a case that say what is predicted, and whether it may be read."""
    strangeness, is_strange = read_strangeness(told)
    return {
        "strangeness": strangeness,
        "map_strangeness": score,
        "is_far": is_far,
        "out_of_distribution": is_far if strangeness is None else is_strange,
        "predictions": told[told["task"] != STRANGENESS],
    }


def _stated(clinical: pa.Table) -> dict[str, str]:
    return {row["attribute"]: row["value"] for row in clinical.to_pylist() if row["value"]}


def uploaded_case(data: MapData, cohort: Cohort, tumor: PlacedTumor) -> Case:
    """Join what a reader found with where the tumor was placed.

    Args:
        data: The map on which it was placed.
        cohort: The file as it was read.
        tumor: One of its tumors, placed.

    Returns:
        The case; nothing of it is stored.
    """
    wanted = pa.table({key: [getattr(n, key) for n in tumor.neighbors] for key in KEYS})
    rows = find_rows(wanted, data.keys)
    distances = np.array([neighbor.distance for neighbor in tumor.neighbors])
    chosen = pc.equal(cohort.samples["sample_id"], tumor.sample_id)
    sample = cohort.samples.filter(chosen).to_pylist()[0]
    own = pc.equal(cohort.alterations["sample_id"], tumor.sample_id)
    facts = cohort.clinical.filter(pc.equal(cohort.clinical["sample_id"], tumor.sample_id))
    return Case(
        sample_id=tumor.sample_id,
        study=None,
        synthetic=cohort.study.synthetic,
        genome=cohort.study.genome,
        cancer_type=sample["cancer_type"],
        tests=_tests(sample, cohort.panels, cohort.notes),
        num_tokens=tumor.num_tokens,
        place=(tumor.x, tumor.y),
        neighbors=rows[rows >= 0],
        distances=distances[rows >= 0],
        agreement=tumor.agreement,
        alterations=_shown(cohort.alterations.filter(own)),
        clinical=_stated(facts),
        notes=cohort.notes,
        **_judged(_told(tumor), tumor.ood_score, is_far=tumor.out_of_distribution),
    )


def read_strangeness(predictions: pd.DataFrame) -> tuple[float | None, bool]:
    """Take out of the predictions of a tumor how strange it is.

    Args:
        predictions: Rows of one tumor, columns `COLUMNS`.

    Returns:
        Score, 0..1, and whether it is out of distribution; None and False where nothing is told.
    """
    rows = predictions[predictions["task"] == STRANGENESS]
    if rows.empty:
        return None, False
    first = rows.iloc[0]
    return float(first["probability"]), first["flag"] == OUT_OF_DISTRIBUTION


def _tests(sample: dict[str, Any], panels: pa.Table, notes: Sequence[str]) -> tuple[Test, ...]:
    assumed = panel_notes.assumed_kinds(notes)
    genes = {row["values"]: row["counts"] for row in panels["panel_id"].value_counts().to_pylist()}
    names = {
        panel_notes.MUTATIONS: ("mutation_panel", "Mutations"),
        panel_notes.CNA: ("cna_panel", "Copy number"),
        panel_notes.FUSIONS: ("fusion_panel", "Fusions"),
    }
    return tuple(
        Test(
            name=name,
            panel=_text(sample[key]),
            num_genes=genes.get(_text(sample[key]), 0),
            is_assumed=kind in assumed and _text(sample[key]) is not None,
        )
        for kind, (key, name) in names.items()
    )


def _predicted(table: pa.Table, sample_id: str) -> pd.DataFrame:
    own = table.filter(pc.equal(table["sample_id"], sample_id))
    predicted: pd.DataFrame = own.select(COLUMNS).to_pandas()
    return predicted


def _told(tumor: PlacedTumor) -> pd.DataFrame:
    rows = [
        (p.task, p.class_name, p.probability, p.lower, p.upper, p.flag) for p in tumor.predictions
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _shown(alterations: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = alterations.select(SHOWN).to_pandas()
    order = {kind.value: place for place, kind in enumerate(ALTERING_KINDS)}
    ranks = frame["kind"].map(order).fillna(len(order))
    keys = pd.DataFrame({"rank": ranks, "gene": frame["hugo_symbol"].fillna("")})
    return frame.loc[keys.sort_values(["rank", "gene"], kind="stable").index].reset_index(drop=True)
