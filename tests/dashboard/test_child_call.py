from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cache.errors import NoSnapshotError, SchemaTooNewError
from dashboard.child_call import Child, call
from dashboard.errors import JobError, NothingToDoError
from engine.progress import Progress, no_progress


def work_of(number: int, progress: Progress) -> tuple[int, int]:
    progress("Counting", number, number)
    return number, os.getpid()


def refuse(progress: Progress) -> None:
    raise NothingToDoError("There is nothing.")


def vanish(progress: Progress) -> None:
    os._exit(3)


def wait_long(progress: Progress) -> None:
    progress("Waiting", os.getpid(), 0)
    time.sleep(60)


def find_too_new(progress: Progress) -> None:
    raise SchemaTooNewError(9, 4)


def find_nothing(progress: Progress) -> None:
    raise NoSnapshotError


class StoppedError(Exception):
    """What a page raises when another run replaces it."""


def test_the_answer_and_the_progress_come_from_another_process() -> None:
    told = []
    number, process = call(work_of, 7, progress=lambda *stage: told.append(stage))
    assert number == 7
    assert process != os.getpid()
    assert ("Counting", 7, 7) in told


def test_errors_come_back() -> None:
    with pytest.raises(NothingToDoError, match="There is nothing"):
        call(refuse, progress=lambda *_: None)
    with pytest.raises(JobError, match="ended without an answer"):
        call(vanish, progress=lambda *_: None)


@pytest.mark.parametrize(
    ("work", "expected"),
    [(find_too_new, SchemaTooNewError(9, 4)), (find_nothing, NoSnapshotError())],
)
def test_errors_that_make_their_own_sentence_come_back_whole(
    work: Callable[[Progress], None], expected: Exception
) -> None:
    with pytest.raises(type(expected)) as told:
        call(work, progress=lambda *_: None)
    assert str(told.value) == str(expected)
    assert vars(told.value) == vars(expected)


def test_the_child_ends_with_the_page_that_asked() -> None:
    processes = []

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "Waiting":
            processes.append(done)
            raise StoppedError

    with pytest.raises(StoppedError):
        call(wait_long, progress=stop)
    assert not is_running(processes[0])


def test_the_child_ends_with_a_server_that_was_killed() -> None:
    program = (
        "from dashboard.child_call import call; from tests.dashboard.test_child_call import *; "
        "call(wait_long, progress=lambda *stage: print(*stage, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        told = next(line for line in server.stdout if line.startswith("Waiting"))
        server.kill()
    process, patience = int(told.split()[1]), time.monotonic() + 10
    while is_running(process) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not is_running(process)


def is_running(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def loaded(name: str, progress: Progress) -> bool:
    return name in sys.modules


def test_a_child_imports_ahead_and_may_be_ended_unasked() -> None:
    with Child("wave") as child:
        assert child.ask(loaded, "wave", progress=no_progress)
    with Child("wave") as unasked:
        unasked.end()
        with pytest.raises(OSError, match="handle is closed"):
            unasked.ask(loaded, "wave", progress=no_progress)
