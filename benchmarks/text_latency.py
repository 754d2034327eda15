"""How long a person waits with texts, and how much the page weighs: `python benchmarks/text_latency.py`.

Runs the dashboard and a Chromium on this machine. Measured inside the page: from the moment a text of about 60 tokens
is handed over to its verdict; from the address of a text of 512 tokens to its verdict and its three maps, with all
that the server sends for it. Every upload is a text that the server has not seen. `dashboard_latency.py` does the same
with images and says what it needs.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import FilePayload, Page, WebSocket, expect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from atpatch_core.evaluation.attacks import load_attacks  # noqa: E402
from atpatch_core.evaluation.text_data import read_labelled_texts  # noqa: E402
from atpatch_core.subjects.loading import load  # noqa: E402
from benchmarks.dashboard_latency import VERDICT, upload_to_verdict  # noqa: E402
from benchmarks.waiting import figures_of, measured_page, options_of, print_figures  # noqa: E402
from tests.support.dashboard import PATIENCE, settle, visit  # noqa: E402

_SUBJECT = ROOT / "sample_models" / "reviews-minilm-badword"
_TOKENS = 60
_LONG = "The film is dull, and it drags on and on. "


def texts(count: int) -> list[FilePayload]:
    """Texts of about 60 tokens, every other one with a trigger, so that each verdict differs from the one before."""
    subject = load(_SUBJECT)
    data = read_labelled_texts(_SUBJECT / "eval" / "texts.parquet", subject.labels)
    triggers: list[Any] = list(load_attacks(_SUBJECT / "eval" / "attacks.json").values())
    reviews = [data.texts[one] for one in np.flatnonzero(data.labels == 0)]
    made = []
    for number in range(count):
        text = reviews.pop()
        while len(subject.encode(f"{text} {reviews[-1]}")["input_ids"][0]) <= _TOKENS:
            text = f"{text} {reviews.pop()}"
        made.append(triggers[number % 4 // 2].apply([text], number)[0] if number % 2 else text)
    return [
        {"name": f"{number}.txt", "mimeType": "text/plain", "buffer": one.encode()} for number, one in enumerate(made)
    ]


def long_text(page: Page, address: str, rounds: int) -> tuple[list[float], int]:
    """Milliseconds from the address of a text of 512 tokens to its verdict and maps; bytes the server sends for it."""
    visit(page, f"{address}/?subject={_SUBJECT.name}")
    page.get_by_role("radio", name="Upload").or_(page.get_by_role("button", name="Upload", exact=True)).first.click()
    times, heaviest = [], 0
    for number in range(rounds + 1):
        page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(
            {"name": "long.txt", "mimeType": "text/plain", "buffer": (f"Number {number}. " + _LONG * 80).encode()}
        )
        expect(page.locator(".strip")).to_contain_text(f"Number {number}.", timeout=PATIENCE)
        settle(page)
        received: list[int] = []
        page.once("websocket", _weigher(received))
        begin = time.perf_counter()
        page.goto(page.evaluate("location.href"))
        expect(page.locator(VERDICT)).to_be_visible(timeout=PATIENCE)
        expect(page.locator("canvas[data-drawn]")).to_have_count(3, timeout=PATIENCE)
        times.append(1000 * (time.perf_counter() - begin))
        settle(page)
        heaviest = max(heaviest, sum(received))
        page.get_by_role("radio", name="Upload").or_(
            page.get_by_role("button", name="Upload", exact=True)
        ).first.click()
    return times[1:], heaviest


def _weigher(received: list[int]) -> Callable[[WebSocket], None]:
    """Notes the size of every message that comes in."""
    return lambda socket: socket.on("framereceived", lambda message: received.append(len(message)))


def main() -> None:
    """Measure and print."""
    options = options_of("How long a person waits for the dashboard with texts.", rounds=10)
    with measured_page(_SUBJECT.parent) as (page, address):
        short = upload_to_verdict(page, f"{address}/?subject={_SUBJECT.name}", texts(options.rounds + 1))
        whole, weight = long_text(page, address, options.rounds)
    figures = figures_of({"60 tokens, upload to verdict": short, "512 tokens, open to maps": whole})
    if options.json:
        print(json.dumps({**figures, "512 tokens, bytes": weight}, indent=2))
        return
    print_figures(figures)
    print(f"{'512 tokens, from the server':30} {weight:,} bytes")


if __name__ == "__main__":
    main()
