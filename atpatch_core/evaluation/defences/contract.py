"""What a comparison needs of any defence: given the model and some pictures, an answer and a suspicion for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from ...subjects.subject import Subject
from ..datasets import LabelledImages

REFUSED = -1


@dataclass(frozen=True)
class Suspects:
    """Pictures to be answered, at most a few hundred.

    `covered` (bool `[n, rows * columns]`) says which patches carry a part of a trigger and `labels` (`int64 [n]`) what
    the pictures really are: the truth, which only oracles look at.
    """

    pictures: Sequence[Image.Image]
    covered: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True)
class Answers:
    """What a defence makes of `n` pictures.

    `labels` (`int64 [n]`) are numbers of classes, or `REFUSED`; `flagged` (bool `[n]`) says which pictures it takes for
    triggered; `scores` (`float64 [n]`) how suspicious each is, or `None` for a defence that tells no inputs
    apart, whose detection is then not counted.
    """

    labels: np.ndarray
    flagged: np.ndarray
    scores: np.ndarray | None


class Defence(Protocol):
    """A defence that is ready to run. It never changes the subject."""

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """Answer every picture. The same pictures get the same answers."""
        ...


@dataclass(frozen=True)
class DefenderData:
    """What a defender has beside the model: clean pictures with their labels, never those that are judged on.

    `false_positive_rate` is the wanted share of clean pictures that are flagged; all randomness comes from `seed`.
    """

    clean: LabelledImages
    false_positive_rate: float
    seed: int
