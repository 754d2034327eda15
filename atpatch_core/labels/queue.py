"""In which order inputs are labelled: what teaches the next detector most comes first."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from .contract import QueueEntry, State

_BANDS = 10  # of uncertainty; within one, disagreement decides


def uncertainty(score: float, threshold: float) -> float:
    """How little a detector can decide about an input.

    It is `exp(-|distance|)` in log-odds, so that scores near 0 and near 1 differ as well.

    Args:
        score: of the input's highest column, 0 to 1.
        threshold: the score from which on a column is flagged.

    Returns:
        1 at the threshold, going to 0.

    Example:
        >>> uncertainty(0.5, 0.5), round(uncertainty(0.9, 0.5), 3), round(uncertainty(0.99, 0.5), 3)
        (1.0, 0.111, 0.01)
    """
    return math.exp(-abs(_log_odds(score) - _log_odds(threshold)))


def in_active_learning_order(entries: Sequence[QueueEntry], annotator: str) -> tuple[QueueEntry, ...]:
    """What is open first: begun drafts, then by uncertainty, then by disagreement, then at random; answered ones last.

    Uncertainties count as equal within a tenth, so that disagreement has a say; where a detector has not looked, it is
    taken to be uncertain. The random order is another one for each annotator, and the same whenever they come back.
    """

    def place(entry: QueueEntry) -> tuple[int, int, float, str]:
        band = _BANDS if entry.uncertainty is None else round(entry.uncertainty * _BANDS)
        return _group(entry), -band, -entry.disagreement, _chance(entry, annotator)

    return tuple(sorted(entries, key=place))


def in_cold_start_order(entries: Sequence[QueueEntry], annotator: str) -> tuple[QueueEntry, ...]:
    """The order while no detector has looked at anything: what is open in turns the most conspicuous and a random one.

    Hijacked inputs are rare, so that at random it takes long to meet the first; and without others beside them there
    is nothing to tell them from.
    """
    drafts, still_open, answered = (
        sorted((entry for entry in entries if _group(entry) == group), key=lambda entry: _chance(entry, annotator))
        for group in range(3)
    )
    conspicuous = sorted(still_open, key=lambda entry: -(entry.uncertainty or 0.0))
    turns = dict.fromkeys(entry for pair in zip(conspicuous, still_open, strict=True) for entry in pair)
    return (*drafts, *turns, *answered)


def _group(entry: QueueEntry) -> int:
    """0 for begun drafts, 1 for what is open, 2 for what is answered."""
    answered = entry.state in (State.SUBMITTED, State.DISCARDED)
    return 2 if answered else 0 if entry.state is State.DRAFT else 1


def _chance(entry: QueueEntry, annotator: str) -> str:
    """A place in a random order, another one for each annotator, and always the same."""
    return hashlib.sha256(f"{annotator} {entry.item.digest}".encode()).hexdigest()


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))
