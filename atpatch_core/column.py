"""Where a column of attention stands: its layer, its head, its key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Column:
    """One column (key) of one head's attention map in one layer; all three count from 0."""

    layer: int
    head: int
    key: int
