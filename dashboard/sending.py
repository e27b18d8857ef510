"""Small messages leave at once.

Streamlit binds its socket without naming TCP, and asyncio turns Nagle's algorithm off only where
TCP is named. So a part of an answer would wait until the browser has confirmed the one before,
which it puts off for 40 ms: every answer and every message of a run would come that much later.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

Begin = Callable[[Any, asyncio.BaseTransport], None]
"""What a protocol does with a new connection."""


def send_at_once() -> None:
    """Turn Nagle's algorithm off for the connections of this process; call before it listens."""
    begin = without_delay(AutoHTTPProtocol.connection_made)
    AutoHTTPProtocol.connection_made = begin  # type: ignore[method-assign, assignment]


def without_delay(begin: Begin) -> Begin:
    """Return what begins a connection on which nothing is held back."""

    @functools.wraps(begin)
    def begin_at_once(protocol: Any, transport: asyncio.BaseTransport) -> None:
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin(protocol, transport)

    return begin_at_once
