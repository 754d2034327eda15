"""What the benchmarks of the dashboard share: options, a page to measure on, and how times are shown."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.support.dashboard import chromium, serve


def options_of(description: str, rounds: int) -> argparse.Namespace:
    """The options `--rounds` and `--json` of this process."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


@contextmanager
def measured_page(models: Path) -> Iterator[tuple[Page, str]]:
    """A page of Chromium and the address of a dashboard on these models, both for this block alone."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder), {"ATPATCH_MODELS": str(models)}) as address,
        chromium() as browser,
    ):
        yield browser.new_page(viewport={"width": 1280, "height": 900}), address


def figures_of(times: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """The median and the slowest of each row of times (milliseconds), and how many there are."""
    return {
        name: {"median": statistics.median(values), "slowest": max(values), "rounds": len(values)}
        for name, values in times.items()
    }


def print_figures(figures: Mapping[str, Any]) -> None:
    """One line for each row of `figures_of`."""
    for name, row in figures.items():
        print(f"{name:30} median {row['median']:6.0f} ms   slowest {row['slowest']:6.0f} ms   ({row['rounds']} rounds)")
