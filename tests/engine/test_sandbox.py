from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from engine import sandbox
from engine.errors import ImportRefusedError
from engine.readers.options import Limits, ReadOptions
from engine.sandbox import read_in_child
from tests.engine.readers.inputs import maf, read, write_study

PATCHED = """
import os, signal, sys, time
from pathlib import Path
import engine.readers.read as module
from engine.sandbox import main

def read_input(path, options, genes, progress):
    progress("Reading", 1, 2)
    {body}
module.read_input = read_input
sys.exit(main(Path(sys.argv[1])))
"""


def readers_left() -> list[psutil.Process]:
    """Children of this process that read files; a browser test leaves a driver beside them."""
    return [
        child
        for child in psutil.Process().children()
        if any("engine.sandbox" in argument for argument in child.cmdline())
    ]


def write_maf(folder: Path) -> Path:
    path = folder / "calls.maf"
    path.write_text(maf({}))
    return path


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Send temporary folders to a place of their own, to see what is left of them."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def run_instead(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Let the child run other code in place of the reader."""
    monkeypatch.setattr(sandbox, "COMMAND", (sys.executable, "-P", "-c", PATCHED.format(body=body)))


def test_a_file_comes_back_as_read_in_this_process(tmp_path: Path, scratch: Path) -> None:
    path, stages = write_maf(tmp_path), []
    options = ReadOptions(study_id="mine", panel="IMPACT341", cancer_type="Lung")
    cohort = read_in_child(path, options, lambda *state: stages.append(state))
    here = read(path, study_id="mine", panel="IMPACT341", cancer_type="Lung")
    assert cohort.alterations.equals(here.alterations)
    assert cohort.samples.equals(here.samples)
    assert cohort.panels.equals(here.panels)
    assert cohort.report.files.equals(here.report.files)
    assert (cohort.study, cohort.source_digest, cohort.notes) == (
        here.study, here.source_digest, here.notes,
    )  # fmt: skip
    assert stages[-1] == ("Reading mutations", 1, 1)
    assert list(scratch.iterdir()) == []


def test_a_study_comes_back_with_its_clinical_data(tmp_path: Path, scratch: Path) -> None:
    folder = write_study(tmp_path / "study")
    cohort = read_in_child(folder, ReadOptions())
    here = read(folder)
    assert cohort.clinical.equals(here.clinical)
    assert cohort.attributes.equals(here.attributes)
    assert cohort.report.findings.equals(here.report.findings)


def test_a_refusal_crosses_with_all_its_parts(tmp_path: Path, scratch: Path) -> None:
    path = tmp_path / "calls.maf"
    path.write_text(maf({}).replace("Tumor_Sample_Barcode", "Sample"))
    with pytest.raises(ImportRefusedError) as here:
        read(path)
    with pytest.raises(ImportRefusedError, match=r"Tumor_Sample_Barcode is missing") as there:
        read_in_child(path, ReadOptions())
    assert vars(there.value) == vars(here.value)
    assert list(scratch.iterdir()) == []


def test_a_link_is_refused_in_the_child_too(tmp_path: Path, scratch: Path) -> None:
    link = tmp_path / "link.maf"
    link.symlink_to(write_maf(tmp_path))
    with pytest.raises(ImportRefusedError, match="symbolic link"):
        read_in_child(link, ReadOptions())


@pytest.mark.parametrize(
    ("body", "limits", "expected"),
    [
        ("return bytearray(1 << 34)", {}, ("memory", "more memory than the 6,144 MiB allowed")),
        ("kept = [os.urandom(1 << 24) for _ in range(400)]", {"max_memory_bytes": 1 << 28},
         ("memory", "more memory than the 256 MiB allowed")),
        ("while True: pass", {"max_cpu_s": 0.1}, ("time", "longer than the 1,200 s allowed")),
        ("time.sleep(60)", {"max_wall_s": 3}, ("time", "longer than the 3 s allowed")),
        ("os.kill(os.getpid(), signal.SIGSEGV)", {}, ("reader-crash", r"broke .*\(SIGSEGV\)")),
        ("os.abort()", {}, ("reader-crash", r"broke .*\(SIGABRT\)")),
        ("os.kill(os.getpid(), signal.SIGKILL)", {}, ("memory", "more memory")),
        ("os._exit(3)", {}, ("reader-crash", "exit code 3")),
        ("raise KeyError('odd')", {}, ("reader-crash", "exit code 1")),
        ("raise OSError(28, 'No space')", {}, ("disk-full", "temporary files is full")),
    ],
)  # fmt: skip
def test_whatever_happens_to_the_child_is_a_plain_refusal(
    tmp_path: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
    limits: dict[str, float],
    expected: tuple[str, str],
) -> None:
    rule, message = expected
    run_instead(monkeypatch, body)
    options = ReadOptions(limits=Limits(**limits))  # type: ignore[arg-type]
    start = time.monotonic()
    with pytest.raises(ImportRefusedError, match=message) as caught:
        read_in_child(write_maf(tmp_path), options)
    assert (caught.value.rule, caught.value.file) == (rule, "calls.maf")
    assert time.monotonic() - start < 30
    assert list(scratch.iterdir()) == []
    assert readers_left() == []


def test_the_traceback_of_a_broken_reader_is_kept_as_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, "raise KeyError('odd')")
    with pytest.raises(ImportRefusedError) as caught:
        read_in_child(write_maf(tmp_path), ReadOptions())
    assert "KeyError: 'odd'" in "".join(caught.value.__notes__)
    assert "KeyError" not in str(caught.value)


def test_what_a_library_prints_disturbs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = "raise module.ImportRefusedError('no', file='f', rule='r')"
    run_instead(monkeypatch, f"os.write(1, b'{{not json'); print('noise'); {refuse}")
    with pytest.raises(ImportRefusedError, match=r"f: no \[r\]"):
        read_in_child(write_maf(tmp_path), ReadOptions())


def test_an_interrupt_leaves_no_child_and_no_folder(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, "time.sleep(60)")

    def interrupt(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_in_child(write_maf(tmp_path), ReadOptions(), interrupt)
    assert readers_left() == []
    assert list(scratch.iterdir()) == []


def test_the_child_ends_with_a_killed_parent(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    code = f"""
import sys, tempfile
from pathlib import Path
from engine import sandbox
from engine.readers.options import ReadOptions
tempfile.tempdir = {str(scratch)!r}
sandbox.COMMAND = (sys.executable, "-P", "-c", {PATCHED.format(body="time.sleep(60)")!r})
say = lambda *state: print("started", flush=True)
sandbox.read_in_child(Path({str(write_maf(tmp_path))!r}), ReadOptions(), say)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        (child,) = psutil.Process(parent.pid).children()
        parent.kill()
    gone, alive = psutil.wait_procs([child], timeout=10)
    assert (len(gone), alive) == (1, [])
    assert list(scratch.iterdir()) == []


def test_the_child_imports_no_torch_and_no_streamlit() -> None:
    code = "import engine.sandbox, engine.readers.read, sys; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert loaded.isdisjoint({"torch", "streamlit", "duckdb", "numba", "sklearn"})
