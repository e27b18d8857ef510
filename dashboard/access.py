"""The access rule of everything that is served beside the pages.

A page that may show tumors hands out a signed token; a data route answers only with that token,
for the snapshot and map it names, under a host name of this dashboard, and never to another site.
Routes are made by `guarded_route`, and the server refuses to start with one that is not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from dashboard.errors import AccessError
from dashboard.settings import Settings

WINDOW_SECONDS = 12 * 3600
"""Tokens of one window are the same, so that a browser keeps what it fetched; they live for one
to two windows."""

OWN_SITE = ("same-origin", "none")
"""What browsers say of a request by a page of this address, or by the reader's own hand."""

_SECRET = secrets.token_bytes(32)
"""Of this process: after a restart every page gets new tokens."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a token allows to read: the tumors of one map in one snapshot.

    Attributes:
        home: Digest of the folder of the store.
        snapshot: Number of the snapshot.
        layout_id: Version of the map.
        expires: Second since 1970 from which it is refused.
    """

    home: str
    snapshot: int
    layout_id: int
    expires: int

    @property
    def subject(self) -> tuple[str, int, int]:
        """Whose contents they are, whenever it expires."""
        return self.home, self.snapshot, self.layout_id


def make_grant(home: Path, snapshot: int, layout_id: int) -> Grant:
    """Allow a page to read the tumors of a map; the same for one window of time."""
    window = int(time.time()) // WINDOW_SECONDS
    return Grant(
        home=_home_digest(home),
        snapshot=snapshot,
        layout_id=layout_id,
        expires=(window + 2) * WINDOW_SECONDS,
    )


def sign(grant: Grant) -> str:
    """Write a grant as a token that stands in an address."""
    payload = json.dumps(asdict(grant), sort_keys=True, separators=(",", ":")).encode()
    return f"{_encode(payload)}.{_encode(_mac(payload))}"


def read_token(token: str) -> Grant:
    """Check a token.

    Raises:
        AccessError: If it was not signed by this process, has expired, or is of another store.
    """
    first, _, second = token.partition(".")
    try:
        payload, mac = _decode(first), _decode(second)
    except ValueError as error:
        raise AccessError("This address is not complete. Reload the page.") from error
    if not hmac.compare_digest(mac, _mac(payload)):
        raise AccessError("This address was not made by this dashboard. Reload the page.")
    grant = Grant(**json.loads(payload))
    if grant.expires <= time.time():
        raise AccessError("This address has expired. Reload the page.")
    if grant.home != _home_digest(Settings.from_environment().home):
        raise AccessError("This address is of another store. Reload the page.")
    return grant


def check_request(request: Request) -> Grant:
    """Apply the access rule to a request.

    Raises:
        AccessError: If the host is not one of this dashboard, another site asks, or the token
            does not hold.
    """
    if not is_host_allowed(request.headers.get("host")):
        raise AccessError("The dashboard is not known under this host name.")
    if request.headers.get("sec-fetch-site", "none") not in OWN_SITE:
        raise AccessError("Another site asked for this. Only pages of this dashboard may.")
    return read_token(request.path_params.get("token", ""))


class Guarded:
    """An answer behind the access rule; the answer itself is made in a thread.

    Args:
        answer: Makes the response to a request that the rule allows.
    """

    def __init__(self, answer: Callable[[Request, Grant], Response]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with a sentence."""
        request = Request(scope, receive)
        response: Response
        try:
            grant = check_request(request)
        except AccessError as error:
            response = PlainTextResponse(str(error), status_code=403)
        else:
            response = await run_in_threadpool(self._answer, request, grant)
        await response(scope, receive, send)


def guarded_route(path: str, answer: Callable[[Request, Grant], Response]) -> Route:
    """Make a route that answers under the access rule.

    Args:
        path: Its path, with `{token}` in it.
        answer: Makes the response to a request that the rule allows.
    """
    return Route(path, Guarded(answer), methods=["GET"])


def require_rule(routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    """Return routes, all of which stand under the access rule.

    Raises:
        AccessError: If one does not.
    """
    for route in routes:
        if not isinstance(route, Route) or not isinstance(route.endpoint, Guarded):
            raise AccessError(
                f"The route {getattr(route, 'path', route)!r} has no access rule. Make it with "
                "`access.guarded_route`."
            )
    return list(routes)


def _home_digest(home: Path) -> str:
    return hashlib.sha256(str(home).encode()).hexdigest()[:12]


def _mac(payload: bytes) -> bytes:
    return hmac.new(_SECRET, payload, hashlib.sha256).digest()[:18]


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
