from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from dashboard import sending


class Recorder(asyncio.Transport):
    """A transport that only knows its socket."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__({"socket": connection})


def test_nothing_is_held_back_on_a_connection_of_a_socket_that_names_no_protocol() -> None:
    begun: list[Any] = []
    with socket.socket() as listening, socket.socket() as asking:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        asking.connect(listening.getsockname())
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
            begin = sending.without_delay(lambda _, transport: begun.append(transport))
            transport = Recorder(connection)
            begin(None, transport)
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    assert begun == [transport]


def test_a_connection_without_a_network_begins_as_it_did() -> None:
    begun: list[Any] = []
    one, other = socket.socketpair()
    with one, other:
        sending.without_delay(lambda _, transport: begun.append(transport))(None, Recorder(one))
    assert len(begun) == 1


def test_the_dashboard_sends_at_once() -> None:
    from dashboard.server import app

    assert app is not None
    assert AutoHTTPProtocol.connection_made.__wrapped__ is not None
