from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import tomllib
from pathlib import Path

import pytest

from dashboard import serving
from dashboard.errors import ServeError
from dashboard.serving import Address, choose_address, command_line, serve
from dashboard.settings import Settings

SERVER = """
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *parts):
        pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Healthy).serve_forever()
"""


def test_a_free_port_is_found_beside_a_taken_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(serving, "DEFAULT_PORT", port)
        monkeypatch.setattr(serving, "LAST_PORT", port + 20)
        assert choose_address("127.0.0.1", None).port > port
        with pytest.raises(ServeError, match=f"Port {port} .* is taken .* --port {port + 1}"):
            choose_address("127.0.0.1", port)
        monkeypatch.setattr(serving, "LAST_PORT", port)
        with pytest.raises(ServeError, match="No port from"):
            choose_address("127.0.0.1", None)


def test_an_unknown_host_is_refused() -> None:
    with pytest.raises(ServeError, match="is not known to this machine"):
        choose_address("no such host.invalid", 8501)


def test_addresses_say_who_can_reach_them() -> None:
    assert Address(host="127.0.0.1", port=1).is_private
    assert not Address(host="0.0.0.0", port=1).is_private
    assert Address(host="::1", port=8501).url == "http://[::1]:8501"


def test_every_option_is_known_to_streamlit() -> None:
    from streamlit import config

    flags = [flag for flag in command_line(Address(host="127.0.0.1", port=9)) if "--" in flag]
    names = {flag.removeprefix("--").partition("=")[0] for flag in flags}
    assert {"server.address", "server.port", "server.allowedHosts"} < names
    assert names <= set(config._config_options_template)


def test_an_open_address_takes_any_host_name_whatever_the_config_says() -> None:
    command = command_line(Address(host="0.0.0.0", port=9))
    assert [part for part in command if "allowedHosts" in part] == ["--server.allowedHosts=*"]
    assert "--browser.gatherUsageStats=false" in command
    assert Path(command[4]).name == "server.py"


def test_flags_agree_with_the_projects_config() -> None:
    config_file = Path(__file__).parents[2] / ".streamlit" / "config.toml"
    stated = {
        f"{section}.{name}": str(value).lower()
        for section, options in tomllib.loads(config_file.read_text()).items()
        for name, value in options.items()
        if f"{section}.{name}" not in ("theme.base", "server.address", "server.allowedHosts")
    }
    assert stated == serving.OPTIONS


def _serve_with(
    monkeypatch: pytest.MonkeyPatch, code: str, address: Address, home: Path, on_ready: object
) -> None:
    command = [sys.executable, "-c", code, str(address.port)]
    monkeypatch.setattr(serving, "command_line", lambda _: command)
    serve(Settings(home=home), address, on_ready)  # type: ignore[arg-type]


def test_an_interrupt_before_it_is_open_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = choose_address("127.0.0.1", None)

    def stop() -> None:
        assert serving._answers("127.0.0.1", address.port)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _serve_with(monkeypatch, SERVER, address, tmp_path, stop)
    assert not serving._answers("127.0.0.1", address.port)


def test_an_interrupt_closes_an_open_dashboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = choose_address("127.0.0.1", None)

    def interrupt_soon() -> None:
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()

    _serve_with(monkeypatch, SERVER, address, tmp_path, interrupt_soon)
    assert not serving._answers("127.0.0.1", address.port)


def test_a_server_that_ends_by_itself_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = choose_address("127.0.0.1", None)
    code = "import os, threading; threading.Timer(1.5, os._exit, [4]).start()\n" + SERVER
    with pytest.raises(ServeError, match=r"ended by itself \(exit code 4\)"):
        _serve_with(monkeypatch, code, address, tmp_path, lambda: None)


def test_a_server_that_cannot_start_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = choose_address("127.0.0.1", None)
    with pytest.raises(ServeError, match="could not start"):
        _serve_with(monkeypatch, "raise SystemExit(3)", address, tmp_path, None)


def test_a_server_that_never_answers_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "START_SECONDS", 0.3)
    address = choose_address("127.0.0.1", None)
    with pytest.raises(ServeError, match="did not answer"):
        _serve_with(monkeypatch, "import time; time.sleep(60)", address, tmp_path, None)
