"""Whether the dashboard grows while it is used: `python benchmarks/app_memory.py` (see `--help`).

Runs the dashboard and hands it one file after the other, none of which it has seen before, over the protocol that
browsers speak with it; each is looked at until the page is complete. Prints how much memory the server has (its
resident set, in megabytes) after some numbers of them. Images and texts take turns with `--kind both`; every `--visit`
uploads another visitor goes on, as sessions take memory, too. Needs what is in `requirements-dev.txt`, and Linux.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from atpatch_core.digest import digest_of  # noqa: E402
from benchmarks.visitor import Visitor  # noqa: E402
from pages.shared.uploads import UploadStore  # noqa: E402
from tests.support.dashboard import serve_process  # noqa: E402

_SUBJECTS = {"images": "fashion-vit-badnets", "texts": "reviews-minilm-badword"}
_SUFFIXES = {"images": "png", "texts": "txt"}
_WORDS = ("film", "dull", "actor", "story", "long", "bright", "never", "again", "music", "scene", "laughs", "cold")
_LENGTHS = (15, 60, 105, 30, 150)
_MARKS = (50, 100, 200, 300)


def images(seed: int) -> Iterator[bytes]:
    """PNG files of noise without end, all different."""
    random = np.random.default_rng(seed)
    while True:
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (28, 28), dtype=np.uint8)).save(file, "PNG")
        yield file.getvalue()


def texts(seed: int) -> Iterator[bytes]:
    """Texts without end, all different, of `_LENGTHS` words in turn: what is kept of the last few is always as much."""
    random = np.random.default_rng(seed)
    for length in cycle(_LENGTHS):
        text = " ".join(random.choice(_WORDS, length))
        yield text.encode()


def resident(process: int) -> float:
    """The resident set of a process in megabytes, as the kernel counts it."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def measure(address: str, store: UploadStore, process: int, kinds: list[str], marks: list[int], visit_of: int) -> None:
    """Upload, and print a line at each of `marks`."""
    endless = {"images": images(1), "texts": texts(2)}
    # A link to an upload opens the page where files are handed over.
    first = {kind: store.put(next(endless[kind])) for kind in kinds}
    number = 0
    while number < max(marks):
        with ExitStack() as visit:
            visitors = [
                (kind, visit.enter_context(Visitor(address, f"subject={_SUBJECTS[kind]}&upload={first[kind]}")))
                for kind in kinds
            ]
            for _ in range(visit_of):
                number += 1
                kind, visitor = visitors[number % len(visitors)]
                content = next(endless[kind])
                visitor.upload(f"{number}.{_SUFFIXES[kind]}", content)
                if visitor.params.get("upload") != digest_of(content):
                    raise RuntimeError(f"Upload {number} was not looked at.")
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
    ):
        store = UploadStore(Path(folder) / "uploads")
        measure(address, store, process.pid, kinds, options.marks, options.visit)


if __name__ == "__main__":
    main()
