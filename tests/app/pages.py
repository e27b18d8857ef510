"""What the tests of the pages share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from dashboard import resources
from dashboard.chosen import CHOSEN, choose
from dashboard.rows import find_rows

APP = Path(__file__).parents[2] / "dashboard" / "app.py"

Open = Callable[..., AppTest]
"""Opens a page: home, name of the page, and what stands in its address."""


def texts(app: AppTest) -> str:
    """Return everything that is written on a page."""
    headings = ("title", "header", "subheader")
    kinds = (*headings, "markdown", "caption", "error", "warning", "info", "success")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def scene(app: AppTest) -> dict[str, Any]:
    """Return the map of a page as the browser gets it."""
    (found,) = [c for c in app.get("bidi_component") if c.proto.component_name == "tumorxy.map"]
    told: dict[str, Any] = json.loads(found.proto.json)
    return told


def has_scene(app: AppTest) -> bool:
    """Tell whether a page shows a map."""
    return any(c.proto.component_name == "tumorxy.map" for c in app.get("bidi_component"))


def legend(app: AppTest, panel: int = 0) -> list[str]:
    """Return the legend of a map: names with counts."""
    entries = scene(app)["panels"][panel]["entries"]
    return [f"{entry['name']} ({entry['count']:,})" for entry in entries]


def select(app: AppTest, keys: pa.Table) -> AppTest:
    """Select tumors on the current map by study and sample, as a lasso would."""
    published = resources.published()
    assert published is not None
    data = resources.load_map(published, None)
    assert data is not None
    app.session_state[CHOSEN] = choose(data, np.sort(find_rows(keys, data.keys)))
    return app.run()


def tumors(study_id: str, numbers: Iterable[int]) -> pa.Table:
    """Name tumors of a drawn study by their numbers."""
    samples = [f"{study_id.upper()[:4]}-{number:05d}" for number in numbers]
    return pa.table({"study_id": [study_id] * len(samples), "sample_id": samples})
