"""Open the dashboard: Streamlit as a child process with TumorXY's settings."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dashboard.errors import ServeError
from dashboard.settings import Settings

PACKAGE = Path(__file__).parent
DEFAULT_PORT = 8501
LAST_PORT = 8599
START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")

OPTIONS = {
    "server.headless": "true",
    "server.enableStaticServing": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "viewer",
    # The pages have an export of their own that is safe against spreadsheet formulas.
    "client.disableDataExport": "true",
    "server.maxUploadSize": "1024",
    # A text that stands by itself in a page is a docstring, not something to show.
    "runner.magicEnabled": "false",
    # Python collects garbage by itself; a whole collection after every run stops all sessions.
    "runner.postScriptGC": "false",
}
"""Streamlit options of every served dashboard, wherever the command is called from.

Streamlit reads `.streamlit/config.toml` from the working directory and from beside the script;
flags win over both.
"""


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the dashboard is opened.

    Attributes:
        host: Name or number of the network interface; 127.0.0.1 is this machine only.
        port: TCP port.
    """

    host: str
    port: int

    @property
    def url(self) -> str:
        """What to type into a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK


def choose_address(host: str, port: int | None) -> Address:
    """Find where to open.

    Args:
        host: Network interface.
        port: Port that was asked for; the first free one from 8501 when None.

    Returns:
        An address whose port was free a moment ago.

    Raises:
        ServeError: If the port is taken, or none is free.
    """
    if port is not None:
        if not _is_free(host, port):
            raise ServeError(
                f"Port {port} of {host} is taken by another program. Close it, or choose another "
                f"port, for example --port {port + 1}."
            )
        return Address(host=host, port=port)
    for candidate in range(DEFAULT_PORT, LAST_PORT + 1):
        if _is_free(host, candidate):
            return Address(host=host, port=candidate)
    raise ServeError(
        f"No port from {DEFAULT_PORT} to {LAST_PORT} of {host} is free. Name one with --port."
    )


def serve(settings: Settings, address: Address, ready: Callable[[], None]) -> None:
    """Serve the dashboard until it is closed with Ctrl-C.

    Args:
        settings: Where the store lies.
        address: Where to open.
        ready: Called once the dashboard answers.

    Raises:
        ServeError: If it ends by itself or does not answer within a minute.
    """
    process = subprocess.Popen(
        command_line(address), env=settings.environment(), stdout=subprocess.DEVNULL
    )
    try:
        _wait_until_answering(process, address)
        ready()
        code = _wait_for_end(process)
    finally:
        _stop(process)
    if code != 0:
        raise ServeError(
            f"The dashboard ended by itself (exit code {code}). What it wrote stands above; "
            "`tumorxy doctor` tells what to fix."
        )


def command_line(address: Address) -> list[str]:
    """Build the command that starts Streamlit on the server of this package."""
    options = {
        **OPTIONS,
        "server.address": address.host,
        "server.port": str(address.port),
        **_theme(),
    }
    # A page of another site must not reach a private dashboard under a name of its own.
    hosts = LOOPBACK if address.is_private else ("*",)
    flags = [f"--server.allowedHosts={host}" for host in hosts]
    flags += [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(PACKAGE / "server.py"), *flags]


def _theme() -> dict[str, str]:
    theme = PACKAGE / "theme.toml"
    return {"theme.base": str(theme)} if theme.is_file() else {}


def _is_free(host: str, port: int) -> bool:
    try:
        choices = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise ServeError(
            f"The host {host!r} is not known to this machine. Use 127.0.0.1, or the name of one "
            "of its network interfaces."
        ) from error
    family, kind, protocol, _, place = choices[0]
    with closing(socket.socket(family, kind, protocol)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError:
            return False
    return True


def _wait_until_answering(process: subprocess.Popen[bytes], address: Address) -> None:
    host = "127.0.0.1" if address.host in ("0.0.0.0", "") else address.host
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServeError(
                "The dashboard could not start. What it wrote stands above; `tumorxy doctor` "
                "tells what to fix."
            )
        if _answers(host, address.port):
            return
        time.sleep(0.1)
    raise ServeError(
        f"The dashboard did not answer within {START_SECONDS:.0f} seconds. The machine may be "
        "busy: try again."
    )


def _wait_for_end(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
