from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_routes import create_bidi_component_routes

from dashboard.map_component import assets
from tests.dashboard.asking import finish

ROOT = Path(__file__).parents[2]
FRONTEND = assets.PACKAGE / "frontend"
SETTINGS = ("build.mjs", "package-lock.json", "package.json", "tsconfig.json")
NEVER_FETCHED = {
    # Names of languages.
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xlink",
    "http://www.w3.org/1999/xhtml",
    # Words of regl: an error message and a comment in a shader.
    "http://get.webgl.org",
    "https://www.npmjs.com/package/glsl-read-float",
}
BUNDLES = sorted(path.name for path in assets.BUILD.glob("*.js"))


def digest_of_sources() -> str:
    """What `build.mjs` writes into `sources.txt`."""
    files = [path for path in (FRONTEND / "src").rglob("*") if path.is_file()]
    names = sorted([*SETTINGS, *(path.relative_to(FRONTEND).as_posix() for path in files)])
    digest = hashlib.sha256()
    for name in names:
        for part in (name.encode(), (FRONTEND / name).read_bytes()):
            digest.update(f"{len(part)}:".encode() + part)
    return digest.hexdigest()


def test_the_bundle_was_built_from_these_sources() -> None:
    built = (assets.BUILD / "sources.txt").read_text(encoding="utf-8").strip()
    assert built == digest_of_sources(), "Run `make frontend`."


def test_every_entry_has_a_bundle() -> None:
    entries = sorted(path.stem for path in (FRONTEND / "src" / "entries").glob("*.ts"))
    assert entries == [Path(name).stem for name in BUNDLES]
    assert "map" in entries


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_names_no_other_host(name: str) -> None:
    text = (assets.BUILD / name).read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://[^\"'`\s)<]+", text))
    assert hosts <= NEVER_FETCHED


def test_the_bundle_is_part_of_the_distribution() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["dashboard"]
    packed = {path for pattern in patterns for path in (ROOT / "dashboard").glob(pattern)}
    assert {assets.BUILD / name for name in BUNDLES} <= packed
    assert not any(FRONTEND in path.parents for path in packed)


def test_licenses_of_what_is_bundled_are_kept() -> None:
    text = (assets.BUILD / "licenses.txt").read_text(encoding="utf-8")
    for package in ("regl", "regl-scatterplot", "pub-sub-es"):
        assert re.search(rf"^{package} \d", text, re.MULTILINE)
    assert text.count("Permission is hereby granted") >= 2


def test_exact_versions_are_asked_for() -> None:
    asked = re.findall(r'"[^"]+": "([^"]+)"', (FRONTEND / "package.json").read_text("utf-8"))
    assert "1.16.0" in asked
    assert not [version for version in asked if re.match(r"[\^~]", version)]


def get(app: Starlette, path: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to a request."""
    told: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        told.append(message)

    finish(lambda: app(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
    return told[0]["status"], headers, b"".join(part.get("body", b"") for part in told)


def test_the_bundle_is_served_and_nothing_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = BidiComponentManager()
    monkeypatch.setattr(assets, "get_bidi_component_manager", lambda: manager)
    assets.serve_folder("map", assets.PACKAGE, "build")
    app = Starlette(routes=create_bidi_component_routes(manager, None))
    place = "/_stcore/bidi-components/tumorxy.map"
    status, headers, body = get(app, f"{place}/map.js")
    assert status == 200
    assert headers["content-type"].startswith("text/javascript")
    assert body == (assets.BUILD / "map.js").read_bytes()
    assert get(app, f"{place}/../assets.py")[0] == 400
    assert get(app, f"{place}/assets.py")[0] == 404


def page() -> None:
    import streamlit as st

    from dashboard.map_component import mount_map

    told = mount_map(key="map", data={"num": 3, "panels": []}, height=300)
    st.text([told.selection, told.view, told.hidden, told.open])


def test_the_component_mounts_in_every_process_and_every_run() -> None:
    # Each test of a page has a component manager of its own, to which nothing is declared yet.
    for _ in range(2):
        app = AppTest.from_function(page).run()
        assert not app.exception
        assert app.text[0].value == "[None, None, None, None]"
        assert not app.run().exception
