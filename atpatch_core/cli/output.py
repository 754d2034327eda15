"""What commands share in showing results: JSON on standard output, tables and progress for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from .. import limits
from ..files.kept import LeftOut, summary


def print_json(value: Any) -> None:
    """Write `value` as indented JSON to standard output."""
    print(json.dumps(value, indent=2, allow_nan=False))


def print_table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Write (name, value) rows as a table."""
    Console().print(_table(title, rows))


def tell_table(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Write (name, value) rows as a table to standard error: for what a person should know beside the result."""
    Console(stderr=True).print(_table(title, rows))


def tell(sentence: str) -> None:
    """Write a sentence to standard error."""
    Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)


def _table(title: str, rows: Sequence[tuple[str, str]]) -> Table:
    """Rows in whose texts brackets mean nothing else."""
    table = Table(title=Text(title), show_header=False, title_justify="left")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    return table


def tell_left_out(left_out: Sequence[LeftOut], kept: int) -> None:
    """Say on standard error which rows of the data were left out, if any were, and why each one was."""
    if left_out:
        print(summary(left_out, kept, limits.LABELS.problems), file=sys.stderr)


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """A function (stage, done, total) that keeps one progress bar a stage on standard error."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, Any] = {}

        def on_step(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done)

        yield on_step
