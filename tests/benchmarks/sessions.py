"""Many browser sessions at once on one map: how long each waits, and whether rows are mixed up.

Run: `python -m tests.benchmarks.sessions [MINUTES]`. 50 sessions open a map of 30,000 synthetic
tumors at one instant; then each colors it anew every 5 seconds, for 10 minutes unless told
otherwise. Clients and server share the cores. Writes results/sessions.csv.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from tests.app.small_home import build_home, draw_cohort
from tests.benchmarks.harness import Measurement, write_results
from tests.benchmarks.session_client import Session
from tests.browser.driving import served

NUM_TUMORS = 30_000
NUM_SESSIONS = 50
THINK_SECONDS = 5.0
LOADING_SECONDS = 10.0
MINUTES = 10.0
LABELS = ("Sex", "Pam50 subtype", "Study", "Cancer type")


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    with tempfile.TemporaryDirectory(prefix="tumorxy-bench-") as name:
        home = Path(name)
        build_home(home, [draw_cohort("large", NUM_TUMORS)])
        with served(home) as address:
            rows = asyncio.run(measure(address, minutes))
    for row in rows:
        print(f"{row.name:58} {row.median:9.3f} {row.unit:6} {row.note}")
    print(write_results("sessions", rows))


async def measure(address: str, minutes: float) -> list[Measurement]:
    """Open the sessions, let them work, and count what went wrong."""
    server = _server_of(address)
    # Waiting for an upload loads the encoder, and torch with it, as on a server in use.
    await Session(address=address, page="patient", query="source=Upload%20a%20file").open()
    await asyncio.sleep(LOADING_SECONDS)
    first = Session(address=address, query="sample=large/LARG-00000")
    await first.open()
    before = _memory(server)
    sessions = [
        Session(address=address, query=f"sample=large/LARG-{row:05d}")
        for row in range(1, NUM_SESSIONS + 1)
    ]
    opened = await asyncio.gather(*(session.open() for session in sessions))
    grown = (_memory(server) - before) / NUM_SESSIONS / 2**20
    until = time.monotonic() + 60 * minutes
    waited = await asyncio.gather(*(_work(session, until) for session in sessions))
    reruns = np.array(list(itertools.chain(*waited)))
    errors = sum(len(session.errors) for session in sessions)
    foreign = sum(_shows_others(session, row + 1) for row, session in enumerate(sessions))
    for session in (first, *sessions):
        await session.close()
    return [
        _row("slowest first map of 50 at one instant", "s", float(max(opened)), len(opened)),
        _row("rerun with 5 s think time, median", "s", float(np.median(reruns)), len(reruns)),
        _row("rerun, 95th percentile", "s", float(np.quantile(reruns, 0.95)), len(reruns)),
        _row("errors", "", float(errors), len(reruns)),
        _row("sessions that were shown another's tumor", "", float(foreign), len(sessions)),
        _row("memory per added session", "MiB", grown, len(sessions)),
    ]


async def _work(session: Session, until: float) -> list[float]:
    rng = random.Random(session.query)
    await asyncio.sleep(rng.uniform(0, THINK_SECONDS))
    waited = []
    for label in itertools.cycle(LABELS):
        if time.monotonic() >= until:
            return waited
        waited.append(await session.choose("label", label))
        await asyncio.sleep(rng.uniform(0.5, 1.5) * THINK_SECONDS)
    return waited


def _shows_others(session: Session, own: int) -> bool:
    text = session.texts().replace("\\", "")
    names = {f"LARG-{row:05d}" for row in range(1, NUM_SESSIONS + 1)}
    found = {name for name in names if f"Open {name}" in text}
    return found != {f"LARG-{own:05d}"}


def _server_of(address: str) -> psutil.Process:
    port = int(address.rsplit(":", 1)[1])
    for process in psutil.Process().children(recursive=True):
        if any(c.laddr.port == port for c in process.net_connections(kind="inet")):
            return process
    raise RuntimeError(f"No child process listens on port {port}.")


def _memory(process: psutil.Process) -> int:
    return int(process.memory_info().rss)


def _row(name: str, unit: str, value: float, runs: int) -> Measurement:
    return Measurement(name=name, unit=unit, median=value, low=value, high=value, runs=runs)


if __name__ == "__main__":
    main()
