from __future__ import annotations

import gc
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette

from dashboard import map_routes
from dashboard.access import make_grant, sign
from dashboard.coloring import NumberStyle, color_numbers
from dashboard.map_routes import GONE, publish
from dashboard.queries import MapData
from dashboard.scene import Scene, make_panel, pack_rows
from dashboard.settings import HOME_VARIABLE
from dashboard.shelf import Shelf
from dashboard.theme import LIGHT
from tests.dashboard.asking import Client
from tests.dashboard.map_data import by_type, draw_map_data


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.setattr(map_routes, "_contents", Shelf(2**24))
    monkeypatch.setattr(map_routes, "_cards", Shelf(8))
    monkeypatch.setattr(map_routes, "_pictures", Shelf(8))
    return tmp_path


@pytest.fixture
def client() -> Client:
    return Client(Starlette(routes=map_routes.routes()))


@pytest.fixture
def data() -> MapData:
    return draw_map_data(60)


def scene_of(data: MapData, **changes: Any) -> Scene:
    values = np.linspace(1, 60, 60).astype(np.float32)
    values[7] = np.nan
    ages = color_numbers(NumberStyle(title="Age", unit="years"), values)
    panels = (make_panel("a", by_type(data), LIGHT), make_panel("b", ages, LIGHT))
    return Scene(data=data, panels=panels, palette=LIGHT, **changes)


def test_places_colors_and_sets_are_fetched_once(home: Path, client: Client, data: MapData) -> None:
    mask = pack_rows(np.array([0, 9]), 60)
    told = publish(home, scene_of(data, foreground=mask))
    found = client.get(told["geometry"])
    assert found.content == data.geometry.content
    assert found.headers["cache-control"] == "private, no-cache"
    assert client.get(told["filter"]).content == mask.content
    column = client.get(told["panels"][0]["column"])
    assert np.frombuffer(column.content, np.uint8).tolist() == by_type(data).codes.tolist()
    tag = column.headers["etag"]
    again = client.get(told["panels"][0]["column"], headers={"If-None-Match": f"W/{tag}"})
    assert again.status_code == 304
    assert again.content == b""
    assert publish(home, scene_of(data, foreground=mask)) == told


def test_a_card_tells_the_tumor_and_what_it_is_colored_by(
    home: Path, client: Client, data: MapData
) -> None:
    told = publish(home, scene_of(data))
    card = client.get(f"{told['hover']}3").json()
    assert card["title"] == "DRAW-00003"
    lines = dict(map(tuple, card["lines"]))
    assert lines["Study"] == "Drawn"
    assert lines["Cancer type"] == data.samples["cancer_type"].iloc[3]
    assert lines["Age"] == "4 years"
    assert dict(map(tuple, client.get(f"{told['hover']}7").json()["lines"]))["Age"] == "not given"
    assert client.get(f"{told['hover']}60").status_code == 410
    assert client.get(f"{told['hover']}-1").status_code in (403, 404, 410)


def test_there_is_no_card_where_ids_must_not_be_seen(
    home: Path, client: Client, data: MapData
) -> None:
    told = publish(home, scene_of(data, named=False))
    assert told["hover"] == ""
    answer = client.get(told["table"].replace("/table/", "/hover/") + "/3")
    assert (answer.status_code, answer.text) == (410, GONE)


def test_the_table_counts_everybody(home: Path, client: Client, data: MapData) -> None:
    table = client.get(publish(home, scene_of(data))["table"]).json()
    assert table["columns"] == ["Colored by", "Category or range", "Tumors", "Share"]
    for title in ("Cancer type", "Age (years)"):
        counts = [int(row[2]) for row in table["rows"] if row[0] == title]
        assert sum(counts) == 60
    assert "Map of 60 tumors of 1 study" in table["sentence"]
    assert "Research use only" in table["note"]


def test_the_picture_is_drawn_once(
    home: Path, client: Client, data: MapData, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = publish(home, scene_of(data))
    found = client.get(told["picture"])
    assert found.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.size == (2360, 854)
    monkeypatch.setattr(map_routes, "draw_scene", None)
    assert client.get(told["picture"]).content == found.content


def test_a_token_of_one_snapshot_reads_nothing_of_another(
    home: Path, client: Client, data: MapData
) -> None:
    told = publish(home, scene_of(data))
    own = told["geometry"].split("/")[3]
    other = sign(make_grant(home, data.snapshot + 1, data.layout_id))
    for url in (told["geometry"], told["table"], f"{told['hover']}1", told["picture"]):
        assert client.get(url).status_code == 200
        refused = client.get(url.replace(own, other))
        assert refused.status_code == 410
        assert refused.text == GONE


def test_a_map_that_nobody_shows_any_more_is_not_kept_in_memory(home: Path, client: Client) -> None:
    told = publish(home, scene_of(draw_map_data(60)))
    gc.collect()
    assert client.get(f"{told['hover']}1").status_code == 410
    assert client.get(told["geometry"]).status_code == 200


def test_no_address_holds_an_id_of_a_tumor(home: Path, data: MapData) -> None:
    assert "DRAW" not in json.dumps(publish(home, scene_of(data)))
