"""Settings of a detector that are tried on inputs it was not trained on, and which of them is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from ..detector.growth import Growth
from ..detector.reference import ReferenceKind
from ..detector.trained import TrainedDetector

WORTH_A_LAYER = 0.005  # of the hijacked predictions: what a watched layer must win back


@dataclass(frozen=True)
class Setting:
    """One setting that was tried.

    Attributes:
        watched: numbers of the watched layers.
        reference: how much attention a flagged column keeps.
        threshold: the score from which on a column is flagged.
    """

    watched: tuple[int, ...]
    reference: ReferenceKind
    threshold: float

    @property
    def merit(self) -> float:
        """What a setting is chosen by."""
        raise NotImplementedError


@dataclass(frozen=True)
class Choice(Setting):
    """A setting, and what it does.

    Attributes:
        watched: numbers of the watched layers.
        reference: how much attention a flagged column keeps.
        threshold: the score from which on a column is flagged.
        won_back: the share of hijacked predictions that it wins back.
        benign_changed: the share of benign predictions that it changes.
        jointly: whether the layers judge together; not by default.
        alongside: the score from which on other columns of a flagged input are flagged, too; by default the threshold.
        growth: how spans are grown from what is flagged; by default they are not.
        changed_by_false_alarms: the share of answers to clean inputs that change where a benign column is flagged.
        deserved_lost: the share of answers that it takes from triggered inputs that deserve them, weighed by how many
            inputs do.
    """

    won_back: float
    benign_changed: float
    jointly: bool = False
    alongside: float | None = None
    growth: Growth | None = None
    changed_by_false_alarms: float = 0.0
    deserved_lost: float = 0.0

    @property
    def merit(self) -> float:
        """What is won back, less what is changed or lost."""
        return self.won_back - self.benign_changed - self.deserved_lost


@dataclass(frozen=True)
class Tuned:
    """A detector as it was chosen.

    Attributes:
        detector: with the setting that was chosen.
        choice: that setting; `None` if the detector watches nothing.
        tried: everything that was tried.
    """

    detector: TrainedDetector
    choice: Setting | None
    tried: tuple[Setting, ...]

    @classmethod
    def of(cls, detector: TrainedDetector, choice: Setting | None, tried: Sequence[Setting] = ()) -> Self:
        """A detector with a setting.

        Args:
            detector: with any setting.
            choice: the setting to give it; `None` for one that watches nothing.
            tried: everything that was tried; nothing by default.
        """
        if choice is None:
            return cls(replace(detector, watched=(), threshold=1.0), None, tuple(tried))
        chosen = {"watched": choice.watched, "threshold": choice.threshold, "reference": choice.reference}
        return cls(replace(detector, **chosen), choice, tuple(tried))  # type: ignore[arg-type]

    @property
    def merit(self) -> float:
        """That of the choice."""
        return 0.0 if self.choice is None else self.choice.merit


def least_left(tried: Sequence[Choice], hijacked: int) -> Choice:
    """Of the best choice and its like within one standard error, the one whose reference leaves a flagged column least.

    Args:
        tried: at least one, in the order of `KINDS`.
        hijacked: how many predictions could be won back.
    """
    watched = max(tried, key=lambda choice: choice.merit).watched
    return last_of_equals([choice for choice in tried if choice.watched == watched], hijacked)


def last_of_equals(tried: Sequence[Choice], hijacked: int) -> Choice:
    """The last choice that is no worse than the best one by more than one standard error.

    With few predictions to win back, settings differ by chance (Breiman et al., 1984, choose trees so).

    Args:
        tried: at least one, the preferred ones last.
        hijacked: how many predictions could be won back.
    """
    best = max(tried, key=lambda choice: choice.merit)
    error = math.sqrt(best.won_back * (1 - best.won_back) / max(1, hijacked))
    return [choice for choice in tried if choice.merit >= best.merit - error][-1]
