"""From maps to scores, and from scores to flags, at a detector's own threshold or another one."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .contract import ColumnDetector, Manner
from .repeats import added_up, first_places, given_to_all, token_numbers

FLAG_NOTHING = float("inf")  # as a threshold


@dataclass(frozen=True)
class Flagging:
    """From which scores on columns are flagged.

    Attributes:
        threshold: the score from which on a column is flagged; by default none is.
        alongside: the score from which on a column is flagged where another of the same input is; by default the
            threshold.
    """

    threshold: float = FLAG_NOTHING
    alongside: float | None = None

    @classmethod
    def of(cls, detector: ColumnDetector | None, threshold: float | None = None) -> Flagging:
        """That of `detector`, or with another `threshold`; without a detector nothing is flagged."""
        own = cls.threshold if detector is None else detector.threshold
        return cls(own if threshold is None else threshold, Manner.of(detector).alongside)

    def flagged(self, scores: Tensor, valid: Tensor) -> Tensor:
        """Which columns of `scores` (`[batch, ..., keys]`) are flagged, as bool; `valid` is broadcastable to them."""
        flagged = (scores >= self.threshold) & valid
        if self.alongside is not None and self.alongside < self.threshold:
            suspected = flagged.flatten(1).any(1)
            flagged |= (scores >= self.alongside) & valid & suspected[(..., *[None] * (scores.ndim - 1))]
        return flagged


def scores_of(detector: ColumnDetector, layer: int, attention: Tensor, valid: Tensor, tokens: Tensor | None) -> Tensor:
    """A detector's scores; copies of a token are judged as one where the detector asks for that.

    Args:
        detector: gives the scores.
        layer: number of the layer.
        attention: its maps, `[batch, heads, queries, keys]`.
        valid: bool `[batch, keys]`, `False` for padding.
        tokens: of a text, int64 `[batch, keys]`, or their vectors `[batch, keys, size]`; `None` for other inputs.

    Returns:
        `[batch, heads, keys]`, 0 to 1.
    """
    if not Manner.of(detector).adds_repeats or tokens is None or tokens.shape[:2] != valid.shape:
        return detector.score(layer, attention, valid, valid)
    first = first_places(token_numbers(tokens), valid)
    return given_to_all(detector.score(layer, added_up(attention, first), valid, valid), first)
