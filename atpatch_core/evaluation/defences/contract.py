"""What a comparison needs of any defence: given the model and some inputs, an answer and a suspicion for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...subjects.subject import Subject
from ..labelled import Labelled

REFUSED = -1


@dataclass(frozen=True)
class Suspects:
    """Inputs to be answered, and the truth about them, which only oracles look at.

    Attributes:
        inputs: as the subject's adapter reads them.
        triggered: where each carries a part of a trigger: patches of images (bool `[n, rows * columns]`), spans of
            texts (a tuple of them for each), nothing for records.
        labels: the true classes, int64 `[n]`.
    """

    inputs: Sequence[Any]
    triggered: Any
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Answers:
    """What a defence makes of inputs.

    Attributes:
        labels: numbers of classes, or `REFUSED`, int64 `[n]`.
        flagged: which inputs it takes for triggered, bool `[n]`.
        scores: how suspicious each is, float64 `[n]`; `None` for a defence that doesn't tell inputs apart, whose
            detection is then not counted.
    """

    labels: np.ndarray
    flagged: np.ndarray
    scores: np.ndarray | None


def suspecting_nobody(labels: np.ndarray) -> Answers:
    """Answers without flags and scores: those of what detects nothing itself."""
    return Answers(labels, np.zeros(len(labels), dtype=bool), None)


class Defence(Protocol):
    """A defence that is ready to run. It never changes the subject."""

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """Answer every input. The same inputs get the same answers."""
        ...


@dataclass(frozen=True)
class DefenderData:
    """What a defender has beside the model.

    Attributes:
        clean: clean inputs with their labels, never those that are judged on.
        false_positive_rate: the wanted share of clean inputs that are flagged.
        seed: where all randomness comes from.
    """

    clean: Labelled
    false_positive_rate: float
    seed: int
