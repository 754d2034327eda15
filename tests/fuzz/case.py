"""One hostile input, and what is right for it: known when it is made, not found out by reading it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atpatch_core import limits


@dataclass(frozen=True)
class Case:
    """`attempt` reads the input, given an empty folder; `right` says whether what it returns is right.

    Without `right`, only a refusal is; where `may_refuse`, a refusal is right as well.
    """

    name: str
    attempt: Callable[[Path], object]
    right: Callable[[Any], bool] | None = None
    may_refuse: bool = False


def equal(wanted: object) -> Callable[[Any], bool]:
    """What is read must be this."""
    return lambda found: found == wanted


@contextmanager
def low(table: str, **values: object) -> Iterator[None]:
    """Some limits of a table set low, so that nothing big need be built."""
    before = getattr(limits, table)
    setattr(limits, table, replace(before, **values))
    try:
        yield
    finally:
        setattr(limits, table, before)
