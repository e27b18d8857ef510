"""Call a function in a child process, so that the pages of other readers are answered meanwhile.

Run as a module it is that child. `multiprocessing` cannot start it: it would carry out the page
once more in the child, since Streamlit puts the page in the place of the main module.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Self

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
    with Child() as child:
        return child.ask(function, *arguments, progress=progress)


class Child:
    """A child process that may be started before it is known what it is asked for, if for anything.

    Args:
        ahead: Modules that it imports meanwhile.
    """

    def __init__(self, *ahead: str) -> None:
        self._ours, theirs = Pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.child_call", str(theirs.fileno()), *ahead],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
        theirs.close()

    def __enter__(self) -> Self:
        """Return the child; it is ended at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child."""
        self.end()

    def ask(self, function: Callable[..., Any], *arguments: Any, progress: Progress) -> Any:
        """Call one function there; see `call`."""
        try:
            return _ask(self._ours, (function, arguments), progress)
        except (EOFError, ConnectionError):
            raise JobError(
                "The computation ended without an answer: it was stopped from outside, or the "
                "memory was used up. Choose less at a time, or try again."
            ) from None

    def end(self) -> None:
        """End the child, also before it has answered."""
        self._ours.close()
        _end(self._process)


def _ask(ours: Connection, question: tuple[Any, ...], progress: Progress) -> Any:
    told: tuple[str, int, int] = ("Starting", 0, 0)
    ours.send(question)
    while True:
        kind, value = ours.recv() if ours.poll(POLL_SECONDS) else ("told", told)
        if kind == "done":
            return value
        if kind == "failed":
            raise _rebuilt(*value)
        told = value
        progress(*told)


def _rebuilt(kind: type[Exception], given: tuple[Any, ...], state: dict[str, Any]) -> Exception:
    """Return an error as it was raised; many make their sentence from other arguments."""
    error = kind.__new__(kind, *given)
    vars(error).update(state)
    return error


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _work(theirs: Connection, ahead: Sequence[str]) -> None:
    """Carry out what comes through a pipe, and send back what it returns or raises."""
    for name in ahead:
        import_module(name)

    def told(stage: str, done: int, total: int) -> None:
        theirs.send(("told", (stage, done, total)))

    function, arguments = theirs.recv()
    threading.Thread(target=_end_with_parent, args=(theirs,), daemon=True).start()
    try:
        theirs.send(("done", function(*arguments, told)))
    except Exception as error:  # noqa: BLE001 - raised again in the parent
        theirs.send(("failed", (type(error), error.args, vars(error))))


def _end_with_parent(theirs: Connection) -> None:
    """Wait until the parent's end of the pipe closes, as it does when the parent is killed."""
    theirs.poll(None)
    os._exit(1)


if __name__ == "__main__":
    _work(Connection(int(sys.argv[1])), sys.argv[2:])
