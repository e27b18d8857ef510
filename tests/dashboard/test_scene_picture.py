from __future__ import annotations

import io
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dashboard.coloring import NumberStyle, color_labels, color_numbers
from dashboard.region_names import label_regions
from dashboard.scene import OverlayLine, OverlayPoint, Scene, make_panel, pack_rows
from dashboard.scene_file import scene_files, scene_svg
from dashboard.scene_frame import frame_of, whole_view
from dashboard.scene_picture import PictureSize, draw_points, draw_scene, png_bytes, point_size
from dashboard.scene_shapes import stamp_of
from dashboard.scene_writing import legend_text
from dashboard.theme import DARK, LIGHT, RESEARCH_USE, SYMBOLS
from tests.dashboard.map_data import by_type, draw_map_data

DATA = draw_map_data(200)
SMALL = PictureSize(width=500, height=320)


def scene_of(**changes: object) -> Scene:
    panel = make_panel("a", by_type(DATA), LIGHT)
    plain = Scene(
        data=DATA, panels=(panel,), palette=LIGHT, labels=label_regions(DATA, by_type(DATA))
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def colors_of(picture: Image.Image) -> set[tuple[int, ...]]:
    return {color for _, color in picture.getcolors(2**24)}  # type: ignore[misc,union-attr]


@pytest.mark.parametrize("shape", SYMBOLS)
def test_each_shape_is_a_symmetric_stamp_of_its_own(shape: str) -> None:
    stamp = stamp_of(shape, 9.0)
    assert stamp.shape[0] == stamp.shape[1]
    assert stamp.shape[0] % 2 == 1
    assert 0.1 < stamp.mean() < 0.9
    np.testing.assert_allclose(stamp, stamp[:, ::-1], atol=0.07)
    others = [stamp_of(other, 9.0) for other in SYMBOLS if other != shape]
    assert all(not np.allclose(stamp, other, atol=0.05) for other in others)


def test_every_tumor_is_in_the_picture() -> None:
    frame = frame_of(whole_view(scene_of()), 400, 300)
    columns, rows = frame.places(DATA.places.x, DATA.places.y)
    pixels = draw_points(scene_of(), scene_of().panels[0], frame, 1.0)
    assert pixels.shape == (300, 400, 3)
    assert (pixels[rows, columns] != 255).any(axis=1).all()


def test_distances_are_the_same_along_both_axes() -> None:
    frame = frame_of((0, 10, 0, 1), 200, 200)
    columns, rows = frame.places(np.array([0, 1], np.float32), np.array([0, 1], np.float32))
    assert columns[1] - columns[0] == rows[0] - rows[1] == 20


def test_the_colors_of_the_legend_are_those_of_the_points() -> None:
    picture = draw_scene(scene_of(), SMALL)
    entries = scene_of().panels[0].entries
    wanted = {tuple(int(e.color[i : i + 2], 16) for i in (1, 3, 5)) for e in entries}
    assert wanted <= colors_of(picture)


def test_tumors_outside_of_the_foreground_recede() -> None:
    frame = frame_of(whole_view(scene_of()), 400, 300)
    nobody = pack_rows(np.array([], dtype=np.int64), len(DATA))
    pixels = draw_points(scene_of(foreground=nobody), scene_of().panels[0], frame, 1.0)
    assert pixels.min() > 90
    colored = draw_points(scene_of(), scene_of().panels[0], frame, 1.0)
    assert colored.min() < 60


def test_numbers_side_by_side_with_categories() -> None:
    values = np.linspace(0, 9, 200).astype(np.float32)
    values[:20] = np.nan
    numbers = make_panel("b", color_numbers(NumberStyle(title="Age", unit="years"), values), DARK)
    panels = (make_panel("a", by_type(DATA), DARK), numbers, numbers)
    picture = draw_scene(scene_of(palette=DARK, panels=panels), SMALL)
    assert picture.size == (1000, 320 * 2 + 34)
    assert numbers.scale is not None
    low = tuple(int(numbers.scale.colors[0][i : i + 2], 16) for i in (1, 3, 5))
    assert low in colors_of(picture)


def test_the_overlay_is_drawn() -> None:
    tumor = OverlayPoint(x=0, y=0, label="me", role="tumor", color="#FF0000")
    near = OverlayPoint(x=1, y=1, label="", role="neighbor", color="#00FF00")
    line = OverlayLine(start=(0, 0), end=(1, 1))
    picture = draw_scene(scene_of(points=(near, tumor), lines=(line,)), SMALL)
    assert {(255, 0, 0), (0, 255, 0)} <= colors_of(picture)


def test_files_of_each_format_carry_the_caption() -> None:
    made = {form: make() for form, make in scene_files(scene_of, "A map").items()}
    assert made["PDF"].startswith(b"%PDF")
    with Image.open(io.BytesIO(made["PNG"])) as image:
        assert image.size == (2360, 1708)
        assert image.info["dpi"] == pytest.approx((192, 192), abs=1)
    svg = made["SVG"].decode()
    assert RESEARCH_USE in svg
    assert "60" not in svg.partition("<image")[0]
    assert "200 tumors of 1 study" in svg


def test_names_from_files_are_text_in_a_picture() -> None:
    name = "<script>alert(1)</script>"
    coloring = color_labels(name, [name] * 200)
    svg = scene_svg(scene_of(panels=(make_panel("a", coloring, LIGHT),)))
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg
    entry = make_panel("a", coloring, LIGHT).entries[0]
    assert legend_text(entry) == "<script>alert(1)</scr… (200)"


@pytest.mark.parametrize(
    ("num_tumors", "size"),
    [(100, 8), (3_600, 6), (15_000, 5), (30_000, 4), (44_000, 3), (10**6, 2)],
)
def test_points_shrink_as_tumors_grow(num_tumors: int, size: int) -> None:
    assert point_size(num_tumors) == size


@pytest.mark.slow
def test_300000_tumors_are_drawn_in_a_moment() -> None:
    data = draw_map_data(300_000)
    scene = Scene(data=data, panels=(make_panel("a", by_type(data), LIGHT),), palette=LIGHT)
    started = time.perf_counter()
    content = png_bytes(draw_scene(scene, PictureSize()))
    elapsed_s = time.perf_counter() - started
    assert elapsed_s < 1.5
    assert len(content) < 2_000_000
