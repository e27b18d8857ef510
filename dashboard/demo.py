"""The bundled synthetic cohort, from nothing to a map, and nothing twice."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dashboard.outcomes import DemoOutcome
from dashboard.published_map import newest_layout
from engine.progress import Progress

if TYPE_CHECKING:
    from dashboard.service import Service
    from engine.cohort import Cohort


def build_demo(service: Service, progress: Progress) -> DemoOutcome:
    """Import, embed and lay out the bundled cohort; skip what is there.

    A map that the user has already is left as it is: the cohort is placed on it.

    Args:
        service: The service whose home gets the cohort.
        progress: Told how far the work is.

    Returns:
        What is there now.
    """
    from engine.synthetic import sample_cohort

    started = time.monotonic()
    progress("Drawing the synthetic cohort", 0, 1)
    cohort = sample_cohort()
    progress("Drawing the synthetic cohort", 1, 1)
    before = service.store.snapshot()
    if not _is_imported(service, cohort):
        service.import_cohort(cohort, progress)
    service.embed([cohort.study.study_id], progress)
    if _layout_id(service) is None:
        service.layout(progress=progress)
    layout_id = _layout_id(service)
    assert layout_id is not None
    return DemoOutcome(
        study_id=cohort.study.study_id,
        num_tumors=cohort.samples.num_rows,
        layout_id=layout_id,
        was_ready=service.store.snapshot() == before,
        elapsed_s=time.monotonic() - started,
    )


def _is_imported(service: Service, cohort: Cohort) -> bool:
    studies = service.list_studies().to_pylist()
    known = {study["study_id"]: study["source_digest"] for study in studies}
    return known.get(cohort.study.study_id) == cohort.source_digest


def _layout_id(service: Service) -> int | None:
    """Return the version of the newest map when it belongs to the installed model."""
    with service.store.read() as reader:
        layout = newest_layout(reader)
    if layout is None or layout["model_digest"] != service.encoder.digest:
        return None
    return int(layout["layout_id"])
