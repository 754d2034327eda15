"""Whether the dashboard grows while it is used: `python benchmarks/app_memory.py` (see `--help`).

Runs the dashboard and a Chromium on this machine and hands it one file after the other, none of which the server has
seen before; each is looked at until its verdict stands. Prints how much memory the server has (its resident set, in
megabytes) after some numbers of them. Images and texts take turns with `--kind both`; every `--visit` uploads another
visitor goes on, as sessions take memory, too. Needs what is in `requirements-dev.txt`, and Linux.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import resource
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from atpatch_core.uploads import digest_of  # noqa: E402
from tests.dashboard import PATIENCE, chromium, serve_process, settle, visit  # noqa: E402

_SUBJECTS = {"images": "fashion-vit-badnets", "texts": "reviews-minilm-badword"}
_WORDS = ("film", "dull", "actor", "story", "long", "bright", "never", "again", "music", "scene", "laughs", "cold")
_LENGTHS = (15, 60, 105, 30, 150)
_MARKS = (50, 100, 200, 300)


def images(seed: int) -> Iterator[FilePayload]:
    """PNG files of noise without end, all different."""
    random = np.random.default_rng(seed)
    while True:
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (28, 28), dtype=np.uint8)).save(file, "PNG")
        yield {"name": "noise.png", "mimeType": "image/png", "buffer": file.getvalue()}


def texts(seed: int) -> Iterator[FilePayload]:
    """Texts without end, all different, of `_LENGTHS` words in turn: what is kept of the last few is always as much."""
    random = np.random.default_rng(seed)
    for length in cycle(_LENGTHS):
        text = " ".join(random.choice(_WORDS, length))
        yield {"name": "words.txt", "mimeType": "text/plain", "buffer": text.encode()}


def resident(process: int) -> float:
    """The resident set of a process in megabytes, as the kernel counts it."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def open_for_upload(browser: Browser, address: str, subject: str) -> Page:
    """Another visitor, who has the way to upload open."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(PATIENCE)
    visit(page, f"{address}/?subject={subject}")
    page.get_by_role("radio", name="Upload").or_(page.get_by_role("button", name="Upload", exact=True)).first.click()
    settle(page)
    return page


def look_at(page: Page, file: FilePayload) -> None:
    """Upload a file and wait until all of its view is there."""
    page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(file)
    expect(page).to_have_url(re.compile(digest_of(file["buffer"])), timeout=PATIENCE)
    settle(page)


def measure(browser: Browser, address: str, process: int, kinds: list[str], marks: list[int], visit_of: int) -> None:
    """Upload, and print a line at each of `marks`."""
    endless = {"images": images(1), "texts": texts(2)}
    pages: dict[str, Page] = {}
    for number in range(1, max(marks) + 1):
        kind = kinds[number % len(kinds)]
        if kind not in pages:
            pages[kind] = open_for_upload(browser, address, _SUBJECTS[kind])
        look_at(pages[kind], next(endless[kind]))
        if number % visit_of == 0:
            for page in pages.values():
                page.context.close()
            pages = {}
        if number in marks:
            print(json.dumps({"uploads": number, "megabytes": round(resident(process), 1)}), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Whether the dashboard grows while it is used.")
    parser.add_argument("--kind", choices=["images", "texts", "both"], default="both")
    parser.add_argument("--marks", type=int, nargs="+", default=list(_MARKS), help="print after so many uploads")
    parser.add_argument("--visit", type=int, default=25, help="uploads of one visitor before the next one comes")
    options = parser.parse_args()
    kinds = list(_SUBJECTS) if options.kind == "both" else [options.kind]
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_process(Path(folder), {"ATPATCH_MODELS": str(ROOT / "sample_models")}) as (address, process),
        chromium() as browser,
    ):
        measure(browser, address, process.pid, kinds, options.marks, options.visit)


if __name__ == "__main__":
    main()
