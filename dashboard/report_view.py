"""A report in words, as the PDF and the HTML page lay it out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard import formatting
from dashboard.neighbor_facts import NeighborFact
from dashboard.report import (
    REFUSED,
    AlterationTold,
    CallTold,
    CurveTold,
    PartTold,
    Report,
    SurvivalTold,
    TestTold,
    WhyTold,
)
from dashboard.wording import count, day

TITLE = "Report of one tumor for the tumor board"
LONGEST, LONGEST_ADDRESS = 64, 170
MOST_NEIGHBORS, MOST_GENES, MOST_PAIRS, MOST_ALTERATIONS, MOST_STUDIES = 8, 8, 4, 40, 4
NOT_CALIBRATED = "not calibrated"
NOT_KNOWN = "–"  # noqa: RUF001 - the usual sign for an empty cell


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One value with its interval, in words and as shares of a bar, 0..1 or -1..1."""

    label: str
    text: str
    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a head says, in words."""

    title: str
    badges: tuple[str, ...]
    bars: tuple[Bar, ...]
    note: str


@dataclass(frozen=True, kw_only=True)
class Trust:
    """The box about trust."""

    title: str
    interpretable: bool
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of text."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str


@dataclass(frozen=True, kw_only=True)
class Curves:
    """What stands beside the survival curves."""

    title: str
    lines: tuple[str, ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Why:
    """What explains a number, in words."""

    title: str
    genes: tuple[Bar, ...]
    pairs: tuple[str, ...]
    caption: str


@dataclass(frozen=True, kw_only=True)
class View:
    """Everything that a page of the report says; nothing in it is markup.

    Attributes:
        title: What the page is.
        notice: The research-use notice.
        name: Name of the tumor.
        synthetic: What to say of synthetic tumors; empty where there are none.
        sequenced: What was sequenced, one line each.
        trust: How far it can be trusted.
        refused: What stands in the place of everything else; empty where it may be read.
        neighbors: The nearest tumors; None where there are none.
        survival: Of the neighborhood; None where it is not told.
        no_survival: Why there are no curves; empty where there are.
        calls: Answers of the heads.
        why: What explains the first of them; None where nothing does.
        alterations: What changes a gene, in one paragraph.
        footer: Where it comes from, one line each.
        link: Address that reopens the state; empty where there is none.
    """

    title: str
    notice: str
    name: str
    synthetic: str
    sequenced: tuple[str, ...]
    trust: Trust
    refused: str
    neighbors: Table | None
    survival: Curves | None
    no_survival: str
    calls: tuple[Call, ...]
    why: Why | None
    alterations: str
    footer: tuple[str, ...]
    link: str


def view_report(report: Report) -> View:
    """Write a report in words."""
    readable = report.trust.interpretable
    survival = _survival(report.survival) if report.survival else None
    return View(
        title=TITLE,
        notice=report.notice,
        name=shorten(report.tumor.name),
        synthetic=_synthetic(report),
        sequenced=_sequenced(report),
        trust=_trust(report),
        refused="" if readable else REFUSED,
        neighbors=_neighbors(report) if report.neighbors else None,
        survival=survival,
        no_survival=""
        if survival or not readable
        else "Survival of the neighborhood: too few tumors like it have a known outcome.",
        calls=tuple(_call(call) for call in report.calls),
        why=_why(report.why) if report.why else None,
        alterations=_alterations(report.tumor.altering, report.tumor.num_others),
        footer=_footer(report),
        link=shorten(report.link or "", LONGEST_ADDRESS),
    )


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut a text that would not fit; control characters become blanks."""
    flat = "".join(c if c.isprintable() else " " for c in text).strip()
    return flat if len(flat) <= longest else f"{flat[: longest - 1].rstrip()}…"


def _synthetic(report: Report) -> str:
    if report.tumor.synthetic:
        return "Synthetic: this tumor was sampled and is nobody's."
    return "The map holds synthetic tumors, which are nobody's." if report.synthetic else ""


def _sequenced(report: Report) -> tuple[str, ...]:
    tumor = report.tumor
    origin = "pseudonym" if tumor.is_pseudonym else (tumor.study or "not stored")
    facts = [f"{title}: {value}" for title, value in tumor.facts.items()]
    first = f"{tumor.cancer_type or 'Cancer type not given'} · {origin} · {tumor.genome}"
    lines = [shorten(first, 110), *(_test(test) for test in tumor.tests)]
    if facts:
        lines.append(shorten("; ".join(facts[:4]), 110))
    return (*lines, *(shorten(note, 150) for note in tumor.notes[:2]))


def _test(test: TestTold) -> str:
    if test.panel is None:
        return f"{test.name}: not tested"
    genes = f", {count(test.num_genes, 'gene')}" if test.num_genes else ""
    return f"{test.name}: {shorten(test.panel, 40)}{genes}"


def _trust(report: Report) -> Trust:
    told = report.trust
    lines = [told.sentence]
    if told.strangeness is not None:
        lines.append(
            f"Stranger than {formatting.percent(told.strangeness)} of the reference tumors."
        )
    lines.append(
        f"Farther from its nearest tumors than {formatting.percent(told.map_strangeness)} of the "
        "tumors on this map."
    )
    if told.num_neighbors:
        lines.append(
            f"{told.num_near_on_map} of its {told.num_neighbors} nearest tumors in the full model "
            "are also nearest on the map."
        )
    return Trust(
        title=told.verdict,
        interpretable=told.interpretable,
        lines=tuple(lines),
        warnings=tuple(shorten(warning, 220) for warning in told.warnings),
    )


