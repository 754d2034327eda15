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

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180_000  # milliseconds; a busy machine is slow, not wrong
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
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
    """Run the dashboard until the block ends; yields its address. Uploads and the log go into `folder`.

    `settings` are environment variables such as `ATPATCH_MODELS`. Raises `RuntimeError` when it does not start.
    """
    with serve_process(folder, settings) as (address, _):
        yield address


@contextmanager
def serve_process(folder: Path, settings: Mapping[str, str]) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """As `serve`; yields the process as well."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    environment = {**os.environ, "ATPATCH_UPLOADS": str(folder / "uploads"), **settings}
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


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
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


# Until nothing has changed for a third of a second, or for five seconds (a chart that moves is no reason to wait).
# After a run, Streamlit takes out what is left of the one before in another step: for a moment, containers hold parts
# of both.
_BE_QUIET = """
() => new Promise((resolve) => {
  let last = performance.now();
  const begun = last, observer = new MutationObserver(() => { last = performance.now(); });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  const look = () => {
    const now = performance.now();
    if (now - last < 333 && now - begun < 5000) return void setTimeout(look, 50);
    observer.disconnect();
    resolve();
  };
  requestAnimationFrame(() => setTimeout(look, 50));
})
"""


def settle(page: Page) -> None:
    """Wait until the script of the page is done, the browser has fetched the code of all it shows, and the address is
    complete.
    """
    idle = page.locator(
        '[data-testid="stApp"][data-test-script-state="notRunning"]:not(:has([data-testid="stSkeleton"]))'
    )
    idle.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(250)
    with suppress(PlaywrightError):  # another page was opened meanwhile, which is waited for below
        page.evaluate(_BE_QUIET)
    idle.wait_for(timeout=PATIENCE)
    expect(page.locator(".st-key-address:not(:has([data-completed]))")).to_have_count(0, timeout=PATIENCE)


# Notes in the page when its script comes to its end.
_NOTE_RUN = """
() => {
  const app = document.querySelector('[data-testid="stApp"]');
  delete document.documentElement.dataset.ran;
  window.runsObserver?.disconnect();
  window.runsObserver = new MutationObserver(() => {
    if (app.dataset.testScriptState === "notRunning") document.documentElement.dataset.ran = "";
  });
  window.runsObserver.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
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
