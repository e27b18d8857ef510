from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cache import snapshots
from cache.errors import (
    CacheError,
    DiskFullError,
    HomeNotWritableError,
    NoSnapshotError,
    SnapshotDamagedError,
    StoreBusyError,
)
from cache.reader import Reader
from cache.store import Store, StoreLimits

Cohort = dict[str, Any]
MakeCohort = Callable[..., Cohort]

KILLED_WRITER = Path(__file__).with_name("killed_writer.py")

# What is watched, which call, when; and whether the change is published by then.
KILLS = [
    ("add", "cache.store._seal", 1, "after", False),
    ("add", "pathlib.Path.replace", 3, "after", False),
    ("add", "pathlib.Path.replace", 4, "after", True),
    ("remove", "pathlib.Path.replace", 4, "before", False),
    ("remove", "pathlib.Path.replace", 4, "after", True),
]
MORE_KILLS = [
    (verb, watched, call, moment, published)
    for verb in ("add", "remove")
    for watched, call, moment, published in (
        ("os.fsync", 1, "before", False),
        ("cache.snapshots._copy_verified", 1, "before", False),
        ("cache.snapshots._copy_verified", 1, "after", False),
        ("cache.store.open_draft", 1, "after", False),
        ("cache.store.migrate", 1, "after", False),
        ("cache.writer.Writer._run", 2, "after", False),
        ("cache.store._seal", 1, "before", False),
        ("cache.snapshots.file_digest", 1, "after", False),
        ("os.fsync", 3, "before", False),
        ("pathlib.Path.replace", 2, "before", False),
        ("pathlib.Path.replace", 2, "after", False),
        ("os.fsync", 8, "before", True),
        ("cache.snapshots.publish", 1, "after", True),
    )
]


@pytest.fixture
def home(filled: Store, tmp_path: Path) -> Path:
    """Return the home of the store that holds the study `first`."""
    assert filled.exists()
    return tmp_path / "home"


def study_ids(store: Store) -> list[str]:
    with store.read() as reader:
        return [str(study_id) for study_id in reader.list_studies()["study_id"].to_pylist()]


def everything(reader: Reader) -> list[Any]:
    """Read every table of the study `first`."""
    return [
        reader.list_studies(),
        reader.samples(),
        reader.alterations(),
        reader.panels(),
        reader.attributes(),
        reader.clinical("AGE"),
        reader.clinical("PAM50"),
        reader.report_files("first"),
        reader.report_findings("first"),
        reader.notes("first"),
        reader.burden(),
        reader.gene_states("TP53"),
    ]


