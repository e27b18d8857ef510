from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from streamlit import config

from dashboard import access, server
from dashboard.access import Grant, guarded_route, make_grant, read_token, require_rule, sign
from dashboard.errors import AccessError
from dashboard.headers import HARDENED, HardenedHeaders
from dashboard.settings import HOME_VARIABLE
from tests.dashboard.asking import Client


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    return tmp_path


def answer(request: Request, grant: Grant) -> Response:
    return PlainTextResponse(f"snapshot {grant.snapshot}")


@pytest.fixture
def client() -> Client:
    return Client(HardenedHeaders(Starlette(routes=[guarded_route("/data/{token}/x", answer)])))


def test_a_token_brings_its_grant_back(home: Path) -> None:
    grant = make_grant(home, 7, 2)
    assert read_token(sign(grant)) == grant
    assert sign(make_grant(home, 7, 2)) == sign(grant)
    assert sign(make_grant(home, 8, 2)) != sign(grant)


def test_a_token_is_refused_when_changed_old_or_of_another_home(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sign(make_grant(home, 7, 2))
    payload, _, mac = token.partition(".")
    other = sign(make_grant(home, 9, 2)).partition(".")[0]
    for changed in (f"{other}.{mac}", f"{payload}.AAAA", payload, "", "***", f"é.{mac}"):
        with pytest.raises(AccessError, match="Reload the page"):
            read_token(changed)
    with pytest.raises(AccessError, match="another store"):
        read_token(sign(make_grant(home / "elsewhere", 7, 2)))
    late = make_grant(home, 7, 2).expires
    monkeypatch.setattr(access.time, "time", lambda: late + 1)
    with pytest.raises(AccessError, match="expired"):
        read_token(token)


def test_a_token_of_another_process_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign(make_grant(home, 7, 2))
    monkeypatch.setattr(access, "_SECRET", b"another process")
    with pytest.raises(AccessError, match="not made by this dashboard"):
        read_token(token)


def test_a_page_of_this_dashboard_is_answered(home: Path, client: Client) -> None:
    path = f"/data/{sign(make_grant(home, 7, 2))}/x"
    for site in (None, "same-origin", "none"):
        headers = {} if site is None else {"Sec-Fetch-Site": site}
        response = client.get(path, headers=headers)
        assert response.status_code == 200
        assert response.text == "snapshot 7"
    assert client.post(path).status_code == 405


def test_others_are_refused_with_a_sentence(home: Path, client: Client) -> None:
    path = f"/data/{sign(make_grant(home, 7, 2))}/x"
    for site in ("cross-site", "same-site"):
        refused = client.get(path, headers={"Sec-Fetch-Site": site})
        assert refused.status_code == 403
        assert "Another site" in refused.text
    assert client.get("/data/nothing/x").status_code == 403


def test_a_foreign_host_name_reaches_nothing(
    home: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = {"server.allowedHosts": ["127.0.0.1", "localhost"]}
    real = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: allowed.get(name) or real(name))
    path = f"/data/{sign(make_grant(home, 7, 2))}/x"
    assert client.get(path).status_code == 200
    refused = client.get(path, headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert "not known under this host name" in refused.text
    assert refused.headers["x-frame-options"] == "DENY"


def test_every_answer_is_hardened(home: Path, client: Client) -> None:
    for path in ("/nowhere", f"/data/{sign(make_grant(home, 7, 2))}/x"):
        headers = client.get(path).headers
        assert {name: headers[name.lower()] for name in HARDENED} == HARDENED
    assert "access-control-allow-origin" not in headers
    policy = HARDENED["Content-Security-Policy"]
    assert "http:" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_route_without_the_rule_stops_the_server() -> None:
    async def open_to_all(request: Request) -> Response:
        return PlainTextResponse("tumors")

    undeclared = [Route("/tumorxy/open", open_to_all), Mount("/tumorxy/more", routes=[])]
    for route in undeclared:
        with pytest.raises(AccessError, match=r"/tumorxy/\w+' has no access rule"):
            require_rule([route])


def test_every_route_of_the_server_has_the_rule(home: Path) -> None:
    routes = server.app._user_routes
    assert len(routes) >= 4
    assert require_rule(routes) == routes
    client = Client(Starlette(routes=routes))
    for route in routes:
        path = route.path_format.replace("{row}", "1")
        for name in ("token", "digest", "kind"):
            path = path.replace(f"{{{name}}}", "unknown")
        assert client.get(path).status_code == 403
