"""Where a column of attention stands: its layer, its head, its key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Column:
    """One column (key) of one head's attention map in one layer.

    Attributes:
        layer: number of the attention layer, from 0.
        head: number of the head in that layer, from 0.
        key: number of the column, from 0; `Layout.key_names` says what it stands for.

    Example:
        >>> Column(layer=0, head=1, key=49) == Column(0, 1, 49)
        True
        >>> sorted([Column(1, 0, 3), Column(0, 2, 7)])  # layer by layer
        [Column(layer=0, head=2, key=7), Column(layer=1, head=0, key=3)]
    """

    layer: int
    head: int
    key: int
