"""The placebo: as many columns as AtPatch flags, in the same heads, but others, drawn at random.

Which inputs are repaired is AtPatch's doing, so the placebo itself suspects none.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...detector.contract import ColumnDetector
from ...subjects.subject import Subject
from .column_fix import ColumnFix, own_detector
from .contract import Answers, DefenderData, Suspects, suspecting_nobody
from .same_watch import SameWatch


@dataclass(frozen=True)
class ShuffledColumns(SameWatch):
    """A detector's scores under a random order of the columns, the same in all heads and layers of an input.

    Attributes:
        detector: gives the scores.
        seed: of the order.
    """

    seed: int

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """The detector's scores in the other order (see `ColumnDetector`)."""
        scores = self.detector.score(layer, attention, key_valid, query_valid)
        generator = torch.Generator().manual_seed(self.seed)
        order = torch.rand(len(scores), scores.shape[-1], generator=generator).argsort(-1)
        return scores.gather(-1, order[:, None].expand_as(scores))


@dataclass(frozen=True)
class RandomColumns:
    """Redistributes other columns than a detector flags, as many of them.

    Attributes:
        detector: says how many, and in which heads.
        seed: which ones.
    """

    detector: ColumnDetector
    seed: int

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the model with the wrong columns repaired."""
        shuffled = ShuffledColumns(self.detector, self.seed)
        return suspecting_nobody(ColumnFix(shuffled).predict(subject, suspects).labels)


def random_columns(subject: Subject, have: DefenderData) -> RandomColumns:
    """As many columns as the subject's detector flags."""
    return RandomColumns(own_detector(subject), have.seed)
