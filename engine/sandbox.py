"""Read an input in a child process, so that no file can take the dashboard down.

The child has its own processor time, time and memory; what it read comes back as Arrow IPC files
that the parent maps into memory. It ends when its parent does.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn, TextIO

import psutil
import pyarrow as pa

from engine.cohort import Cohort, ImportReport, Study
from engine.errors import ImportRefusedError
from engine.progress import Progress, no_progress
from engine.readers.options import Limits, ReadOptions

COMMAND = (sys.executable, "-P", "-m", "engine.sandbox")
POLL_S = 0.1
TABLES = ("samples", "alterations", "panels", "clinical", "attributes")
REPORT_TABLES = ("files", "findings")
REQUEST = "request.json"
STUDY = "study.json"
ERRORS = "errors.txt"

_CPU_GRACE_S = 5
_NOTED_ERROR_CHARACTERS = 4_000
_MIB = 1 << 20


def read_in_child(path: Path, options: ReadOptions, progress: Progress = no_progress) -> Cohort:
    """Read an input as `engine.readers.read.read_input` does, in a process of its own.

    Args:
        path: File or study folder.
        options: What the user states; its limits bound the child.
        progress: Told what the child reports.

    Returns:
        The cohort; its tables are mapped from files that vanish with it.

    Raises:
        ImportRefusedError: If the input is refused, takes more time or memory than the limits
            allow, or breaks the reader.
    """
    with tempfile.TemporaryDirectory(prefix="tumorxy-read-") as name:
        folder = Path(name)
        request = {"path": str(path.absolute()), "options": asdict(options)}
        (folder / REQUEST).write_text(json.dumps(request), encoding="utf-8")
        with _child(folder) as process:
            outcome = _follow(process, path.name, options.limits, progress)
        if outcome is None:
            raise _crash(path.name, process.returncode, options.limits, folder / ERRORS)
        if "refused" in outcome:
            raise ImportRefusedError(**outcome["refused"])
        if "failed" in outcome:
            raise _failure(path.name, outcome["failed"], options.limits)
        return _load(folder)


@contextmanager
def _child(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a child, and leave none behind whatever happens."""
    package_root = Path(__file__).parents[1]
    search_path = os.pathsep.join(filter(None, [str(package_root), os.environ.get("PYTHONPATH")]))
    with (folder / ERRORS).open("wb") as errors:
        process = subprocess.Popen(
            [*COMMAND, str(folder)],
            stdin=subprocess.PIPE,  # stays open as long as the parent lives
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": search_path},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _follow(
    process: subprocess.Popen[bytes], file: str, limits: Limits, progress: Progress
) -> dict[str, Any] | None:
    """Pass progress on until the child ends; return what it says last, None if it says nothing."""
    assert process.stdout is not None
    outcome, rest = None, b""
    deadline = time.monotonic() + limits.max_wall_s
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if selector.select(POLL_S):
                chunk = os.read(process.stdout.fileno(), 1 << 16)
                if not chunk:
                    process.wait()
                    return outcome
                *lines, rest = (rest + chunk).split(b"\n")
                for message in map(json.loads, lines):
                    if "progress" in message:
                        progress(*message["progress"])
                    else:
                        outcome = message
            if time.monotonic() > deadline:
                raise _failure(file, "time", limits)
            if _resident_bytes(process.pid) > limits.max_memory_bytes:
                raise _failure(file, "memory", limits)


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _failure(file: str, reason: str, limits: Limits) -> ImportRefusedError:
    size = f"{limits.max_memory_bytes / _MIB:,.0f} MiB"
    problems = {
        "memory": f"reading it takes more memory than the {size} allowed",
        "time": f"reading it takes longer than the {limits.max_wall_s:,.0f} s allowed "
        f"({limits.max_cpu_s:,.0f} s of processor time)",
        "disk-full": "the disk for temporary files is full",
    }
    advice = {
        "memory": "Split the file by sample and import the parts",
        "time": "Split the file by sample and import the parts",
        "disk-full": "Free some space and import again",
    }
    return ImportRefusedError(problems[reason], advice=advice[reason], file=file, rule=reason)


