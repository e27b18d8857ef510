from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboard.coloring import NumberStyle, color_labels, color_numbers
from dashboard.region_names import label_regions
from dashboard.scene import (
    OverlayPoint,
    Scene,
    Selection,
    blend,
    make_panel,
    pack_mask,
    pack_rows,
    unpack_rows,
)
from dashboard.theme import DARK, LIGHT, MOST_COLORS, RESEARCH_USE
from tests.dashboard.map_data import by_type, draw_map_data

DATA = draw_map_data()


def scene_of(**changes: object) -> Scene:
    plain = Scene(data=DATA, panels=(make_panel("a", by_type(DATA), LIGHT),), palette=LIGHT)
    return replace(plain, **changes)  # type: ignore[arg-type]


def written(scene: Scene) -> dict:
    told = scene.to_json(lambda path: f"/x/{path}")
    return json.loads(json.dumps(told))


@given(some.lists(some.booleans(), min_size=1, max_size=40))
def test_a_set_of_tumors_comes_back_from_its_bits(mask: list[bool]) -> None:
    packed = pack_mask(np.array(mask))
    assert unpack_rows(packed.content, len(mask)).tolist() == np.flatnonzero(mask).tolist()
    assert packed == pack_rows(np.flatnonzero(mask), len(mask))


def test_bits_of_another_map_are_refused() -> None:
    with pytest.raises(ValueError, match="17 tumors need 3 bytes, found 2"):
        unpack_rows(b"ab", 17)


def test_places_are_kept_to_a_part_in_65535_of_the_map() -> None:
    content = DATA.geometry.content
    magic, num, xmin, xmax, ymin, _ = struct.unpack("<4sI4f", content[:24])
    assert (magic, num) == (b"TXY1", len(DATA))
    steps = np.frombuffer(content[24:], "<u2").reshape(2, -1)
    x = xmin + steps[0] / 65535 * (xmax - xmin)
    assert np.abs(x - DATA.places.x).max() <= (xmax - xmin) / 65535
    assert ymin == DATA.places.y.min()
    assert len(content) == 24 + 4 * len(DATA)


def test_what_did_not_change_keeps_its_address() -> None:
    plain = written(scene_of())
    recolored = written(scene_of(panels=(make_panel("a", color_labels("B", ["x"] * 60), LIGHT),)))
    assert recolored["geometry"] == plain["geometry"]
    assert recolored["panels"][0]["column"] != plain["panels"][0]["column"]
    dark = written(scene_of(palette=DARK, panels=(make_panel("a", by_type(DATA), DARK),)))
    assert dark["panels"][0]["column"] == plain["panels"][0]["column"]
    assert dark["hover"] == plain["hover"]
    assert dark["picture"] != plain["picture"]
    point = OverlayPoint(x=0, y=0, label="me", role="tumor", color="#000000")
    marked = written(scene_of(points=(point,)))
    same = ("geometry", "hover", "table", "filter")
    assert {name: marked[name] for name in same} == {name: plain[name] for name in same}


def test_the_legend_has_eight_colors_with_shapes_and_counts_everybody() -> None:
    panel = written(scene_of())["panels"][0]
    colors = [entry for entry in panel["entries"] if entry["role"] == "color"]
    assert len({entry["color"] for entry in colors}) == MOST_COLORS
    assert len({entry["shape"] for entry in colors}) == MOST_COLORS
    assert sum(entry["count"] for entry in panel["entries"]) == len(DATA)
    assert "not given" not in panel["sentence"]
    assert panel["sentence"].startswith("Colored by Cancer type: ")


def test_a_number_without_a_known_value_has_an_empty_scale() -> None:
    nothing = color_numbers(NumberStyle(title="Age", unit="years"), np.full(60, np.nan, np.float32))
    panel = make_panel("a", nothing, LIGHT)
    assert panel.scale is not None
    assert panel.scale.missing == 60
    assert panel.scale.ticks == ()
    assert "not known of any tumor" in panel.sentence


def test_colors_are_blended_evenly() -> None:
    assert blend(("#000000", "#FFFFFF"), 3) == ("#000000", "#808080", "#FFFFFF")
    assert len(blend(LIGHT.scale, 256)) == 256


def test_the_caption_says_what_it_is_and_that_it_is_for_research() -> None:
    assert scene_of().caption.startswith(f"SYNTHETIC · {RESEARCH_USE} · 60 tumors of 1 study")
    real = draw_map_data(synthetic=False)
    assert "SYNTHETIC" not in scene_of(data=real).caption


def test_the_selection_is_part_of_what_is_fetched() -> None:
    mask = pack_rows(np.array([1, 5]), 60)
    told = written(scene_of(selection=Selection(version=3, mask=mask)))
    assert told["selection"] == {"version": 3, "mask": f"/x/mask/{mask.digest}"}
    assert scene_of(selection=Selection(version=3, mask=mask)).contents[f"mask/{mask.digest}"]


def test_regions_are_named_at_the_median_of_their_tumors() -> None:
    labels = label_regions(DATA, by_type(DATA))
    first = labels[0]
    inside = (DATA.samples["cancer_type"] == first.text).to_numpy()
    assert first.x == pytest.approx(float(np.median(DATA.places.x[inside])))
    assert len(labels) == 12
    assert label_regions(DATA, color_labels("Few", ["a", *[None] * 59]), ("b",)) == ()
