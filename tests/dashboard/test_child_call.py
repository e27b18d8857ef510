from __future__ import annotations

import os
import time

import pytest

from dashboard.child_call import call
from dashboard.errors import JobError, NothingToDoError
from engine.progress import Progress


def work_of(number: int, progress: Progress) -> tuple[int, int]:
    progress("Counting", number, number)
    return number, os.getpid()


def refuse(progress: Progress) -> None:
    raise NothingToDoError("There is nothing.")


def vanish(progress: Progress) -> None:
    os._exit(3)


def wait_long(progress: Progress) -> None:
    time.sleep(60)


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


def test_the_child_ends_with_the_page_that_asked() -> None:
    started = time.monotonic()

    def stop(*_: object) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        call(wait_long, progress=stop)
    assert time.monotonic() - started < 10
