"""Clusters of the tumors of a map, found in the full space by a job and kept beside the store.

A file names no tumor: it lists clusters in the order of the map's tumors, and its name is a digest
of them, so that it is read only for the tumors that it was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.documents import read_json, write_json
from dashboard.errors import NothingToDoError
from dashboard.queries import MapData
from dashboard.settings import make_private
from engine.progress import Progress, no_progress

if TYPE_CHECKING:
    from cache.store import Store
    from engine.epidemiology.clusters import Clusters, NamedCluster

Codes = npt.NDArray[np.int64]

FOLDER = "clusters"
MOST_KEPT = 4
"""Files that are kept; older ones are of maps that have changed since."""
UNSTABLE, STABLE = 0.6, 0.85
"""Overlap with fresh draws below which a cluster is no thing, and above which it is stable."""


@dataclass(frozen=True, kw_only=True)
class FoundCluster:
    """A cluster in a few words.

    Attributes:
        name: Its top markers.
        sentence: What sets it apart from all other tumors of its panels.
        num_tumors: Its size.
        stability: How much of it is found again in fresh draws of the tumors, 0..1.
    """

    name: str
    sentence: str
    num_tumors: int
    stability: float


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundClusters:
    """Clusters of the N tumors of a map, the largest first.

    Attributes:
        labels: Cluster of each tumor, (N,), -1 where it is in none.
        clusters: What they are called.
        share_in_clusters: Share of the tumors that is in one.
    """

    labels: Codes
    clusters: tuple[FoundCluster, ...]
    share_in_clusters: float


@dataclass(frozen=True, kw_only=True)
class ClusterOutcome:
    """What the job tells.

    Attributes:
        num_clusters: Clusters that were found.
        num_tumors: Tumors that were looked at.
    """

    num_clusters: int
    num_tumors: int


def find(
    store: Store, home: Path, name: str | None, progress: Progress = no_progress
) -> ClusterOutcome:
    """Find the clusters of a map and keep them.

    Args:
        store: The store.
        home: The TumorXY home.
        name: Name of the map; the latest of all when None.
        progress: Told how far the work is.

    Raises:
        NothingToDoError: If there is no map.
    """
    from dashboard.cases import load_space
    from dashboard.queries import load_map
    from dashboard.regions import read_counted
    from engine.epidemiology.clusters import find_clusters, name_clusters
    from engine.epidemiology.region import RegionConfig
    from engine.genes import GeneTable

    with store.read() as reader:
        data = load_map(reader, name)
        if data is None:
            raise NothingToDoError("There is no map to find clusters on. Make one first.")
        vectors = load_space(reader, data).vectors
        counted = read_counted(reader, data, GeneTable.load())
    found = find_clusters(vectors, progress=progress)
    config = RegionConfig(arms=counted.arms)
    named = name_clusters(found, counted.features, counted.panels, config=config, progress=progress)
    _keep(_path(home, data), found, _described(data, found, named))
    return ClusterOutcome(num_clusters=len(found), num_tumors=len(data))


def _described(data: MapData, found: Clusters, named: Sequence[NamedCluster]) -> list[FoundCluster]:
    from engine.epidemiology.naming import say

    types = data.samples["cancer_type"].to_numpy(dtype=object)
    return [
        FoundCluster(
            name=cluster.name,
            sentence=say(cluster.contrast, types[found.labels == cluster.label].tolist()),
            num_tumors=cluster.num_tumors,
            stability=cluster.stability,
        )
        for cluster in named
    ]


def _keep(path: Path, found: Clusters, described: list[FoundCluster]) -> None:
    make_private(path.parent)
    write_json(
        path,
        {
            "labels": " ".join(map(str, found.labels.tolist())),
            "share_in_clusters": found.share_in_clusters,
            "clusters": described,
        },
    )
    _prune(path.parent)


def load(home: Path, data: MapData) -> FoundClusters | None:
    """Return the clusters of the tumors of a map; None when none were looked for yet."""
    path = _path(home, data)
    return _read(path, path.stat().st_mtime_ns) if path.exists() else None


@lru_cache(maxsize=4)
def _read(path: Path, changed_at: int) -> FoundClusters | None:
    """Read clusters again only when their file has changed: 0.1 s for 300,000 tumors."""
    document = read_json(path)
    if document is None:
        return None
    return FoundClusters(
        labels=np.array(document["labels"].split(), dtype=np.int64),
        clusters=tuple(FoundCluster(**cluster) for cluster in document["clusters"]),
        share_in_clusters=document["share_in_clusters"],
    )


def _path(home: Path, data: MapData) -> Path:
    return home / FOLDER / f"{data.tumors_digest[:32]}.json"


def _prune(folder: Path) -> None:
    newest_first = sorted(folder.glob("*.json"), key=lambda path: -path.stat().st_mtime)
    for path in newest_first[MOST_KEPT:]:
        path.unlink(missing_ok=True)
