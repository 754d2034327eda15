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
    """Inputs to be answered, as the subject's adapter reads them.

    `triggered` says where each carries a part of a trigger: patches of images (bool `[n, rows * columns]`), spans of
    texts (a tuple of them for each), nothing for records; `labels` (`int64 [n]`) is what the inputs really are. Both
    are the truth, which only oracles look at.
    """

    inputs: Sequence[Any]
    triggered: Any
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True)
class Answers:
    """What a defence makes of `n` inputs.

    `labels` (`int64 [n]`) are numbers of classes, or `REFUSED`; `flagged` (bool `[n]`) says which inputs it takes for
    triggered; `scores` (`float64 [n]`) how suspicious each is, or `None` for a defence that tells no inputs
    apart, whose detection is then not counted.
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
    """What a defender has beside the model: clean inputs with their labels, never those that are judged on.

    `false_positive_rate` is the wanted share of clean inputs that are flagged; all randomness comes from `seed`.
    """

    clean: Labelled
    false_positive_rate: float
    seed: int
