"""Make the report of a stored tumor or of one in a file, without the dashboard."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard import queries
from dashboard.card import read_card
from dashboard.cases import Case, load_space, stored_case, uploaded_case
from dashboard.child_call import Child
from dashboard.errors import NoMapError, ReportError, require_source
from dashboard.explaining import Explainer, tables_of_upload
from dashboard.explanations import Asked, from_rows
from dashboard.masking import mask_case, mask_effects
from dashboard.nearest import Space
from dashboard.neighbor_facts import RESPONSES, TREATMENTS, Outcomes, tell_neighbors
from dashboard.neighborhood import Center
from dashboard.neighborhood_survival import compare_neighborhood, tell_survival
from dashboard.origins import explain_by_source, say_of_neighbors
from dashboard.outcome_facts import load_survival
from dashboard.published_map import NO_MAP, require_installed
from dashboard.queries import MapData, Objects
from dashboard.report import Report, WhyTold
from dashboard.report_building import Behind, all_facts, build_report
from dashboard.report_formats import Wanted
from dashboard.report_forms import tumor_query
from dashboard.report_why import choose_asked, explain_fast, explain_fast_apart, tell_stored
from engine.genes import GeneTable
from engine.progress import no_progress

if TYPE_CHECKING:
    from cache.reader import Reader
    from dashboard.placing import Placer
    from dashboard.service import Service
    from engine.cohort import Cohort
    from engine.readers.options import ReadOptions

COMMON_PANEL = "IMPACT505"
"""Panel whose genes are named first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """A report with what its drawings need: the map and the tumor as it is shown."""

    report: Report
    data: MapData
    case: Case


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tumor:
    """A tumor that was found or placed: the same fields for both."""

    case: Case
    vector: npt.NDArray[np.float32]
    space: Space
    row: int | None = None


Why = Callable[[], WhyTold | None]
"""Waits for the explanation of a tumor; None where there is none."""


def report_stored(
    service: Service, tumor: tuple[str, str], wanted: Wanted, child: Child | None = None
) -> Made:
    """Make the report of a stored tumor; the model is loaded only where nothing is explained yet.

    Args:
        service: The verbs, for store and model.
        tumor: Its study and sample.
        wanted: What the report shall be.
        child: Where it is explained, if that is needed; ended here. Started when needed if None.

    Raises:
        NoMapError: If there is no map of the installed model.
        ReportError: If the tumor is not on the map.
    """
    with service.store.read() as reader, ThreadPoolExecutor(max_workers=1) as background:
        data, found = _find(service, reader, tumor)
        asked, stored = _find_why(service, reader, tumor, found.case)
        if asked is None or stored is not None:
            if child is not None:
                child.end()
            return _make(service, reader, (data, found, wanted), lambda: stored)
        # Beside the rest: on two cores a report takes as long as the longer of both.
        with child or Child() as helper:
            why = background.submit(
                helper.ask, explain_fast_apart, service.home, tumor, asked, progress=no_progress
            )
            return _make(service, reader, (data, found, wanted), why.result)


def _find(service: Service, reader: Reader, tumor: tuple[str, str]) -> tuple[MapData, _Tumor]:
    data = _load_map(service, reader)
    row = data.row_of(*tumor)
    if row is None:
        raise ReportError(
            f"{tumor[1]} is not on the map, so there is nothing to report. Run `tumorxy embed`."
        )
    space = load_space(reader, data)
    case = stored_case(reader, data, space, row)
    return data, _Tumor(case=case, vector=space.vectors[row], space=space, row=row)


def _find_why(
    service: Service, reader: Reader, tumor: tuple[str, str], case: Case
) -> tuple[Asked | None, WhyTold | None]:
    """Choose what is explained, and find it in the store."""
    asked = choose_asked(case, read_card())
    if asked is None:
        return None, None
    rows = reader.attributions(service.model_digest, *tumor)
    return asked, tell_stored(from_rows(rows, asked))


