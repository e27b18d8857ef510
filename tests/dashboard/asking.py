"""Ask a web application without a server or a client library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.types import ASGIApp, Message

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an application answered; names of headers in lower case."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Asks one application as a page on this machine does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", path, headers)

    def post(self, path: str) -> Answer:
        return self.ask("POST", path, None)

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None) -> Answer:
        sent = {"host": "127.0.0.1", **{k.lower(): v for k, v in (headers or {}).items()}}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in sent.items()],
        }
        return finish(lambda: _ask(self.app, scope))


def finish(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in a thread of its own: a browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(begin())).result()


async def _ask(app: ASGIApp, scope: dict[str, Any]) -> Answer:
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start = messages[0]
    return Answer(
        status_code=start["status"],
        headers={k.decode().lower(): v.decode() for k, v in start["headers"]},
        content=b"".join(message.get("body", b"") for message in messages[1:]),
    )