def _neighbors(report: Report) -> Table:
    named = not report.tumor.is_pseudonym
    shown = report.neighbors[:MOST_NEIGHBORS]
    known = [
        ("Treatment", [n.treatment for n in shown]),
        ("Response", [n.response for n in shown]),
        ("Survival", [n.outcome for n in shown]),
    ]
    extra = [(title, values) for title, values in known if any(values)]
    untold = [title.lower() for title, values in known if not any(values)]
    rows = tuple(
        (
            _neighbor(n, named=named),
            shorten(n.cancer_type or NOT_KNOWN, 44),
            f"{n.distance:.2f}",
            *(shorten(values[i] or NOT_KNOWN, 30) for _, values in extra),
        )
        for i, n in enumerate(shown)
    )
    caption = (
        f"The {len(shown)} nearest of {len(report.neighbors)}; distance in the full model, 0 the "
        "same, 2 the most different."
    )
    if untold:
        caption += f" Not known of any: {', '.join(untold)}."
    return Table(
        headings=("Tumor", "Cancer type", "Distance", *(title for title, _ in extra)),
        rows=rows,
        caption=caption,
    )


def _neighbor(fact: NeighborFact, *, named: bool) -> str:
    name = shorten(fact.sample_id or "", 24) if named else f"Neighbor {fact.rank}"
    return f"{name} (same patient)" if fact.same_patient else name


def _survival(told: SurvivalTold) -> Curves:
    whole = told.cancer_type or "all tumor types"
    p_value = "" if told.p_value is None else f"Log-rank test: {formatting.p_value(told.p_value)}."
    lines = [_curve(curve) for curve in told.curves]
    return Curves(
        title=f"{told.endpoint} of its neighborhood against the rest of {whole}",
        lines=(*lines, *([p_value] if p_value else [])),
        caveats=told.caveats,
    )


def _curve(curve: CurveTold) -> str:
    median = "median not reached"
    if curve.median is not None:
        low, high = (_months(value) for value in curve.median_interval)
        median = f"median {formatting.months(curve.median)} ({low} to {high})"
    return (
        f"{shorten(curve.name, 60)}: n = {curve.num_tumors:,}, "
        f"{count(curve.num_events, 'death')}, {median}"
    )


def _months(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.0f}"


def _call(call: CallTold) -> Call:
    badges = [call.flag_label] if call.flag_label else []
    if call.is_calibrated is False and call.classes:
        badges.append(NOT_CALIBRATED)
    behind = f"Trained on n = {call.num_tumors:,}. " if call.num_tumors else ""
    return Call(
        title=shorten(call.title),
        badges=tuple(badges),
        bars=tuple(
            Bar(
                label=shorten(told.name, 100),
                text=f"{formatting.percent(told.probability)} "
                f"({formatting.percent_interval(told.lower, told.upper)})",
                value=told.probability,
                lower=told.lower,
                upper=told.upper,
            )
            for told in call.classes[:2]
        ),
        note=f"{behind}{shorten(call.warning, 200)}",
    )


def _why(told: WhyTold) -> Why:
    genes = told.genes[:MOST_GENES]
    largest = max((abs(part.value) for part in genes), default=0.0) or 1.0
    return Why(
        title=f"Why: {shorten(told.title, 80)}",
        genes=tuple(
            Bar(label=shorten(part.label, 52), text=_signed(part), value=part.value / largest)
            for part in genes
        ),
        pairs=tuple(
            f"{shorten(part.label, 100)}: {_signed(part)}" for part in told.pairs[:MOST_PAIRS]
        ),
        caption=f"{told.method}, in {told.scale}; compared with {told.baseline}. {told.caveat}",
    )


def _signed(part: PartTold) -> str:
    error = "" if part.error is None else f" ± {part.error:.2f}"
    return f"{part.value:+.2f}{error}"


def _alterations(altering: tuple[AlterationTold, ...], num_others: int) -> str:
    if not altering:
        told = "No altering change was found among the genes that were looked at."
    else:
        names = [
            shorten(f"{a.gene} {a.protein_change or a.kind}", 40)
            for a in altering[:MOST_ALTERATIONS]
        ]
        more = len(altering) - len(names)
        told = "; ".join(names) + (f"; and {more:,} more" if more else "")
    return f"{told}. Beside them {count(num_others, 'change')} that alter no gene."


def _footer(report: Report) -> tuple[str, ...]:
    source = report.source
    made = datetime.fromisoformat(report.made_at)
    studies = [
        f"{shorten(study.study_id, 30) if study.study_id else 'study'} "
        f"({study.num_samples:,} tumors, {study.source_digest[:12]})"
        for study in source.studies
    ]
    more = len(studies) - MOST_STUDIES
    data = "; ".join(studies[:MOST_STUDIES]) + (f"; and {more} more" if more > 0 else "")
    return (
        f"Model {source.model_digest}",
        f"Map {source.map_name}, version {source.map_version}, "
        f"{day(datetime.fromisoformat(source.map_date))}, {source.num_tumors:,} tumors · data "
        f"version {source.snapshot} · TumorXY {source.program}",
        f"Studies: {data}",
        f"Made {day(made)}, {made:%H:%M} {made.tzname() or ''}".rstrip(),
    )
