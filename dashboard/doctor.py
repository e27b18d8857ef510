"""What this installation is made of, whether it is well, and what to fix."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cache.reader import Reader
from cache.store import Store
from cache.workspace import WorkspaceStore
from dashboard.errors import EXPECTED, report_error
from dashboard.outcomes import Check, Status
from dashboard.published_map import installed_digest, newest_layout
from engine.errors import WeightsError

PACKAGES = (
    "tumorxy",
    "torch",
    "triton",
    "duckdb",
    "pyarrow",
    "pandas",
    "pysam",
    "umap-learn",
    "streamlit",
    "plotly",
)
"""Packages whose versions matter for a result."""

LEAST_FREE_BYTES = 2 << 30
"""Below this an import of a large study could fill the disk."""

HARMLESS = "the next import deletes them."
"""How the store ends a sentence about files that only take up space."""

GIB = 1 << 30


def examine(home: Path, store: Store) -> list[Check]:
    """Look at everything this installation needs.

    One check that breaks does not stop the others.

    Args:
        home: The TumorXY home.
        store: The store in it.

    Returns:
        The checks, in the order in which a problem would be looked for.
    """
    checks: Sequence[tuple[str, Callable[[], Check]]] = (
        ("versions", check_versions),
        ("device", check_device),
        ("kernels", check_kernels),
        ("weights", check_weights),
        ("home", lambda: check_home(home)),
        ("disk", lambda: check_disk(home)),
        ("snapshot", lambda: check_snapshot(store)),
        ("studies", lambda: check_studies(store)),
        ("map", lambda: check_map(store)),
        ("jobs", lambda: check_jobs(home)),
        ("workspace", lambda: check_workspace(home)),
    )
    return [_guarded(name, check, home) for name, check in checks]


def _guarded(name: str, check: Callable[[], Check], home: Path) -> Check:
    try:
        return check()
    except (*EXPECTED, OSError) as error:
        report = report_error(error, home)
        return Check(name=name, status=Status.FAIL, found=report.message)


def check_versions() -> Check:
    """Tell the versions of Python and of the packages that matter for a result."""
    found = [f"Python {platform.python_version()}"]
    missing = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    needed = [name for name in missing if name != "triton"]
    return Check(
        name="versions",
        status=Status.FAIL if needed else Status.OK,
        found=", ".join(found),
        advice=f"Install {', '.join(needed)}: `make setup`." if needed else "",
    )


def check_device() -> Check:
    """Tell what the encoder runs on."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cpu = f"{cores} CPU cores, {torch.get_num_threads()} threads"
    if not torch.cuda.is_available():
        return Check(name="device", status=Status.OK, found=f"{cpu}; no GPU is needed or used")
    name = torch.cuda.get_device_name()
    return Check(name="device", status=Status.OK, found=f"{cpu}; tumors are embedded on {name}")


def check_kernels() -> Check:
    """Tell which attention runs, and why."""
    from kernels.choice import explain
    from kernels.errors import KernelError

    try:
        return Check(name="kernels", status=Status.OK, found=explain())
    except KernelError as error:
        return Check(name="kernels", status=Status.FAIL, found=str(error))


def check_weights() -> Check:
    """Verify every byte of the shipped weights against their manifest."""
    from engine.weights import SHIPPED, read_verified

    try:
        contents, digest = read_verified(SHIPPED)
    except WeightsError as error:
        return Check(name="weights", status=Status.FAIL, found=str(error))
    megabytes = sum(map(len, contents.values())) / 1e6
    return Check(
        name="weights",
        status=Status.OK,
        found=f"model {digest[:12]}, {megabytes:.1f} MB, digests verified",
    )


def check_home(home: Path) -> Check:
    """Look at who may read the home: it holds data of patients."""
    mode = stat.S_IMODE(home.stat().st_mode)
    if not os.access(home, os.W_OK | os.X_OK):
        return Check(
            name="home",
            status=Status.FAIL,
            found="this user may not write into the TumorXY home",
            advice="Change its rights, or set TUMORXY_HOME to a folder of your own.",
        )
    if mode & 0o077:
        return Check(
            name="home",
            status=Status.WARN,
            found=f"{home.name} can be entered by other users (mode {mode:o})",
            advice=f"chmod 700 {home.name}",
        )
    return Check(name="home", status=Status.OK, found="readable by its owner only")


