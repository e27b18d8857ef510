from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from cache.errors import StoreBusyError
from cache.locking import is_locked, writer_lock
from cache.records import read_record

HOLD = """
import sys, time
from pathlib import Path
from cache.locking import writer_lock
with writer_lock(Path(sys.argv[1]), timeout_s=0, purpose="import tcga_pancan"):
    print("held", flush=True)
    time.sleep(60)
"""


def hold_in_child(root: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_second_writer_is_told_who_works_since_when(tmp_path: Path) -> None:
    with writer_lock(tmp_path, timeout_s=0, purpose="import tcga_pancan"):
        assert is_locked(tmp_path)
        since = time.strftime("%H:")
        started = time.monotonic()
        with (
            pytest.raises(
                StoreBusyError,
                match=rf"^Another import has been running since {since}\d\d \(import tcga_pancan\)",
            ),
            writer_lock(tmp_path, timeout_s=0.2, purpose="import other"),
        ):
            pass
        assert time.monotonic() - started >= 0.2
    assert not is_locked(tmp_path)


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    child = hold_in_child(tmp_path)
    try:
        assert is_locked(tmp_path)
        with (
            pytest.raises(StoreBusyError, match="import tcga_pancan"),
            writer_lock(tmp_path, timeout_s=0, purpose="import other"),
        ):
            pass
    finally:
        child.kill()
        child.communicate()
    with writer_lock(tmp_path, timeout_s=5, purpose="import other"):
        assert read_record(tmp_path / "writer.json")["purpose"] == "import other"


def test_an_unknown_holder_is_told_without_details(tmp_path: Path) -> None:
    with writer_lock(tmp_path, timeout_s=0, purpose="import one"):
        (tmp_path / "writer.json").write_text("{")
        with (
            pytest.raises(StoreBusyError, match=r"^Another import is running\. Wait"),
            writer_lock(tmp_path, timeout_s=0, purpose="import two"),
        ):
            pass


def test_an_error_frees_the_lock(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyError, match="inside"),
        writer_lock(tmp_path, timeout_s=0, purpose="import one"),
    ):
        raise KeyError("inside")
    assert not is_locked(tmp_path)
