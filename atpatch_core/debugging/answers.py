"""What a model answers to many inputs, as it is or repaired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..attention import hotfix
from ..detector.contract import ColumnDetector
from ..subjects.subject import Subject

BATCH = 250  # inputs in one forward


def answers(subject: Subject, inputs: Sequence[Any], detector: ColumnDetector | None = None) -> np.ndarray:
    """What a model answers to many inputs, as it is or repaired.

    Args:
        subject: the model.
        inputs: images, texts or records, in any order and of any length.
        detector: repairs the model while it answers; by default the model answers as it is.

    Returns:
        The numbers of the most probable classes, int64 `[n]`.
    """
    order = batches(inputs)
    found = np.zeros(len(inputs), dtype=np.int64)
    encoded = (subject.encode([inputs[place] for place in chosen]) for chosen in order)
    found[[place for chosen in order for place in chosen]] = answers_to(subject, encoded, detector)
    return found


def repaired_answers(
    subject: Subject, inputs: Sequence[Any], threshold: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """What a model answers while its own detector repairs it, and which flags turned out to be none.

    Args:
        subject: the model, with a detector.
        inputs: images, texts or records, in any order and of any length.
        threshold: the score from which on columns are flagged; by default the detector's own.

    Returns:
        The numbers of the most probable classes, int64 `[n]`; and the inputs of which every flag was cleared, as the
        answer does not depend on what was flagged, bool `[n]`.
    """
    found, cleared = np.zeros(len(inputs), dtype=np.int64), np.zeros(len(inputs), dtype=bool)
    for chosen in batches(inputs):
        with torch.no_grad(), hotfix(subject, threshold=threshold) as fix:
            output = subject.model(**subject.encode([inputs[place] for place in chosen]))
        found[chosen] = output.logits.argmax(-1).numpy()
        if fix.following:
            cleared[chosen] = [following is not None and bool(following.cleared) for following in fix.following]
    return found, cleared


def answers_to(
    subject: Subject, encoded: Iterable[dict[str, Tensor]], detector: ColumnDetector | None = None
) -> np.ndarray:
    """The same as `answers` for batches of inputs as the model takes them.

    Args:
        subject: the model.
        encoded: batches, each as keyword arguments of the model.
        detector: repairs the model while it answers; by default the model answers as it is.

    Returns:
        The numbers of the most probable classes, int64 `[n]`.
    """
    found = [np.empty(0, dtype=np.int64)]
    for batch in encoded:
        with torch.no_grad(), nullcontext() if detector is None else hotfix(subject.model, detector):
            found.append(subject.model(**batch).logits.argmax(-1).numpy())
    return np.concatenate(found)


def batches(inputs: Sequence[Any]) -> list[list[int]]:
    """The places of `inputs` in batches; texts of about the same length together, to spend little on padding."""
    order = sorted(range(len(inputs)), key=lambda place: len(inputs[place]) if isinstance(inputs[place], str) else 0)
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
