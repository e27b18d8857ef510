"""A map of synthetic tumors that the shipped model placed, and one of them to look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dashboard.service import Service
from engine.synthetic import STUDY, sample_cohort
from tests.browser.driving import served

NUM_TUMORS = 240
MOST_ALTERED = 12
"""Alterations of a tumor that is explained within the page."""


@dataclass(frozen=True, kw_only=True)
class Modeled:
    """A served map: its address, the model's digest, and a tumor that may be interpreted."""

    address: str
    model_digest: str
    study_id: str
    sample_id: str

    @property
    def patient(self) -> str:
        """Address of the tumor's page."""
        return f"{self.address}/patient?sample={self.study_id}/{self.sample_id}"


@contextmanager
def modeled_map(home: Path) -> Iterator[Modeled]:
    """Build the map in an empty folder, and serve it."""
    service = Service(home)
    service.import_cohort(sample_cohort(num_tumors=NUM_TUMORS))
    service.embed([STUDY.study_id])
    service.layout()
    with served(home) as address:
        yield Modeled(
            address=address,
            model_digest=service.model_digest,
            study_id=STUDY.study_id,
            sample_id=_readable_tumor(service),
        )


def _readable_tumor(service: Service) -> str:
    """Find the tumor with the most alterations that is explained within the page."""
    with service.store.read() as reader:
        altered = reader.alterations([STUDY.study_id], altering_only=True)["sample_id"]
        told = reader.likeliest(service.model_digest, "cancer_type").to_pylist()
    readable = {row["sample_id"] for row in told if row["flag"] in ("ok", "uncertain")}
    counts = {row["values"]: row["counts"] for row in altered.value_counts().to_pylist()}
    few = [name for name in readable if 0 < counts.get(name, 0) <= MOST_ALTERED]
    return max(few, key=lambda name: (counts[name], name))
