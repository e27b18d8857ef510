from __future__ import annotations

import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from dashboard import kept_files


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> MediaFileManager:
    # Whatever keep_files() puts there goes when the test ends.
    monkeypatch.setattr(
        media_file_manager, "MediaFileMetadata", media_file_manager.MediaFileMetadata
    )
    kept_files.keep_files()
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def make(manager: MediaFileManager) -> str:
    deferred = manager.add_deferred(lambda: b"a,b", "text/csv", "1.0", "a.csv")
    return manager.execute_deferred(deferred).rsplit("/", 1)[1].partition(".")[0]


def test_a_file_outlives_the_runs_of_other_sessions(manager: MediaFileManager) -> None:
    name = make(manager)
    for _ in range(5):
        manager.remove_orphaned_files()
    found = manager.read_file(name)
    assert found is not None
    assert found.content == b"a,b"


def test_a_file_goes_when_its_time_is_over(
    manager: MediaFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_files, "KEEP_SECONDS", -1.0)
    name = make(manager)
    manager.remove_orphaned_files()
    manager.remove_orphaned_files()
    assert manager.read_file(name) is None
