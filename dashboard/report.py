"""The report of one tumor for a board: what every form of it says, in one document. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.neighbor_facts import NeighborFact
from dashboard.theme import RESEARCH_USE

SCHEMA, VERSION = "tumorxy.report", "1.0"
"""Name and version of the JSON document; a field that changes its meaning raises the first part."""

REFUSED = (
    "It is unlike the tumors that the model knows. Its place, its neighbors and every prediction "
    "would not hold, so none is given."
)
"""Stands in the place of whatever must not be interpreted."""


@dataclass(frozen=True, kw_only=True)
class TestTold:
    """What was looked for: `panel` is None where it was not."""

    name: str
    panel: str | None
    num_genes: int


@dataclass(frozen=True, kw_only=True)
class AlterationTold:
    """One alteration that changes a gene, with its place on the genome where known."""

    gene: str
    kind: str
    protein_change: str | None
    vaf: float | None
    chromosome: str | None
    position: int | None
    reference: str | None
    alternate: str | None


@dataclass(frozen=True, kw_only=True)
class TumorTold:
    """The tumor and how it was sequenced.

    Attributes:
        name: Its id, or the pseudonym.
        is_pseudonym: Whether ids are withheld.
        study: Name of its study; None where it has none or it is withheld.
        cancer_type: As stated; None where not known.
        genome: Genome build.
        synthetic: Whether it is synthetic.
        tests: What was looked for.
        altering: What changes a gene.
        num_others: Silent, noncoding and single-copy changes.
        facts: Sex, age and what else is known, by title.
        notes: What the reader of the file assumed.
    """

    name: str
    is_pseudonym: bool
    study: str | None
    cancer_type: str | None
    genome: str
    synthetic: bool
    tests: tuple[TestTold, ...]
    altering: tuple[AlterationTold, ...]
    num_others: int
    facts: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TrustTold:
    """How far the answer can be trusted.

    Attributes:
        interpretable: False where nothing may be interpreted.
        verdict: `Within the reference` or `Do not interpret`.
        sentence: The same, plainly.
        rule: The rule behind it.
        strangeness: Share of the model's reference tumors that are less strange, 0..1; None where
            the model does not tell.
        map_strangeness: Share of the map's tumors that lie nearer to their neighbors, 0..1.
        num_neighbors: Nearest tumors in the full space.
        num_near_on_map: Of these, how many are also nearest on the map.
        warnings: Whatever else speaks against reading on.
    """

    interpretable: bool
    verdict: str
    sentence: str
    rule: str
    strangeness: float | None
    map_strangeness: float
    num_neighbors: int
    num_near_on_map: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CurveTold:
    """One Kaplan-Meier curve; all sequences of one length but the last two, which are parallel.

    Attributes:
        name: Whose it is.
        num_tumors: Patients.
        num_events: Deaths.
        median: Months by which half have died; None where it is not reached.
        median_interval: Its 95% interval; None where an end is not reached.
        times: Months, ascending, from 0.
        survival: Share that survives, 0..1.
        lower: Lower end of its 95% interval.
        upper: Upper end.
        last_month: Longest follow-up, months.
        ticks: Months at which those at risk are counted.
        at_risk: How many are still followed then.
    """

    name: str
    num_tumors: int
    num_events: int
    median: float | None
    median_interval: tuple[float | None, float | None]
    times: tuple[float, ...]
    survival: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    last_month: float
    ticks: tuple[float, ...]
    at_risk: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SurvivalTold:
    """Survival of the neighborhood against the rest of its tumor type.

    Attributes:
        endpoint: What is counted: `Overall survival`.
        cancer_type: Type of both groups; None where all types are compared.
        curves: The neighborhood, then the rest.
        p_value: Of the log-rank test; None where it cannot be told.
        caveats: What must be read with it.
    """

    endpoint: str
    cancer_type: str | None
    curves: tuple[CurveTold, CurveTold]
    p_value: float | None
    caveats: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClassTold:
    """A class with its calibrated probability and 95% interval, 0..1."""

    name: str
    probability: float
    lower: float
    upper: float


@dataclass(frozen=True, kw_only=True)
class CallTold:
    """What a head says to one question.

    Attributes:
        task: Name of the question.
        title: The question for a reader.
        group: `subtype` or `therapy and course`.
        flag: One of `dashboard.predictions.FLAGS`.
        flag_label: The flag in words; empty where nothing speaks against reading.
        classes: The likeliest, the likeliest first; empty where nothing may be shown.
        num_tumors: Labeled tumors behind it; None where not known.
        is_calibrated: Whether probabilities may be read as numbers; None where not measured.
        warning: What limits it, in a sentence; empty where nothing more must be said.
    """

    task: str
    title: str
    group: str
    flag: str
    flag_label: str
    classes: tuple[ClassTold, ...]
    num_tumors: int | None
    is_calibrated: bool | None
    warning: str


@dataclass(frozen=True, kw_only=True)
class PartTold:
    """What one alteration, or two together beyond their sum, add; `error` is standard, or None."""

    label: str
    value: float
    error: float | None


@dataclass(frozen=True, kw_only=True)
class WhyTold:
    """Why one number of the tumor is what it is.

    Attributes:
        title: The number.
        method: How it was told.
        scale: What the values are counted in.
        baseline: What the tumor is compared with.
        genes: What each alteration adds, the strongest first.
        pairs: What pairs add beyond their sum, the strongest first.
        caveat: How it must be read.
    """

    title: str
    method: str
    scale: str
    baseline: str
    genes: tuple[PartTold, ...]
    pairs: tuple[PartTold, ...]
    caveat: str


@dataclass(frozen=True, kw_only=True)
class StudyTold:
    """A study behind the map; `study_id` and `name` are None where names are withheld."""

    study_id: str | None
    name: str | None
    source_digest: str
    num_samples: int
    synthetic: bool


@dataclass(frozen=True, kw_only=True)
class SourceTold:
    """What the report was made from.

    Attributes:
        model_digest: Digest of the model.
        map_name: Name of the map.
        map_version: Its version.
        map_date: When it was fitted, ISO 8601.
        num_tumors: Tumors on it.
        snapshot: Number of the published data.
        program: Version of TumorXY.
        studies: The studies on it.
    """

    model_digest: str
    map_name: str
    map_version: int
    map_date: str
    num_tumors: int
    snapshot: int
    program: str
    studies: tuple[StudyTold, ...]


@dataclass(frozen=True, kw_only=True)
class PlaceTold:
    """Where a tumor lies on the map."""

    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that a report of one tumor says.

    Where the tumor must not be interpreted, `place`, `survival` and `why` are None and `neighbors`
    and `calls` are empty.

    Attributes:
        tumor: The tumor and how it was sequenced.
        trust: How far the answer can be trusted.
        place: Where it lies on the map.
        neighbors: The tumors most like it.
        survival: Of its neighborhood; None where too few outcomes are known.
        calls: Answers of the heads.
        why: The first of them explained; None where it is not.
        source: What it was made from.
        made_at: When, ISO 8601 with offset.
        link: Address that reopens the state; None where there is none.
        schema: Name of this document.
        version: Version of its form.
        notice: The research-use notice.
    """

    tumor: TumorTold
    trust: TrustTold
    place: PlaceTold | None
    neighbors: tuple[NeighborFact, ...]
    survival: SurvivalTold | None
    calls: tuple[CallTold, ...]
    why: WhyTold | None
    source: SourceTold
    made_at: str
    link: str | None
    schema: str = SCHEMA
    version: str = VERSION
    notice: str = RESEARCH_USE

    @property
    def synthetic(self) -> bool:
        """Whether the tumor or any on the map is synthetic."""
        return self.tumor.synthetic or any(study.synthetic for study in self.source.studies)
