"""Call a function in a child process, so that the pages of other readers are answered meanwhile."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from dashboard.errors import JobError
from engine.progress import Progress

POLL_SECONDS = 0.1
END_SECONDS = 2.0


def call(function: Callable[..., Any], *arguments: Any, progress: Progress) -> Any:
    """Call a function of a module in a child process and wait for what it returns.

    Args:
        function: A function at the top of a module, whose last argument is a `Progress`.
        arguments: Its other arguments; copied to the child.
        progress: Told how far the work is, and at least ten times a second; what it raises ends
            the child.

    Returns:
        What the function returned.

    Raises:
        JobError: If the child ended without an answer.
    """
    # A forked child would inherit locks that other threads of the server hold.
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(sender, function, arguments), daemon=True)
    child.start()
    sender.close()
    try:
        return _wait(receiver, progress)
    finally:
        receiver.close()
        child.terminate()
        child.join(END_SECONDS)
        if child.is_alive():
            child.kill()


def _wait(receiver: Connection, progress: Progress) -> Any:
    told: tuple[str, int, int] = ("Starting", 0, 0)
    while True:
        try:
            kind, value = receiver.recv() if receiver.poll(POLL_SECONDS) else ("told", told)
        except EOFError:
            raise JobError(
                "The computation ended without an answer: it was stopped from outside, or the "
                "memory was used up. Choose fewer cohorts, or try again."
            ) from None
        if kind == "done":
            return value
        if kind == "failed":
            raise value
        told = value
        progress(*told)


def _work(sender: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    def told(stage: str, done: int, total: int) -> None:
        sender.send(("told", (stage, done, total)))

    try:
        sender.send(("done", function(*arguments, told)))
    except Exception as error:  # noqa: BLE001 - raised again in the parent
        sender.send(("failed", error))
