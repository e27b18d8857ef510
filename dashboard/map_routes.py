"""What the browser's map fetches: places, colors, sets of tumors, a tumor's card, table, picture.

A page shelves what its map needs and hands out addresses; the routes answer from the shelves, under
the access rule. Addresses name contents, so what did not change is never fetched again. Ids of
tumors stand in cards only, never in an address.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from dashboard.access import Grant, guarded_route, make_grant, sign
from dashboard.coloring import Categories, Coloring
from dashboard.queries import MapData
from dashboard.scene import Scene
from dashboard.scene_picture import PictureSize, draw_scene, png_bytes
from dashboard.shelf import Packed, Shelf
from dashboard.theme import RESEARCH_USE

PREFIX = "/tumorxy/map"
MOST_BYTES = 256 * 2**20
MOST_CARDS = 256
MOST_PICTURES = 64
CACHE_CONTROL = "private, no-cache"
"""The browser keeps what it fetched and asks each time whether it may still show it."""

GONE = "This map is no longer shown here. Reload the page."

_contents: Shelf[Packed] = Shelf(MOST_BYTES)
_cards: Shelf[Recipe] = Shelf(MOST_CARDS)
_pictures: Shelf[Recipe] = Shelf(MOST_PICTURES)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What cards, tables and pictures are made from when they are asked for.

    Attributes:
        data: The tumors; gone once no page shows them.
        colorings: What the panels are colored by.
        named: Whether there are cards, which name tumors and studies.
        scene: Draws the picture; refers to the tumors as well, so that it must not live longer.
    """

    data: weakref.ref[MapData]
    colorings: tuple[Coloring, ...]
    named: bool
    scene: Callable[[MapData], Scene]


def publish(home: Path, scene: Scene) -> dict[str, Any]:
    """Shelve what a scene needs and write it for the component.

    Args:
        home: The TumorXY home that its tumors were read from.
        scene: The map.

    Returns:
        The scene as JSON; its addresses stay the same for equal contents.
    """
    data = scene.data
    grant = make_grant(home, data.snapshot, data.layout_id)
    for name, content in scene.contents.items():
        _contents.put((grant.subject, name), content, len(content.content))
    recipe = Recipe(
        data=weakref.ref(data),
        colorings=tuple(panel.coloring for panel in scene.panels),
        named=scene.named,
        scene=_without_data(scene),
    )
    _cards.put((grant.subject, scene.colored_by), recipe)
    _pictures.put((grant.subject, scene.looks), recipe)
    prefix = f"{PREFIX}/{sign(grant)}"
    return scene.to_json(lambda path: f"{prefix}/{path}")


def _without_data(scene: Scene) -> Callable[[MapData], Scene]:
    """Return what makes a scene again, without keeping its tumors in memory."""
    from dataclasses import fields

    parts = {f.name: getattr(scene, f.name) for f in fields(scene) if f.name != "data"}
    return lambda data: Scene(data=data, **parts)


def _answer_content(request: Request, grant: Grant) -> Response:
    """Answer with bytes: places, a column of colors or a set of tumors."""
    kind, digest = (request.path_params[name] for name in ("kind", "digest"))
    if _is_known(request, digest):
        return _unchanged(digest)
    found = _contents.get((grant.subject, f"{kind}/{digest}"))
    if found is None:
        return _gone()
    return Response(found.content, media_type="application/octet-stream", headers=_kept(digest))


def _answer_card(request: Request, grant: Grant) -> Response:
    """Answer with what is known of one tumor, for the card beside the pointer."""
    recipe, data = _find(_cards, grant, request.path_params["digest"])
    row = request.path_params["row"]
    if recipe is None or data is None or row >= len(data) or not recipe.named:
        return _gone()
    return JSONResponse(write_card(data, recipe.colorings, row), headers=_kept(None))


def _answer_table(request: Request, grant: Grant) -> Response:
    """Answer with the map as a table, for readers who do not see it."""
    recipe, data = _find(_cards, grant, request.path_params["digest"])
    if recipe is None or data is None:
        return _gone()
    return JSONResponse(write_table(data, recipe.colorings), headers=_kept(None))