def check_disk(home: Path) -> Check:
    """Look at the free space where the snapshots lie."""
    free = shutil.disk_usage(home).free
    found = f"{free / GIB:.1f} GiB free"
    if free >= LEAST_FREE_BYTES:
        return Check(name="disk", status=Status.OK, found=found)
    return Check(
        name="disk",
        status=Status.WARN,
        found=found,
        advice=f"Keep {LEAST_FREE_BYTES / GIB:.0f} GiB free, or set TUMORXY_HOME to a larger disk.",
    )


def check_snapshot(store: Store) -> Check:
    """Compare the published snapshot with its manifest."""
    problems = store.check()
    damage = [problem for problem in problems if not problem.endswith(HARMLESS)]
    if damage:
        return Check(
            name="snapshot",
            status=Status.FAIL,
            found=" ".join(problems),
            advice="Restore the TumorXY home from a backup, or import the studies again.",
        )
    if problems:
        return Check(name="snapshot", status=Status.WARN, found=" ".join(problems))
    info = store.snapshot()
    if info is None:
        return Check(name="snapshot", status=Status.OK, found="nothing is published yet")
    return Check(
        name="snapshot",
        status=Status.OK,
        found=f"number {info.number}, {info.size_bytes / 1e6:.0f} MB, as published "
        f"{info.published_at:%Y-%m-%d %H:%M} UTC",
    )


def check_studies(store: Store) -> Check:
    """Tell what is imported, real and synthetic apart."""
    if not store.exists():
        return Check(
            name="studies",
            status=Status.WARN,
            found="none is imported",
            advice="Begin with `tumorxy demo` or `tumorxy import PATH`.",
        )
    with store.read() as reader:
        studies = reader.list_studies().to_pylist()
    real = [study["num_samples"] for study in studies if not study["synthetic"]]
    made = [study["num_samples"] for study in studies if study["synthetic"]]
    return Check(
        name="studies",
        status=Status.OK,
        found=f"{len(real)} imported with {sum(real):,} tumors, {len(made)} synthetic with "
        f"{sum(made):,}",
    )


def check_map(store: Store) -> Check:
    """Look whether the newest map shows every tumor with the installed model."""
    if not store.exists():
        return Check(name="map", status=Status.OK, found="none yet")
    with store.read() as reader:
        layout = newest_layout(reader)
        num_samples = sum(reader.list_studies()["num_samples"].to_pylist())
        num_shown = 0 if layout is None else _num_shown(reader, layout)
    if layout is None:
        return _stale("no map is fitted", "`tumorxy embed` and `tumorxy layout`")
    if layout["model_digest"] != installed_digest():
        found = f"{layout['name']} was made with the model {layout['model_digest'][:12]}"
        return _stale(found, "`tumorxy embed` and `tumorxy layout`")
    found = (
        f"{layout['name']}, version {layout['layout_id']}: {num_shown:,} of {num_samples:,} tumors"
    )
    if num_shown < num_samples:
        return _stale(found, "`tumorxy embed`")
    return Check(name="map", status=Status.OK, found=found)


def _num_shown(reader: Reader, layout: dict[str, Any]) -> int:
    return int(reader.coordinates(layout["layout_id"]).num_rows)


def _stale(found: str, command: str) -> Check:
    return Check(name="map", status=Status.WARN, found=found, advice=f"Run {command}.")


def check_jobs(home: Path) -> Check:
    """Tell how many jobs run, and whether one of them died."""
    from dashboard.jobs import JobState, list_jobs

    states = [job.state for job in list_jobs(home)]
    counts = [f"{states.count(state)} {state}" for state in JobState]
    return Check(name="jobs", status=Status.OK, found=", ".join(counts))


def check_workspace(home: Path) -> Check:
    """Read everything that people keep, and follow the chain of decisions."""
    workspace = WorkspaceStore(home)
    problems = workspace.problems()
    if problems:
        return Check(name="workspace", status=Status.FAIL, found=" ".join(problems))
    sets, views = len(workspace.sets.list_named()), len(workspace.views.list_all())
    queues, entries = workspace.queues.list_all(), workspace.decisions.read().entries
    return Check(
        name="workspace",
        status=Status.OK,
        found=f"{sets} saved sets, {views} views, {len(queues)} queues, {len(entries)} decisions",
    )
