"""What a model answers to many inputs, as it is or repaired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
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


@dataclass(frozen=True)
class RepairedAnswers:
    """What a hot-fixed model made of some inputs.

    Attributes:
        labels: the numbers of the most probable classes, int64 `[n]`.
        flagged: the inputs with a flag, cleared ones too, bool `[n]`.
        cleared: those of which every flag was cleared, as the answer does not depend on what was flagged, bool `[n]`.
        forwards: forward passes beyond the first one of each input whose flags were followed, int64.
        ended_early: how many of these searches reached their bound.
    """

    labels: np.ndarray
    flagged: np.ndarray
    cleared: np.ndarray
    forwards: np.ndarray
    ended_early: int


def repaired_answers(
    subject: Subject, inputs: Sequence[Any], threshold: float | None = None, follow_rows: int | None = None
) -> RepairedAnswers:
    """What a model answers while its own detector repairs it, and how the flags were followed.

    Args:
        subject: the model, with a detector.
        inputs: images, texts or records, in any order and of any length.
        threshold: the score from which on columns are flagged; by default the detector's own.
        follow_rows: how many trials each flagged input may cost; by default as many as the detector says.
    """
    labels = np.zeros(len(inputs), dtype=np.int64)
    flagged, cleared = np.zeros((2, len(inputs)), dtype=bool)
    forwards: list[int] = []
    ended_early = 0
    for chosen in batches(inputs):
        with torch.no_grad(), hotfix(subject, threshold=threshold, follow_rows=follow_rows) as fix:
            output = subject.model(**subject.encode([inputs[place] for place in chosen]))
        labels[chosen] = output.logits.argmax(-1).numpy()
        for columns in fix.flagged:
            if columns is not None:
                flagged[chosen] |= columns.flatten(1).any(1).numpy()
        for place, following in zip(chosen, fix.following or (None,) * len(chosen), strict=True):
            if following is not None:
                flagged[place] = True
                cleared[place] = bool(following.cleared)
                forwards.append(following.forwards)
                ended_early += not following.complete
    return RepairedAnswers(labels, flagged, cleared, np.array(forwards, dtype=np.int64), ended_early)


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
