"""How high a detector scores each input, layer by layer, in the untouched model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..attention import FLAG_NOTHING, hotfix
from ..detector.contract import ColumnDetector
from ..subjects.subject import Subject
from .answers import batches


def layer_scores(subject: Subject, detector: ColumnDetector, inputs: Sequence[Any]) -> np.ndarray:
    """The highest column score of each input in each watched layer; nothing is repaired.

    An input has a flagged column exactly when one of its scores reaches the threshold, because the layers before the
    first flagged one are the same with and without the fix.

    Args:
        subject: the model.
        detector: gives the scores.
        inputs: images, texts or records.

    Returns:
        float64 `[n, watched layers]`, 0 to 1.
    """
    if not detector.watched:
        return np.zeros((len(inputs), 0))
    found = np.zeros((len(inputs), len(detector.watched)))
    order = batches(inputs)
    encoded = (subject.encode([inputs[place] for place in chosen]) for chosen in order)
    found[[place for chosen in order for place in chosen]] = scores_in(subject, detector, encoded)
    return found


def scores_in(subject: Subject, detector: ColumnDetector, encoded: Iterable[dict[str, Tensor]]) -> np.ndarray:
    """The same as `layer_scores` for batches of inputs as the model takes them.

    Args:
        subject: the model.
        detector: gives the scores; it watches at least one layer.
        encoded: batches, each as keyword arguments of the model.

    Returns:
        float64 `[n, watched layers]`, 0 to 1.
    """
    found = [np.empty((0, len(detector.watched)))]
    with torch.no_grad(), hotfix(subject.model, detector, threshold=FLAG_NOTHING) as fix:
        for batch in encoded:
            subject.model(**batch)
            highest = [score.flatten(1).amax(1) for score in fix.scores if score is not None]
            found.append(torch.stack(highest, 1).double().numpy())
    return np.concatenate(found)