def _answer_picture(request: Request, grant: Grant) -> Response:
    """Answer with the map drawn by the server."""
    digest = request.path_params["digest"]
    if _is_known(request, digest):
        return _unchanged(digest)
    key = (grant.subject, f"png/{digest}")
    found = _contents.get(key)
    if found is None:
        recipe, data = _find(_pictures, grant, digest)
        if recipe is None or data is None:
            return _gone()
        found = Packed(png_bytes(draw_scene(recipe.scene(data), PictureSize())), digest)
        _contents.put(key, found, len(found.content))
    return Response(found.content, media_type="image/png", headers=_kept(digest))


def routes() -> list[BaseRoute]:
    """Return the routes of the map."""
    inside = PREFIX + "/{token}"
    return [
        guarded_route(inside + "/hover/{digest}/{row:int}", _answer_card),
        guarded_route(inside + "/table/{digest}", _answer_table),
        guarded_route(inside + "/picture/{digest}.png", _answer_picture),
        guarded_route(inside + "/{kind}/{digest}", _answer_content),
    ]


def write_card(data: MapData, colorings: tuple[Coloring, ...], row: int) -> dict[str, Any]:
    """Write what is known of one tumor of a map.

    Returns:
        `title`, its sample id, and `lines` of label and value.
    """
    sample = data.samples.iloc[row]
    study = data.studies[sample["study_id"]]
    lines = {"Study": study.name}
    for title, column in (("Cancer type", "cancer_type"), ("OncoTree code", "oncotree_code")):
        value = sample.get(column)
        if isinstance(value, str) and value:
            lines[title] = value
    lines |= {coloring.title: coloring.write(row) for coloring in colorings}
    return {"title": str(sample["sample_id"]), "lines": [list(line) for line in lines.items()]}


NUM_BINS = 5


def write_table(data: MapData, colorings: tuple[Coloring, ...]) -> dict[str, Any]:
    """Write the legends of a map as a table.

    Returns:
        `sentence`, `columns`, `rows` and `note`.
    """
    rows = [
        [coloring.heading, name, f"{found:,}", f"{found / len(data):.1%}"]
        for coloring in colorings
        for name, found in _counted(coloring)
    ]
    titles = " and ".join(coloring.heading for coloring in colorings)
    return {
        "sentence": f"Map of {data.source}, colored by {titles}.",
        "columns": ["Colored by", "Category or range", "Tumors", "Share"],
        "rows": rows,
        "note": RESEARCH_USE + ".",
    }


def _counted(coloring: Coloring) -> list[tuple[str, int]]:
    """Count the tumors of each category, or of five equal parts of a number."""
    if isinstance(coloring, Categories):
        names = [entry.name for entry in coloring.entries]
        return list(zip(names, coloring.counts, strict=True))
    known = coloring.known
    parts = [part for part in np.array_split(known, NUM_BINS) if part.size]
    lines = [(f"{part[0]:,.3g} to {part[-1]:,.3g}", int(part.size)) for part in parts]
    missing = len(coloring.values) - known.size
    return [*lines, ("not given", missing)] if missing else lines


def _find(shelf: Shelf[Recipe], grant: Grant, digest: str) -> tuple[Recipe | None, MapData | None]:
    recipe = shelf.get((grant.subject, digest))
    return recipe, None if recipe is None else recipe.data()


def _is_known(request: Request, digest: str) -> bool:
    return f'"{digest}"' in request.headers.get("if-none-match", "")


def _unchanged(digest: str) -> Response:
    return Response(status_code=304, headers=_kept(digest))


def _gone() -> Response:
    return PlainTextResponse(GONE, status_code=410)


def _kept(digest: str | None) -> dict[str, str]:
    tag = {"ETag": f'"{digest}"'} if digest else {}
    return {"Cache-Control": CACHE_CONTROL, **tag}
