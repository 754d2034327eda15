"""How long a person waits: `python benchmarks/dashboard_latency.py` (see `--help`).

Runs the dashboard and a Chromium on this machine and measures, inside the page, from the moment a file is handed over
to the moment the new verdict is on the screen, and from the click on the switch to the new answer. Every upload is an
image that the server has not seen. Needs what is in `requirements-dev.txt`, and a quiet machine: the browser draws
without a graphics card, so it takes a core of its own.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import FilePayload, Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from atpatch_core.evaluation.attacks import load_attacks  # noqa: E402
from atpatch_core.evaluation.datasets import read_labelled_images  # noqa: E402
from atpatch_core.evaluation.evaluate import apply_trigger  # noqa: E402
from benchmarks.waiting import figures_of, measured_page, options_of, print_figures  # noqa: E402
from sample_models.recipes.images.fashion_mnist import LABELS  # noqa: E402
from tests.support.dashboard import PATIENCE, settle, visit  # noqa: E402

_SUBJECT = ROOT / "sample_models" / "fashion-vit-badnets"
# Notes when `event` happens (in the capture phase, before the page reacts), and when the text of `watched` is another
# one and has been drawn.
STOPWATCH = """
([event, watched]) => {
  const text = () => [...document.querySelectorAll(watched)].map((one) => one.textContent).join("|");
  const before = text();
  window.stopwatch = { begin: null, end: null };
  document.addEventListener(event, () => { window.stopwatch.begin ??= performance.now(); },
                            { capture: true, once: true });
  const observer = new MutationObserver(() => {
    const now = text();
    if (window.stopwatch.begin === null || now === before || now === "") return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.stopwatch.end = performance.now(); }));
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""
VERDICT = ".st-key-verdict"
_ANSWER = ".st-key-answer h2"


def images(count: int) -> list[FilePayload]:
    """PNG files, every other one with the trigger, so that each verdict differs from the one before."""
    data = read_labelled_images(_SUBJECT / "eval" / "images.parquet", LABELS)
    trigger: Any = load_attacks(_SUBJECT / "eval" / "attacks.json")["badnets"]
    stamped = apply_trigger(trigger, data).inputs.inputs
    chosen = np.flatnonzero(data.labels != trigger.target)[:count]
    files: list[FilePayload] = []
    for number, index in enumerate(chosen):
        file = io.BytesIO()
        image: Image.Image = (stamped if number % 2 else data.images)[index]
        image.save(file, "PNG")
        files.append({"name": f"{number}.png", "mimeType": "image/png", "buffer": file.getvalue()})
    return files


def milliseconds(page: Page) -> float:
    """What the stopwatch says, once it has stopped."""
    page.wait_for_function("window.stopwatch.end !== null", timeout=PATIENCE)
    elapsed: float = page.evaluate("window.stopwatch.end - window.stopwatch.begin")
    settle(page)
    return elapsed


def upload_to_verdict(page: Page, address: str, files: Sequence[FilePayload]) -> list[float]:
    """Milliseconds from handing over a file to its verdict, one for each of `files` but the first, which warms up."""
    visit(page, address)
    page.get_by_role("radio", name="Upload").or_(page.get_by_role("button", name="Upload", exact=True)).first.click()
    times = []
    for file in files:
        page.evaluate(STOPWATCH, ["change", VERDICT])
        page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(file)
        times.append(milliseconds(page))
    return times[1:]


def toggle_to_answer(page: Page, address: str, rounds: int) -> list[float]:
    """Milliseconds from a click on the switch to the new answer; the first click only warms up."""
    visit(page, address)
    times = []
    for _ in range(rounds + 1):
        page.evaluate(STOPWATCH, ["click", _ANSWER])
        page.locator(".st-key-patch label").click()
        times.append(milliseconds(page))
    return times[1:]


def main() -> None:
    """Measure and print."""
    options = options_of("How long a person waits for the dashboard.", rounds=20)
    with measured_page(_SUBJECT.parent) as (page, address):
        times = {
            "upload to verdict": upload_to_verdict(page, address, images(options.rounds + 1)),
            "toggle to answer": toggle_to_answer(page, address, options.rounds),
        }
    figures = figures_of(times)
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    print_figures(figures)


if __name__ == "__main__":
    main()
