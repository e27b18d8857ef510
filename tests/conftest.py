from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Return the folder of the real studies, or skip with the reason."""
    stated = os.environ.get("TUMORXY_DATA")
    root = Path(stated) if stated else Path(__file__).parents[2] / "shared" / "data"
    if not (root / "studies").is_dir():
        pytest.skip("the real studies are not here: set TUMORXY_DATA to their folder")
    return root
