"""The dashboard on the sample models, on odd ones and on none, and pages of Chromium to look at it with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.support.dashboard import PATIENCE, ROOT, chromium, serve_quickly

MODEL = "fashion-vit-badnets"

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of sample models."""
    folder = Path(os.environ.get("ATPATCH_MODELS") or ROOT / "sample_models")
    if not (folder / MODEL / "config.json").is_file():
        pytest.fail(f"The sample model {MODEL} is not in {folder}: run `python -m sample_models build` first.")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample images, of which at least one is triggered and one is not."""
    folder = Path(os.environ.get("ATPATCH_SAMPLES") or ROOT / "assets" / "samples")
    index = folder / "index.json"
    if not index.is_file():
        pytest.fail(f"There are no sample images in {folder}: run `python -m sample_models build` first.")
    if {bool(entry["triggered"]) for entry in json.loads(index.read_text(encoding="utf-8"))} != {True, False}:
        pytest.fail(f"{index} needs triggered and clean samples: run `python -m sample_models build` again.")
    return folder


def environment(models: Path, samples: Path) -> dict[str, str]:
    """The settings of a dashboard on these folders."""
    return {"ATPATCH_MODELS": str(models), "ATPATCH_SAMPLES": str(samples)}


@pytest.fixture(scope="session")
def app(models: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the dashboard on the sample models."""
    with serve_quickly(tmp_path_factory.mktemp("dashboard"), environment(models, samples)) as address:
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
    with serve_quickly(tmp_path_factory.mktemp("odd"), environment(odd_models, samples)) as address:
        yield address


@pytest.fixture(scope="session")
def empty_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the dashboard with neither models nor samples."""
    nothing = tmp_path_factory.mktemp("nothing")
    with serve_quickly(tmp_path_factory.mktemp("empty"), environment(nothing, nothing)) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with chromium() as one:
        yield one


class Foreign:
    """Notes what a page asks of any other host than this machine, and what it tries that its policy forbids."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.forbidden: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("request", self._note)
        page.on("console", self._note_forbidden)

    def _note(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:", "file:")):
            self.addresses.append(request.url)

    def _note_forbidden(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.forbidden.append(message.text)


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    """Fails the test if one of its pages asked another host for anything, or was made of what its policy forbids."""
    seen = Foreign()
    yield seen
    assert not seen.addresses, f"The dashboard asked other hosts: {seen.addresses}"
    assert not seen.forbidden, f"The dashboard's own policy forbids what it does: {seen.forbidden}"


@pytest.fixture(scope="session")
def shared_context(browser: Browser) -> Iterator[BrowserContext]:
    """One browser profile for all tests, so that scripts and styles are fetched once; each page is a new session."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context
    context.close()


def _prepare(page: Page, foreign: Foreign) -> Page:
    """A page as all tests use it; `ATPATCH_SLOW_BROWSER=6` makes the browser six times slower, as on a busy machine."""
    page.set_default_timeout(PATIENCE)
    foreign.watch(page)
    if rate := os.environ.get("ATPATCH_SLOW_BROWSER"):
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": float(rate)})
    return page


@pytest.fixture
def page(shared_context: BrowserContext, foreign: Foreign) -> Iterator[Page]:
    """A page of 1280 x 900."""
    one = _prepare(shared_context.new_page(), foreign)
    yield one
    one.close()


@pytest.fixture
def new_page(browser: Browser, foreign: Foreign) -> Iterator[Callable[..., Page]]:
    """Make pages of fresh browser profiles that share nothing."""
    contexts = []

    def make(width: int = 1280, height: int = 900, scheme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        return _prepare(context.new_page(), foreign)

    yield make
    for context in contexts:
        context.close()