def _crash(file: str, code: int, limits: Limits, errors: Path) -> ImportRefusedError:
    """Say in plain words how a child ended that did not say anything itself."""
    if code == -signal.SIGXCPU:
        return _failure(file, "time", limits)
    if code == -signal.SIGKILL:
        return _failure(file, "memory", limits)
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    error = ImportRefusedError(
        f"the reader broke on this file ({how}); nothing of it was taken in",
        advice="Check the file with another tool, and report it if it is sound",
        file=file,
        rule="reader-crash",
    )
    error.add_note(errors.read_text(encoding="utf-8", errors="replace")[-_NOTED_ERROR_CHARACTERS:])
    return error


def _save(cohort: Cohort, folder: Path) -> None:
    tables = {name: getattr(cohort, name) for name in TABLES}
    tables |= {name: getattr(cohort.report, name) for name in REPORT_TABLES}
    for name, table in tables.items():
        with (
            pa.OSFile(str(folder / f"{name}.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)
    rest = {
        "study": asdict(cohort.study),
        "source_digest": cohort.source_digest,
        "notes": cohort.notes,
    }
    (folder / STUDY).write_text(json.dumps(rest), encoding="utf-8")


def _load(folder: Path) -> Cohort:
    rest = json.loads((folder / STUDY).read_text(encoding="utf-8"))
    return Cohort(
        study=Study(**rest["study"]),
        **{name: _map(folder, name) for name in TABLES},
        report=ImportReport(**{name: _map(folder, name) for name in REPORT_TABLES}),
        source_digest=rest["source_digest"],
        notes=tuple(rest["notes"]),
    )


def _map(folder: Path, name: str) -> pa.Table:
    """Map a table; the mapping outlives the file's name."""
    return pa.ipc.open_file(pa.memory_map(str(folder / f"{name}.arrow"))).read_all()


def main(folder: Path) -> int:
    """Be the child: read what the request in a folder asks for, and leave the result there.

    Args:
        folder: Holds the request; tables are written into it.

    Returns:
        Exit code, 0 also where the input was refused.
    """
    channel = _private_stdout()
    _end_with_parent(folder)
    tempfile.tempdir = str(folder)  # the parent removes it even if this process is killed
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    limits = Limits(**request["options"].pop("limits"))
    options = ReadOptions(**request["options"], limits=limits)
    outcome: Mapping[str, object] = {"done": True}
    try:
        _read(folder, Path(request["path"]), options, channel)
    except ImportRefusedError as error:
        parts = ("problem", "advice", "file", "rule", "line", "column", "value")
        outcome = {"refused": {name: getattr(error, name) for name in parts}}
    except MemoryError:
        outcome = {"failed": "memory"}
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        outcome = {"failed": "disk-full"}
    _send(channel, outcome)
    return 0


def _read(folder: Path, path: Path, options: ReadOptions, channel: TextIO) -> None:
    # Imported here: the parent does not need the readers.
    from engine.genes import GeneTable
    from engine.readers.read import read_input

    genes = GeneTable.load()
    _limit_resources(options.limits)
    cohort = read_input(path, options, genes, lambda *state: _send(channel, {"progress": state}))
    _save(cohort, folder)


def _send(channel: TextIO, message: Mapping[str, object]) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


def _private_stdout() -> TextIO:
    """Keep standard output for messages; what a library prints goes to standard error."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return channel


def _end_with_parent(folder: Path) -> None:
    """End, and clean up, once the parent is gone: it holds the other end of standard input."""

    def wait() -> NoReturn:
        # Not through sys.stdin: a thread that holds its lock would abort the interpreter's exit.
        os.read(sys.stdin.fileno(), 1)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _limit_resources(limits: Limits) -> None:
    """Bound processor time and memory; libraries reserve addresses that they never use."""
    reserved = psutil.Process().memory_info().vms
    cpu_s = int(limits.max_cpu_s + time.process_time()) + 1
    wanted = {
        resource.RLIMIT_CORE: (0, 0),  # a core dump would hold patient data
        resource.RLIMIT_CPU: (cpu_s, cpu_s + _CPU_GRACE_S),
        resource.RLIMIT_AS: (reserved + limits.max_memory_bytes,) * 2,
    }
    for kind, bounds in wanted.items():
        # Not every system has each of these; the parent watches time and memory as well.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, bounds)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
