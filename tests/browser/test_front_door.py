"""Who may talk to the dashboard, and that it talks to nobody: not when strangers knock, nor while it is used."""

from __future__ import annotations

import base64
import http.client
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboard import serve_process, settle, visit

from .conftest import environment
from .test_every_page import PAGES

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_ALLOWED = "https://lectures.example"


class Trap:
    """A proxy that notes what it is asked for and answers nothing."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.settings = dict.fromkeys(_PROXIES, f"http://127.0.0.1:{self._socket.getsockname()[1]}")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(5)
                self.heard.append(visitor.recv(1000))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    """The way to the internet, for whoever asks for it."""
    one = Trap()
    yield one
    one.close()


@pytest.fixture(scope="module")
def watched(models: Path, samples: Path, trap: Trap, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a dashboard for which the way to the internet leads into the trap."""
    folder = tmp_path_factory.mktemp("watched")
    settings = {**environment(models, samples), **trap.settings, "no_proxy": "", "NO_PROXY": ""}
    with serve_process(folder, settings) as (address, _):
        yield address


@contextmanager
def _asked(address: str, method: str, path: str, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        yield connection.getresponse()
    finally:
        connection.close()


def _connect(address: str, **headers: str) -> int:
    """The status that the server answers to the opening of a websocket: 101 if it lets one in."""
    opening = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
    }
    with _asked(address, "GET", "/_stcore/stream", opening | headers) as answer:
        return answer.status


def _get(address: str, **headers: str) -> tuple[int, str]:
    with _asked(address, "GET", "/", headers) as answer:
        return answer.status, answer.read().decode()


def test_the_trap_hears_what_a_process_asks_the_internet_for(trap: Trap) -> None:
    program = "import requests; requests.get('http://nowhere.invalid', timeout=60)"
    subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **trap.settings}, capture_output=True, check=False
    )
    assert trap.heard
    trap.heard.clear()


@pytest.mark.parametrize(
    "origin",
    [
        "https://elsewhere.example",
        "http://127.0.0.1:1",  # another program on this machine
        "http://localhost",
        "null",
        "",
        "http://[",
        "http://127.0.0.1.elsewhere.example",
        _ALLOWED,  # unless it is
    ],
)
def test_a_page_from_elsewhere_is_refused_and_nobody_asked_about_it(watched: str, trap: Trap, origin: str) -> None:
    assert _connect(watched, Origin=origin) == 403
    status, reply = _get(watched, Origin=origin)
    assert status == 403
    assert "--server.corsAllowedOrigins" in reply
    assert trap.heard == []


def test_the_dashboard_itself_is_let_in_under_the_names_of_this_machine(watched: str, trap: Trap) -> None:
    port = urlsplit(watched).port
    assert _connect(watched, Origin=watched) == 101
    assert _connect(watched, Host=f"localhost:{port}", Origin=f"http://localhost:{port}") == 101
    assert _connect(watched) == 101  # no browser
    assert _get(watched)[0] == 200
    assert trap.heard == []


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "localhost.", ""])
def test_somebody_elses_name_for_this_machine_is_refused(watched: str, trap: Trap, host: str) -> None:
    name = f"{host}:{urlsplit(watched).port}"
    allowed = host == "localhost."  # the same name, written out in full
    assert _connect(watched, Host=name, Origin=f"http://{name}") == (101 if allowed else 403)
    status, reply = _get(watched, Host=name)
    assert status == (200 if allowed else 403)
    assert ("--server.allowedHosts" in reply) != allowed
    assert trap.heard == []


def test_who_shows_it_to_others_can_let_them_in(models: Path, samples: Path, trap: Trap, tmp_path: Path) -> None:
    settings = {
        **environment(models, samples),
        **trap.settings,
        "STREAMLIT_SERVER_ALLOWED_HOSTS": "attention.example",
        "STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS": _ALLOWED,
    }
    with serve_process(tmp_path, settings) as (address, _):
        assert _connect(address, Host="attention.example", Origin="https://attention.example") == 101
        assert _connect(address, Host="attention.example", Origin=_ALLOWED) == 101
        assert _connect(address, Host="attention.example", Origin="https://elsewhere.example") == 403
        assert _connect(address, Host="127.0.0.1", Origin="http://127.0.0.1") == 403
    assert trap.heard == []


def test_every_answer_holds_the_browser_to_this_machine(watched: str) -> None:
    for path in ("/", "/label", "/_stcore/health", "/nowhere.js"):
        with _asked(watched, "GET", path, {}) as answer:
            policy = answer.getheader("Content-Security-Policy", "")
            assert "default-src 'self' data: blob:;" in policy
            assert "frame-ancestors 'self'" in policy
            assert answer.getheader("X-Content-Type-Options") == "nosniff"
            assert answer.getheader("Referrer-Policy") == "same-origin"
            assert answer.getheader("Access-Control-Allow-Origin") is None


def test_a_file_is_taken_only_with_the_token_of_the_page(watched: str) -> None:
    with _asked(watched, "PUT", "/_stcore/upload_file/session/file", {"Content-Length": "0"}) as answer:
        assert answer.status == 403
    with _asked(watched, "GET", "/_stcore/health", {}) as answer:
        cookie = answer.getheader("Set-Cookie", "")
    assert re.search("samesite=strict", cookie, re.IGNORECASE)


def test_nobody_is_asked_for_anything_while_all_pages_are_used(
    watched: str, trap: Trap, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    visit(page, watched)
    page.get_by_role("button", name="Repair it now").click()
    expect(page.locator(".st-key-welcome")).to_contain_text("Repaired")
    page.get_by_text("Share: link").first.click()
    settle(page)
    for name, path in PAGES.items():
        visit(page, f"{watched}/{path}", name)
        expect(page.locator(".stException")).to_have_count(0)
    visit(page, f"{watched}/?subject=reviews-minilm-badword")
    expect(page.locator(".strip")).to_be_visible()
    assert trap.heard == []
