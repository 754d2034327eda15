"""What the hot-fix needs from any detector, trained or not."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class ColumnDetector(Protocol):
    """Scores the columns of one layer's maps, and knows how much attention is benign."""

    @property
    def threshold(self) -> float:
        """The score from which on a column is flagged."""
        ...

    @property
    def watched(self) -> tuple[int, ...]:
        """Numbers of the layers it looks at; all others run as if there were no detector."""
        ...

    @property
    def layers(self) -> int:
        """How many attention layers the model must have."""
        ...

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """Score every column, 0 (benign) to 1 (hijacked).

        `attention` is `[batch, heads, queries, keys]`; `key_valid` and `query_valid` are bool `[batch, keys]` and
        `[batch, queries]`, `False` for padding. Returns `[batch, heads, keys]`; padding scores 0.
        """
        ...

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The attention a flagged column may keep, broadcastable to `attention`."""
        ...
