"""Run the dashboard on a free port and look at it with Chromium: for browser tests, benchmarks and screenshots."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.support.forked_app import ForkedApp, start_app

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180_000  # milliseconds; a busy machine is slow, not wrong
_CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def serve(folder: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """Run the dashboard until the block ends; yields its address. Uploads, jobs and the log go into `folder`.

    `settings` are environment variables such as `ATPATCH_MODELS`. Raises `RuntimeError` when it does not start.
    """
    with serve_process(folder, settings) as (address, _):
        yield address


@contextmanager
def serve_quickly(folder: Path, settings: Mapping[str, str], port: int | None = None) -> Iterator[str]:
    """As `serve`, in a process that is forked and not started afresh; for tests only."""
    with serve_forked(folder, settings, port or free_port()) as (address, _):
        yield address


@contextmanager
def serve_forked(folder: Path, settings: Mapping[str, str], port: int) -> Iterator[tuple[str, ForkedApp]]:
    """As `serve_quickly`, on this port; yields the process as well."""
    log = folder / "log"
    app = start_app(ROOT, port, {**_own_folders(folder), **settings}, log)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/_stcore/health", app, log)
        yield address, app
    finally:
        app.terminate()
        if not app.wait(60):
            app.kill()


@contextmanager
def serve_process(folder: Path, settings: Mapping[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the dashboard as a person does, `streamlit run app.py`; yields its address and its process."""
    port = free_port()
    environment = {**os.environ, **_own_folders(folder), **settings}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/_stcore/health", process, folder / "log")
            yield address, process
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()


def _own_folders(folder: Path) -> dict[str, str]:
    """Where a dashboard keeps what is brought and what it works on."""
    return {"ATPATCH_UPLOADS": str(folder / "uploads"), "ATPATCH_JOBS": str(folder / "jobs")}


def free_port() -> int:
    """A port of this machine that nobody uses at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(address: str, process: ForkedApp | subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(PATIENCE // 100):
        if process.poll() is not None:
            raise RuntimeError(f"The dashboard did not start: {log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except urllib.error.HTTPError:  # it is there, and answers under other names only
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The dashboard did not answer in time.")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium without a window: the one in `ATPATCH_CHROMIUM`, the system's, or the one Playwright installed."""
    found = os.environ.get("ATPATCH_CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_ARGUMENTS))
        yield browser
        browser.close()


# Until the script has been idle and nothing has changed for a third of a second, or, once it is idle, for five seconds
# (a chart that moves is no reason to wait). After a run, Streamlit takes out what is left of the one before in another
# step: for a moment, containers hold parts of both. A run that a click has asked for begins within that time.
_BE_QUIET = """
(patience) => new Promise((resolve) => {
  const busy = () =>
    !document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]') ||
    document.querySelector('[data-testid="stSkeleton"]');
  const begun = performance.now();
  let last = begun, idle = begun;
  const note = (changes) => {
    if (changes.some((change) => change.type !== "attributes" || change.attributeName === "data-test-script-state"))
      last = performance.now();
  };
  const observer = new MutationObserver(note);
  observer.observe(document.body, {
    subtree: true, childList: true, characterData: true,
    attributes: true, attributeFilter: ["data-test-script-state"],
  });
  const look = () => {
    const now = performance.now();
    if (busy()) idle = last = now;
    const quiet = now - last >= 400 || now - idle >= 5000;
    if (!quiet && now - begun < patience) return void setTimeout(look, 30);
    observer.disconnect();
    resolve(quiet);
  };
  requestAnimationFrame(() => setTimeout(look, 30));
})
"""


def settle(page: Page) -> None:
    """Wait until the script of the page is done, the browser has fetched the code of all it shows, and the address is
    complete.
    """
    while True:
        page.locator('[data-testid="stApp"]').wait_for(timeout=PATIENCE)
        with suppress(PlaywrightError):  # another page was opened meanwhile
            assert page.evaluate(_BE_QUIET, PATIENCE), "The page did not come to rest."
            break
    expect(page.locator(".st-key-address:not(:has([data-completed]))")).to_have_count(0, timeout=PATIENCE)


# Notes in the page when the server answers what the page sends it next. The state that Streamlit shows is no sure sign:
# it may begin and end a short run between two paintings.
_NOTE_RUN = """
() => {
  const { send } = WebSocket.prototype;
  delete document.documentElement.dataset.ran;
  WebSocket.prototype.send = function (...message) {
    WebSocket.prototype.send = send;
    this.addEventListener("message", () => (document.documentElement.dataset.ran = ""), { once: true });
    return send.apply(this, message);
  };
}
"""


@contextmanager
def rerun(page: Page) -> Iterator[None]:
    """Wait until the script of the page has run because of what is done in the block, and the page has settled.

    `settle` alone does not know whether it has begun: on a busy machine, the page still shows what was there before.
    """
    page.evaluate(_NOTE_RUN)
    yield
    page.locator("html[data-ran]").wait_for(state="attached", timeout=PATIENCE)
    settle(page)


def reload(page: Page, heading: str = "Triage") -> None:
    """Load the page again and wait for the one with this heading to be there."""
    page.reload()
    page.get_by_role("heading", name=heading, exact=True).wait_for(timeout=PATIENCE)
    settle(page)


def visit(page: Page, address: str, heading: str = "Triage") -> None:
    """Open an address and wait for the page with this heading to be there."""
    page.goto(address)
    page.get_by_role("heading", name=heading, exact=True).wait_for(timeout=PATIENCE)
    settle(page)


def darken(page: Page) -> None:
    """Let the browser prefer dark colours, as a person does who turns them on in the system, and wait for the page."""
    light = page.evaluate(_BACKGROUND)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(light) => ({_BACKGROUND})() !== light", arg=light)
    settle(page)


_BACKGROUND = """() => getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor"""


def choose(page: Page, box: Locator, option: str) -> None:
    """Open a list and choose; again, as a person would, if the page was still moving and closed it."""
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(6):
        box.click()
        try:
            wanted.click(timeout=10_000)
        except PlaywrightTimeoutError:
            page.keyboard.press("Escape")
        else:
            return
    raise AssertionError(f"The list never offered {option!r}.")


def params_of(page: Page) -> dict[str, str]:
    """The parameters in the address of the page."""
    query = urlsplit(page.evaluate("location.href")).query
    return {name: values[0] for name, values in parse_qs(query).items()}
