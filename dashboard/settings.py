"""Where TumorXY keeps its things: the only place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "TUMORXY_HOME"
"""Environment variable that names the folder where everything lives."""

DEFAULT_HOME = ".tumorxy"
"""Folder below the user's own when the variable is not set."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the faces must know before they start.

    Attributes:
        home: Folder of the store, the jobs, the uploads and the logs; absolute.
    """

    home: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings.

        Args:
            environment: Variables to read; those of the process when None.

        Returns:
            The settings; nothing is created on disk.
        """
        stated = (os.environ if environment is None else environment).get(HOME_VARIABLE, "")
        home = Path(stated).expanduser() if stated.strip() else Path.home() / DEFAULT_HOME
        return cls(home=home.absolute())

    def environment(self) -> dict[str, str]:
        """Return the environment for a child process that must share these settings."""
        return {**os.environ, HOME_VARIABLE: str(self.home)}


def make_private(folder: Path) -> Path:
    """Create a folder, if it is not there, that only its owner may enter.

    Args:
        folder: The folder; missing parents are created with the same rights.

    Returns:
        The folder.
    """
    for missing in reversed([folder, *folder.parents]):
        if not missing.exists():
            missing.mkdir(mode=0o700, exist_ok=True)
    return folder