def report_file(
    service: Service, path: Path, options: ReadOptions, wanted: Wanted, sample_id: str | None = None
) -> Made:
    """Make the report of a tumor in a file; nothing of it is stored.

    Args:
        service: The verbs, for store and model.
        path: MAF, VCF or table.
        options: What the caller states about it.
        wanted: What the report shall be.
        sample_id: Which tumor of the file; the only one when None.

    Raises:
        SourceNotFoundError: If there is nothing at `path`.
        ImportRefusedError: If the file is refused.
        ReportError: If the file holds several tumors and none is chosen, or not this one.
        NoMapError: If there is no map of the installed model.
    """
    from engine.sandbox import read_in_child

    require_source(path)
    # Loading the model takes as long as the child takes to read the file.
    with ThreadPoolExecutor(max_workers=1) as background:
        loading = background.submit(service.placer)
        cohort = read_in_child(path, options)
        place = _choose(cohort, path.name, sample_id)
        placer = loading.result()
    with service.store.read() as reader:
        data = _load_map(service, reader)
        placed = placer.place(cohort)[place]
        case = uploaded_case(data, cohort, placed)
        found = _Tumor(
            case=case,
            vector=placer.vectors(cohort)[place],
            space=load_space(reader, data),
        )
        return _make(service, reader, (data, found, wanted), lambda: _explain(placer, cohort, case))


def _explain(placer: Placer, cohort: Cohort, case: Case) -> WhyTold | None:
    asked = choose_asked(case, read_card()) if placer.predictor else None
    if asked is None:
        return None
    tokens = placer.encoder.tokenize(tables_of_upload(cohort, case.sample_id))
    return explain_fast(Explainer.of(placer), tokens, asked)


def _load_map(service: Service, reader: Reader) -> MapData:
    data = queries.load_map(reader, None)
    if data is None:
        raise NoMapError(NO_MAP)
    require_installed(data.name, data.model_digest, service.model_digest)
    return data


def _choose(cohort: Cohort, file: str, sample_id: str | None) -> int:
    names = cohort.samples["sample_id"].to_pylist()
    if sample_id is None and len(names) == 1:
        return 0
    if sample_id in names:
        return int(names.index(sample_id))
    found = f"no tumor {sample_id!r}" if sample_id else f"{len(names)} tumors"
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    raise ReportError(f"{file} holds {found}. Choose one of {shown} with `--tumor`.")


def _make(
    service: Service, reader: Reader, asked: tuple[MapData, _Tumor, Wanted], why: Why
) -> Made:
    data, found, wanted = asked
    named = wanted.pseudonym is None
    shown = found.case
    if wanted.pseudonym is not None:
        shown = mask_case(found.case, wanted.pseudonym, tuple(data.studies))
    origins = explain_by_source(data, found.case.neighbors)
    known = _outcomes(reader, data, found.case)
    survival = None
    if not found.case.out_of_distribution and known.survival is not None:
        center = Center(vector=found.vector, cancer_type=found.case.cancer_type, row=found.row)
        survival = compare_neighborhood(data, found.space, center, known.survival)
    behind = Behind(
        data=data,
        studies=reader.list_studies(),
        made_at=datetime.now().astimezone(),
        neighbors=tell_neighbors(data, found.case, known, named=named, row=found.row),
        survival=None if survival is None else tell_survival(survival),
        origins=tuple(say_of_neighbors(e) for e in (origins if named else mask_effects(origins))),
        facts=all_facts(read_card(), found.case),
        own=service.heads.list_all(),
        first_genes=GeneTable.load().panels()[COMMON_PANEL],
        pseudonym=wanted.pseudonym,
        link=_link(data, found.row, wanted),
        why=why(),
    )
    return Made(report=build_report(shown, behind), data=data, case=shown)


def _outcomes(reader: Reader, data: MapData, case: Case) -> Outcomes:
    there = set(reader.attributes()["attribute"].to_pylist())

    def stated(attributes: tuple[str, ...]) -> dict[str, Objects]:
        return {
            name: queries.label_values(reader, data, name)[case.neighbors]
            for name in attributes
            if name in there
        }

    return Outcomes(
        treatments=stated(TREATMENTS),
        responses=stated(RESPONSES),
        survival=load_survival(reader, data),
    )


def _link(data: MapData, row: int | None, wanted: Wanted) -> str | None:
    """Return the address that reopens the tumor; it names the tumor, so none with a pseudonym."""
    if row is None or wanted.pseudonym is not None:
        return None
    return f"{wanted.url.rstrip('/')}/patient?{tumor_query(data, row)}"
