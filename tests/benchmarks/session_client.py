"""A browser session without a browser: speaks the dashboard's protocol over one WebSocket."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

MOST_BYTES = 64 << 20
WAIT_SECONDS = 120.0


@dataclass(kw_only=True)
class Session:
    """One session.

    Attributes:
        address: Where the dashboard answers, `http://host:port`.
        page: Name of the page in the address; empty for the first.
        query: What stands behind the `?` of the page's address.
        elements: What the page shows, by place on it.
        fragments: The fragment that drew each element, by place.
        errors: Texts of error boxes that were shown.
        num_bytes: Bytes received.
    """

    address: str
    page: str = ""
    query: str
    elements: dict[tuple[int, ...], Element] = field(default_factory=dict)
    fragments: dict[tuple[int, ...], str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    num_bytes: int = 0
    _socket: ClientConnection | None = None

    async def open(self) -> float:
        """Open the page; returns the seconds until it was complete with its points."""
        started = time.perf_counter()
        place = urlsplit(self.address)
        self._socket = await connect(
            f"ws://{place.netloc}/_stcore/stream", max_size=MOST_BYTES, origin=self.address
        )
        await self._run(BackMsg())
        urls = [url for data in self.components() for url in data_urls(data)]
        await asyncio.gather(*(asyncio.to_thread(self._fetch, url) for url in urls))
        return time.perf_counter() - started

    async def choose(self, key: str, value: str) -> float:
        """Choose an option of a select box; returns the seconds until the page was complete."""
        place, element = next(
            (place, element)
            for place, element in self.elements.items()
            if element.WhichOneof("type") == "selectbox"
            and element.selectbox.id.endswith(f"-{key}")
        )
        started = time.perf_counter()
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.string_value = element.selectbox.id, value
        message.rerun_script.fragment_id = self.fragments[place]
        before = {url for data in self.components() for url in data_urls(data)}
        await self._run(message)
        after = {url for data in self.components() for url in data_urls(data)}
        for url in after - before:
            await asyncio.to_thread(self._fetch, url)
        return time.perf_counter() - started

    def components(self) -> Iterator[dict[str, Any]]:
        """Yield what was told to the components on the page."""
        for element in self.elements.values():
            if element.WhichOneof("type") == "bidi_component":
                text = element.bidi_component.json
                if text:
                    yield json.loads(text)

    def texts(self) -> str:
        """Return everything that the page says, as text."""
        return "\n".join(str(element) for element in self.elements.values())

    async def close(self) -> None:
        """Leave."""
        if self._socket is not None:
            await self._socket.close()

    async def _run(self, message: BackMsg) -> None:
        assert self._socket is not None
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                raw = await self._socket.recv()
                self.num_bytes += len(raw)
                if self._take(ForwardMsg.FromString(bytes(raw))):
                    return

    def _take(self, told: ForwardMsg) -> bool:
        """Keep what a message draws; tell whether it ends the run."""
        kind = told.WhichOneof("type")
        if kind == "script_finished":
            return told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if kind == "delta" and told.delta.WhichOneof("type") == "new_element":
            place = tuple(told.metadata.delta_path)
            self.elements[place] = told.delta.new_element
            self.fragments[place] = told.delta.fragment_id
            element = told.delta.new_element
            if element.WhichOneof("type") in ("exception", "alert"):
                self._note_error(element)
        return False

    def _note_error(self, element: Element) -> None:
        if element.WhichOneof("type") == "exception":
            self.errors.append(element.exception.message)
        elif element.alert.format == element.alert.ERROR:
            self.errors.append(element.alert.body)

    def _fetch(self, url: str) -> None:
        request = Request(f"{self.address}{url}", headers={"Sec-Fetch-Site": "same-origin"})
        with urlopen(request, timeout=WAIT_SECONDS) as answer:
            self.num_bytes += len(answer.read())


def data_urls(data: dict[str, Any]) -> list[str]:
    """Return what a component must fetch before it can draw: the places and the colors."""
    panels = data.get("panels") or []
    urls = [data.get("geometry"), *(panel.get("column") for panel in panels)]
    return [url for url in urls if url]
