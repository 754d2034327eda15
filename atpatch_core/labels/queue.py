"""In which order inputs are labelled: what teaches the next detector most comes first."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from .contract import QueueEntry, State

_BANDS = 10


def uncertainty(score: float, threshold: float) -> float:
    """How little a detector can decide about an input whose highest column scores `score`: 1 at the threshold, to 0.

    It is `exp(-|distance|)` in log-odds, so that scores near 0 and near 1 are told apart too.
    """
    return math.exp(-abs(_log_odds(score) - _log_odds(threshold)))


def in_teaching_order(entries: Sequence[QueueEntry], annotator: str) -> tuple[QueueEntry, ...]:
    """What is open first: begun drafts, then by uncertainty, then by disagreement, then at random; answered ones last.

    Uncertainties count as equal within a tenth, so that disagreement has a say; where a detector has not looked, it is
    taken to be uncertain. The random order is another one for each annotator, and the same whenever they come back.
    """

    def place(entry: QueueEntry) -> tuple[int, int, float, str]:
        answered = entry.state in (State.SUBMITTED, State.DISCARDED)
        group = 2 if answered else 0 if entry.state is State.DRAFT else 1
        band = _BANDS if entry.uncertainty is None else round(entry.uncertainty * _BANDS)
        chance = hashlib.sha256(f"{annotator} {entry.item.digest}".encode()).hexdigest()
        return group, -band, -entry.disagreement, chance

    return tuple(sorted(entries, key=place))


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))
