from __future__ import annotations

import stat
from pathlib import Path

from dashboard.settings import HOME_VARIABLE, Settings, make_private


def test_home_is_the_stated_folder_made_absolute(tmp_path: Path) -> None:
    settings = Settings.from_environment({HOME_VARIABLE: str(tmp_path / "here")})
    assert settings.home == tmp_path / "here"
    assert Settings.from_environment({HOME_VARIABLE: "relative"}).home.is_absolute()


def test_home_without_the_variable_lies_below_the_users_own() -> None:
    assert Settings.from_environment({}).home == Path.home() / ".tumorxy"
    assert Settings.from_environment({HOME_VARIABLE: "  "}).home == Path.home() / ".tumorxy"


def test_a_child_process_gets_the_same_home(tmp_path: Path) -> None:
    environment = Settings(home=tmp_path).environment()
    assert Settings.from_environment(environment).home == tmp_path


def test_private_folders_can_be_entered_by_their_owner_only(tmp_path: Path) -> None:
    folder = make_private(tmp_path / "a" / "b")
    assert [stat.S_IMODE(f.stat().st_mode) for f in (folder, folder.parent)] == [0o700, 0o700]
    assert make_private(folder) == folder
