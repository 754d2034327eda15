"""How long an annotator waits with a full store: `python -m benchmarks.label_queue` (see `--help`).

Fills a label store with answered inputs, runs the dashboard and a Chromium on this machine, and measures inside the
page, from the moment an answer is submitted to the moment the server's new queue has been drawn (the next input itself
stands at once: it was sent ahead). Also how long the statistics take. Needs what is in `requirements-dev.txt`, and a
quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics as stats
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from playwright.sync_api import Page

from atpatch_core import Column, load
from atpatch_core.labels import ColumnVerdict, LabelStore, NewAnswer, NewInput, State, Verdict
from atpatch_core.labels.intake import send_to_labelling
from atpatch_core.labels.statistics import statistics
from tests.support.dashboard import PATIENCE, ROOT, chromium, serve, settle, visit

_SUBJECT = ROOT / "sample_models" / "fashion-vit-badnets"
_OPEN = 40  # inputs that are still to be answered
# From the key that submits to the frame in which the number of answered inputs, which the server counts, has changed.
_SUBMIT = """
() => new Promise((resolve) => {
  const text = () => document.querySelector('[data-testid="stProgress"]').textContent;
  const before = text();
  const began = performance.now();
  const observer = new MutationObserver(() => {
    if (text() === before) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", bubbles: true, cancelable: true }));
})
"""


def fill(url: str, answers: int) -> None:
    """Queue images for the sample subject, of which all but `_OPEN` are answered by `answers` answers."""
    subject = load(_SUBJECT)
    images = pq.read_table(_SUBJECT / "eval" / "images.parquet", columns=["image"])["image"].to_pylist()
    rng = np.random.default_rng(0)
    with LabelStore.open(url) as store:
        for number in range(_OPEN):
            send_to_labelling(store, subject, images[number], f"image {number}", "a benchmark", subject.version)
        (known,) = store.subjects()
        inputs = store.inputs(known.fingerprint)
        suggestion = store.suggestion(known.fingerprint, inputs[0].digest, subject.version or "")
        for number in range(answers):
            content = images[_OPEN + number % (len(images) - _OPEN)]
            new = NewInput(content, "image", 50, f"answered {number}", "a benchmark")
            store.enqueue(known, new, suggestion)
            verdicts = tuple(
                ColumnVerdict(Column(0, 1, int(key)), Verdict.BENIGN, 0.25) for key in rng.permutation(50)[:8]
            )
            name = f"annotator {number % 4}"
            store.save(NewAnswer(known.fingerprint, new.digest, name, State.SUBMITTED, verdicts, subject.version))


def submit_to_queue(page: Page, rounds: int) -> list[float]:
    """Milliseconds from the key that submits to the new state of the queue; the first round only warms up."""
    times = []
    for _ in range(rounds + 1):
        page.keyboard.press("b")
        page.wait_for_timeout(400)
        settle(page)
        times.append(float(page.evaluate(_SUBMIT)))
        settle(page)
    return times[1:]


def stored_statistics(url: str, rounds: int) -> list[float]:
    """Milliseconds for the statistics of one subject."""
    times = []
    with LabelStore.open(url) as store:
        (known,) = store.subjects()
        for _ in range(rounds):
            began = time.perf_counter()
            found = statistics(store, known.fingerprint)
            times.append(1000 * (time.perf_counter() - began))
            assert found.annotators
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long an annotator waits with a full label store.")
    parser.add_argument("--answers", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'labels.sqlite'}"
        fill(url, options.answers)
        settings = {"ATPATCH_MODELS": str(_SUBJECT.parent), "ATPATCH_DATABASE_URL": url}
        times = {"statistics": stored_statistics(url, options.rounds)}
        with serve(Path(folder), settings) as address, chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE)
            visit(page, f"{address}/label?subject={_SUBJECT.name}&annotator=Ada", "Label")
            page.locator(".sheet .list").wait_for()
            times["submit to queue"] = submit_to_queue(page, min(options.rounds, _OPEN - 5))
    load_of_machine = os.getloadavg()[0]
    figures = {
        name: {"median": stats.median(values), "slowest": max(values), "rounds": len(values)}
        for name, values in times.items()
    }
    if options.json:
        print(json.dumps({"answers": options.answers, "load": load_of_machine, **figures}, indent=2))
        return
    for name, row in figures.items():
        print(f"{name:20} median {row['median']:6.0f} ms   slowest {row['slowest']:6.0f} ms   ({row['rounds']} rounds)")


if __name__ == "__main__":
    main()
