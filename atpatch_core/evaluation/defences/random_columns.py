"""The placebo: as many columns as AtPatch flags, in the same heads, but drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ...detector.contract import ColumnDetector
from ...subjects.subject import Subject
from .column_fix import ColumnFix, own_detector
from .contract import Answers, DefenderData, Suspects


@dataclass(frozen=True)
class ShuffledColumns:
    """Scores of `detector` under a random order of the columns of each head (see `ColumnDetector`)."""

    detector: ColumnDetector
    generator: torch.Generator = field(repr=False)

    @property
    def threshold(self) -> float:
        """That of the detector."""
        return self.detector.threshold

    @property
    def watched(self) -> tuple[int, ...]:
        """Those of the detector."""
        return self.detector.watched

    @property
    def layers(self) -> int:
        """As many as the detector's model has."""
        return self.detector.layers

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """The detector's scores, each head's in an order of its own."""
        scores = self.detector.score(layer, attention, key_valid, query_valid)
        return scores.gather(-1, torch.rand(scores.shape, generator=self.generator).argsort(-1))

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The detector's reference."""
        return self.detector.benign(layer, attention, key_valid)


@dataclass(frozen=True)
class RandomColumns:
    """Redistributes other columns than `detector` flags, as many of them."""

    detector: ColumnDetector
    seed: int

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the model with the wrong columns repaired."""
        shuffled = ShuffledColumns(self.detector, torch.Generator().manual_seed(self.seed))
        return ColumnFix(shuffled).predict(subject, suspects)


def random_columns(subject: Subject, have: DefenderData) -> RandomColumns:
    """As many columns as the subject's detector flags."""
    return RandomColumns(own_detector(subject), have.seed)
