"""How high a detector scores each input, layer by layer, in the untouched model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..attention import FLAG_NOTHING, hotfix
from ..detector.contract import ColumnDetector
from ..subjects.subject import Subject
from .answers import batches


def layer_scores(subject: Subject, detector: ColumnDetector, inputs: Sequence[Any]) -> np.ndarray:
    """The highest column score of each input in each watched layer, `float64 [n, watched layers]`; nothing is repaired.

    An input has a flagged column exactly when one of its scores reaches the threshold, because the layers before the
    first flagged one are the same with and without the fix.
    """
    if not detector.watched:
        return np.zeros((len(inputs), 0))
    found = np.zeros((len(inputs), len(detector.watched)))
    with torch.no_grad(), hotfix(subject.model, detector, threshold=FLAG_NOTHING) as fix:
        for chosen in batches(inputs):
            subject.model(**subject.encode([inputs[place] for place in chosen]))
            highest = [score.flatten(1).amax(1) for score in fix.scores if score is not None]
            found[chosen] = torch.stack(highest, 1).double().numpy()
    return found
