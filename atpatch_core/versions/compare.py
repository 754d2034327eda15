"""Two versions of a detector on the same held-out inputs: who flags what the other does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..debugging.layer_scores import layer_scores
from ..detector.contract import ColumnDetector
from ..detector.trained import TrainedDetector
from ..subjects.subject import Subject


@dataclass(frozen=True)
class Comparison:
    """What two detectors flag of the same inputs; inputs are numbered from 0 in their order.

    Attributes:
        both: inputs that both flag.
        only_first: inputs that only the first flags.
        only_second: inputs that only the second flags.
        neither: how many inputs neither flags.
        scores: the highest column score of each input by each detector, float64 `[2, n]`; 0 where a detector watches
            nothing.
    """

    both: tuple[int, ...]
    only_first: tuple[int, ...]
    only_second: tuple[int, ...]
    neither: int
    scores: np.ndarray


def compare(subject: Subject, first: TrainedDetector, second: TrainedDetector, inputs: Sequence[Any]) -> Comparison:
    """Let two detectors look at the same inputs in the untouched model.

    Args:
        subject: the model.
        first: a detector of this model.
        second: another one.
        inputs: as `subject.read` returns them.

    Raises:
        DetectorError: a detector was made for another model.
    """
    highest = np.stack([layer_scores(subject, detector, inputs).max(1, initial=0.0) for detector in (first, second)])
    return compare_scores(highest, (first, second))


def compare_scores(highest: np.ndarray, detectors: tuple[ColumnDetector, ColumnDetector]) -> Comparison:
    """Compare two detectors by scores that are known already.

    Args:
        highest: the highest column score of each input by each detector, float64 `[2, n]`.
        detectors: both, for their thresholds.
    """
    flags = highest >= np.array([[detector.threshold] for detector in detectors])
    # A detector that watches nothing scores 0 throughout, and flags nothing even if its threshold is 0.
    flags &= np.array([[bool(detector.watched)] for detector in detectors])

    def which(chosen: np.ndarray) -> tuple[int, ...]:
        return tuple(int(number) for number in np.flatnonzero(chosen))

    return Comparison(
        both=which(flags[0] & flags[1]),
        only_first=which(flags[0] & ~flags[1]),
        only_second=which(flags[1] & ~flags[0]),
        neither=int((~flags.any(0)).sum()),
        scores=highest,
    )
