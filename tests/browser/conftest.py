"""The dashboard on a free port, and Chromium to look at it with."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MODEL = "fashion-vit-badnets"
PATIENCE = 60_000

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of sample models."""
    folder = Path(os.environ.get("ATPATCH_MODELS") or ROOT / "sample_models")
    if not (folder / MODEL / "config.json").is_file():
        pytest.fail(f"The sample model {MODEL} is not in {folder}: run `python -m atpatch_core samples build` first.")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample pictures, of which at least one is triggered and one is not."""
    folder = Path(os.environ.get("ATPATCH_SAMPLES") or ROOT / "assets" / "samples")
    index = folder / "index.json"
    if not index.is_file():
        pytest.fail(f"There are no sample pictures in {folder}: run `python -m atpatch_core samples build` first.")
    if {bool(entry["triggered"]) for entry in json.loads(index.read_text(encoding="utf-8"))} != {True, False}:
        pytest.fail(f"{index} needs triggered and clean samples: run `python -m atpatch_core samples build` again.")
    return folder


@contextmanager
def serve(models: Path, samples: Path, folder: Path) -> Iterator[str]:
    """Run the dashboard until the block ends; yields its address. Uploads and the log go into `folder`."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    settings = {
        "ATPATCH_MODELS": str(models),
        "ATPATCH_SAMPLES": str(samples),
        "ATPATCH_UPLOADS": str(folder / "uploads"),
    }
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=log, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/_stcore/health", process, folder / "log")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            pytest.fail(f"The dashboard did not start: {log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("The dashboard did not answer within 30 seconds.")


@pytest.fixture(scope="session")
def app(models: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the dashboard on the sample models."""
    with serve(models, samples, tmp_path_factory.mktemp("dashboard")) as address:
        yield address


@pytest.fixture(scope="session")
def odd_models(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A damaged model, one whose detector is damaged, a whole one, and one without a detector, in this order."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("a-damaged", "b-damaged-detector", "c-whole", "d-no-detector"):
        shutil.copytree(models / MODEL, folder / name)
    weights = folder / "a-damaged" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    detector = folder / "b-damaged-detector" / "atpatch" / "detector.safetensors"
    detector.write_bytes(detector.read_bytes()[:100])
    shutil.rmtree(folder / "d-no-detector" / "atpatch")
    return folder


@pytest.fixture(scope="session")
def odd_app(odd_models: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the dashboard on `odd_models`."""
    with serve(odd_models, samples, tmp_path_factory.mktemp("odd")) as address:
        yield address


@pytest.fixture(scope="session")
def empty_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the dashboard with neither models nor samples."""
    nothing = tmp_path_factory.mktemp("nothing")
    with serve(nothing, nothing, tmp_path_factory.mktemp("empty")) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window: the one in `ATPATCH_CHROMIUM`, the system's, or the one Playwright installed."""
    found = os.environ.get("ATPATCH_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


class Foreign:
    """Notes what a page asks of any other host than this machine."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.addresses.append(request.url)


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    """Fails the test if one of its pages asked another host for anything."""
    seen = Foreign()
    yield seen
    assert not seen.addresses, f"The dashboard asked other hosts: {seen.addresses}"


@pytest.fixture(scope="session")
def shared_context(browser: Browser) -> Iterator[BrowserContext]:
    """One browser profile for all tests, so that scripts and styles are fetched once; each page is a new session."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def page(shared_context: BrowserContext, foreign: Foreign) -> Iterator[Page]:
    """A page of 1280 x 900."""
    one = shared_context.new_page()
    foreign.watch(one)
    yield one
    one.close()


@pytest.fixture
def new_page(browser: Browser, foreign: Foreign) -> Iterator[Callable[..., Page]]:
    """Make pages of fresh browser profiles that share nothing."""
    contexts = []

    def make(width: int = 1280, height: int = 900, scheme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        one = context.new_page()
        foreign.watch(one)
        return one

    yield make
    for context in contexts:
        context.close()


def settle(page: Page) -> None:
    """Wait until the script of the page is done."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=PATIENCE)
    page.wait_for_timeout(250)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=PATIENCE)


def visit(page: Page, address: str) -> None:
    """Open an address and wait for the page to be there."""
    page.goto(address)
    page.get_by_role("heading", name="Triage").wait_for(timeout=PATIENCE)
    settle(page)