def start_killed_writer(home: Path, *args: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(KILLED_WRITER), str(home), *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def has_changed(home: Path, verb: str) -> bool:
    """Tell whether the change of the killed writer is published."""
    with Store(home).read() as reader:
        if verb == "remove":
            return reader.list_studies().num_rows == 0
        return reader.layouts().num_rows == 1


def require_whole_after_kill(home: Path, limits: StoreLimits, *, verb: str, before: Any) -> None:
    """Check that what is published is all old or all new, and that the next writer cleans up."""
    store = Store(home, limits)
    changed = has_changed(home, verb)
    with store.read() as reader:
        if changed and verb == "remove":
            assert reader.row_counts()["sample"] == 0
        else:
            assert everything(reader) == before
            assert reader.row_counts()["embedding"] == (20_000 if changed else 0)
    assert all("the next import deletes them" in problem for problem in store.check())
    with store.write(timeout_s=10) as writer:
        writer.add_layout("after", "model", "{}", "{}", "{}")
    assert store.check() == []
    if changed and verb == "remove":
        assert not contains(home, b"FIRST-SAMPLE")


def contains(folder: Path, text: bytes) -> bool:
    """Tell whether any file of a folder holds a text."""
    return any(text in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_empty_store(store: Store) -> None:
    assert not store.exists()
    assert store.snapshot() is None
    assert store.check() == []
    with pytest.raises(NoSnapshotError, match="Run `tumorxy import PATH`"), store.read():
        pass


def test_what_is_published_is_seen_by_every_store(filled: Store, home: Path) -> None:
    assert study_ids(filled) == ["first"]
    assert study_ids(Store(home)) == ["first"]
    snapshot = filled.snapshot()
    assert snapshot is not None
    assert snapshot.path == home / "snapshots" / "1.duckdb"
    assert snapshot.row_counts["alteration"] == 96
    assert filled.check() == []


def test_a_reader_keeps_its_snapshot_and_the_next_one_sees_the_newest(
    filled: Store, make_cohort: MakeCohort
) -> None:
    with filled.read() as reader:
        for name in ("second", "third", "fourth"):
            with filled.write() as writer:
                writer.replace_study(**make_cohort(name))
            assert reader.list_studies()["study_id"].to_pylist() == ["first"]
            assert name in study_ids(filled)
        assert not reader.info.path.exists()
        assert reader.alterations().num_rows == 96
    assert study_ids(filled) == ["first", "fourth", "second", "third"]


def test_two_readers_of_different_snapshots_at_once(filled: Store, make_cohort: MakeCohort) -> None:
    with filled.read() as older:
        with filled.write() as writer:
            writer.remove_study("first")
            writer.replace_study(**make_cohort("second", 7))
        with filled.read() as newer:
            assert (older.samples().num_rows, newer.samples().num_rows) == (12, 7)
            assert (older.info.number, newer.info.number) == (1, 2)


def test_an_error_in_the_block_discards_everything(filled: Store, home: Path) -> None:
    before = {path: path.read_bytes() for path in (home / "snapshots").iterdir()}

    def fail() -> None:
        with filled.write() as writer:
            writer.remove_study("first")
            raise FileNotFoundError("a file of the caller")

    with pytest.raises(FileNotFoundError, match="of the caller"):
        fail()
    assert {path: path.read_bytes() for path in (home / "snapshots").iterdir()} == before
    assert list((home / "work").iterdir()) == []
    assert filled.check() == []


def test_no_change_publishes_nothing(filled: Store) -> None:
    before = filled.snapshot()
    with filled.write():
        pass
    assert filled.snapshot() == before


def test_a_first_write_without_a_change_publishes_an_empty_store(store: Store) -> None:
    with store.write():
        pass
    assert study_ids(store) == []


def test_a_second_writer_waits_and_is_then_told_who_works(filled: Store) -> None:
    with filled.write(purpose="import tcga_pancan") as writer:
        writer.add_layout("main", "model", "{}", "{}", "{}")
        with (
            pytest.raises(StoreBusyError, match=r"running since \d\d:\d\d \(import tcga_pancan\)"),
            filled.write(timeout_s=0.1),
        ):
            pass
        assert study_ids(filled) == ["first"]
    with filled.read() as reader:
        assert reader.layouts().num_rows == 1


def test_two_writers_after_each_other_lose_nothing(filled: Store, make_cohort: MakeCohort) -> None:
    names = [f"study-{number}" for number in range(4)]

    def work(name: str) -> None:
        with filled.write(timeout_s=120, purpose=f"import {name}") as writer:
            writer.replace_study(**make_cohort(name, 3))

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert study_ids(filled) == ["first", *names]


def test_removing_a_study_leaves_no_byte_of_it(
    filled: Store, home: Path, make_cohort: MakeCohort, add_map: Callable[..., int]
) -> None:
    with filled.write() as writer:
        writer.replace_study(**make_cohort("second"))
    with filled.read() as reader:
        samples = reader.samples()
    with filled.write() as writer:
        add_map(writer, samples)
    assert contains(home, b"FIRST-SAMPLE-0003")
    with filled.write() as writer:
        writer.remove_study("first")
    assert not contains(home, b"FIRST-SAMPLE")
    assert not contains(home, b"first")
    assert contains(home, b"SECOND-SAMPLE-0003")
    assert [path.name for path in sorted((home / "snapshots").iterdir())] == ["4.duckdb", "4.json"]
    assert filled.check() == []


def test_a_patient_left_out_of_a_new_import_leaves_no_byte(
    filled: Store, home: Path, make_cohort: MakeCohort
) -> None:
    assert contains(home, b"FIRST-SAMPLE-0011")
    with filled.write() as writer:
        writer.replace_study(**make_cohort("first", 11))
    assert not contains(home, b"FIRST-SAMPLE-0011")
    assert contains(home, b"FIRST-SAMPLE-0010")


def test_importing_again_does_not_make_the_file_grow_on_and_on(
    filled: Store, make_cohort: MakeCohort
) -> None:
    sizes = []
    for _ in range(6):
        with filled.write() as writer:
            writer.replace_study(**make_cohort("first", per_sample=500))
        snapshot = filled.snapshot()
        assert snapshot is not None
        sizes.append(snapshot.size_bytes)
    assert max(sizes[2:]) <= 2.5 * sizes[0]
    assert sizes[-1] <= max(sizes[:4])


def test_a_nearly_full_disk_is_refused_before_anything_is_written(
    filled: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled.snapshot()
    monkeypatch.setattr(snapshots, "free_bytes", lambda path: 512 << 20)
    with (
        pytest.raises(DiskFullError, match=r"^0\.5 GiB are free .* at least 1\.0 GiB"),
        Store(home).write(),
    ):
        pass
    monkeypatch.undo()
    assert filled.snapshot() == before
    assert study_ids(filled) == ["first"]


FILL = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
import numpy as np
from cache.errors import DiskFullError
from cache.store import Store, StoreLimits
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    with Store(Path(sys.argv[1]), StoreLimits(min_free_bytes=0)).write() as writer:
        vectors = np.random.default_rng(0).normal(size=(60_000, 16)).astype(np.float32)
        writer.add_embeddings("big", [str(row) for row in range(60_000)], vectors)
except DiskFullError as error:
    print(error)
"""


@pytest.mark.parametrize("share", [0.5, pytest.param(1.2, marks=pytest.mark.slow), 2.0])
def test_a_disk_that_fills_up_costs_nothing_published(home: Path, share: float) -> None:
    store = Store(home, StoreLimits(min_free_bytes=0))
    before = store.snapshot()
    assert before is not None
    limit = str(int(before.size_bytes * share))
    child = subprocess.run(
        [sys.executable, "-c", FILL, str(home), limit], capture_output=True, text=True, check=True
    )
    assert child.stdout.startswith("The disk ran full while writing. Nothing was changed.")
    assert str(home) not in child.stdout
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    assert store.snapshot() == before
    assert study_ids(store) == ["first"]
    assert store.check() == []


def test_a_home_that_cannot_be_written_is_a_named_error(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **options: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(HomeNotWritableError, match="cannot be written by this user") as caught:
        filled.write().__enter__()
    assert "/" not in str(caught.value)
    assert study_ids(filled) == ["first"]


@pytest.mark.parametrize(
    ("verb", "watched", "call", "moment", "published"),
    [*KILLS, *(pytest.param(*kill, marks=pytest.mark.slow) for kill in MORE_KILLS)],
)
def test_a_kill_at_any_step_leaves_all_or_nothing(  # noqa: PLR0913 - one parameter per axis
    home: Path,
    limits: StoreLimits,
    verb: str,
    watched: str,
    call: int,
    moment: str,
    published: bool,  # noqa: FBT001 - given by pytest
) -> None:
    with Store(home, limits).read() as reader:
        before = everything(reader)
    child = start_killed_writer(home, verb, watched, str(call), moment)
    child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL
    assert has_changed(home, verb) == published
    require_whole_after_kill(home, limits, verb=verb, before=before)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_a_kill_at_any_time_leaves_all_or_nothing(
    home: Path, limits: StoreLimits, seed: int
) -> None:
    random = np.random.default_rng(seed)
    with Store(home, limits).read() as reader:
        before = everything(reader)
    verb = ("add", "remove")[seed % 2]
    child = start_killed_writer(home, verb, "os.fsync", "1000", "before")
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(random.uniform(0, 1))
    child.kill()
    child.communicate(timeout=120)
    require_whole_after_kill(home, limits, verb=verb, before=before)


@pytest.mark.parametrize("num_flips", [12, pytest.param(300, marks=pytest.mark.slow)])
def test_no_flipped_bit_gives_a_silent_wrong_answer(home: Path, num_flips: int) -> None:
    store = Store(home)
    with store.read() as reader:
        truth = everything(reader)
        path = reader.info.path
    del store, reader
    whole = path.read_bytes()
    random = np.random.default_rng(num_flips)
    noticed = 0
    for _ in range(num_flips):
        flipped = bytearray(whole)
        flipped[random.integers(len(whole))] ^= 1 << random.integers(8)
        path.write_bytes(flipped)
        try:
            with Store(home).read() as reader:
                assert everything(reader) == truth
        except SnapshotDamagedError:
            noticed += 1
        with pytest.raises(SnapshotDamagedError, match="no longer what its manifest says"):
            Store(home, StoreLimits(min_free_bytes=0)).write().__enter__()
        assert Store(home).check() != []
    path.write_bytes(whole)
    assert Store(home).check() == []
    assert noticed > num_flips / 4


@pytest.mark.parametrize("name", ["CURRENT", "snapshots/1.json", "snapshots/1.duckdb"])
@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_no_truncated_file_gives_a_silent_wrong_answer(home: Path, name: str, share: float) -> None:
    path = home / name
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SnapshotDamagedError, match="Restore the TumorXY home"):
        study_ids(Store(home))
    path.write_bytes(whole)
    assert study_ids(Store(home)) == ["first"]


def test_a_snapshot_of_another_store_is_refused(
    home: Path, tmp_path: Path, make_cohort: MakeCohort, limits: StoreLimits
) -> None:
    other = Store(tmp_path / "other", limits)
    with other.write() as writer:
        writer.replace_study(**make_cohort("other"))
    foreign = other.snapshot()
    assert foreign is not None
    (home / "snapshots" / "1.duckdb").write_bytes(foreign.path.read_bytes())
    with pytest.raises(CacheError, match=r"Snapshot 1\.duckdb is"):
        study_ids(Store(home))


def test_a_home_made_anew_is_seen_by_a_running_store(
    filled: Store, home: Path, make_cohort: MakeCohort, limits: StoreLimits
) -> None:
    assert study_ids(filled) == ["first"]
    for path in [home / "CURRENT", *(home / "snapshots").iterdir()]:
        path.unlink()
    with Store(home, limits).write() as writer:
        writer.replace_study(**make_cohort("again"))
    assert study_ids(filled) == ["again"]


@pytest.mark.parametrize("num_swaps", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_readers_never_fail_while_snapshots_are_swapped(filled: Store, num_swaps: int) -> None:
    stop = threading.Event()
    failures: list[object] = []
    reads = 0

    def look() -> None:
        nonlocal reads
        newest = 0
        while not stop.is_set():
            try:
                with filled.read() as reader:
                    number, layouts = reader.info.number, reader.layouts().num_rows
            except CacheError as error:
                failures.append(error)
                return
            if number < newest or layouts != number - 1:
                failures.append((newest, number, layouts))
            newest = number
            reads += 1

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(num_swaps):
        with filled.write() as writer:
            writer.add_layout("main", "model", "{}", "{}", "{}")
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert reads > num_swaps


def test_limits_under_which_nothing_works_are_refused() -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        StoreLimits(keep_snapshots=0)
