"""Settings of a detector that are tried on inputs it was not trained on, and which of them is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from ..detector.reference import ReferenceKind
from ..detector.trained import TrainedDetector

WORTH_A_LAYER = 0.005  # of the hijacked predictions: what a watched layer must win back


@dataclass(frozen=True)
class Setting:
    """One setting that was tried: watched layers, benign reference, threshold."""

    watched: tuple[int, ...]
    reference: ReferenceKind
    threshold: float

    @property
    def merit(self) -> float:
        """What a setting is chosen by."""
        raise NotImplementedError


@dataclass(frozen=True)
class Choice(Setting):
    """The share of hijacked predictions that a setting wins back, and of benign ones that it changes."""

    won_back: float
    benign_changed: float
    jointly: bool = False
    alongside: float | None = None

    @property
    def merit(self) -> float:
        """What is won back, less what is changed."""
        return self.won_back - self.benign_changed


@dataclass(frozen=True)
class Tuned:
    """A detector as it was chosen, by which choice (`None`: it watches nothing), and everything that was tried."""

    detector: TrainedDetector
    choice: Setting | None
    tried: tuple[Setting, ...]

    @classmethod
    def of(cls, detector: TrainedDetector, choice: Setting | None, tried: Sequence[Setting] = ()) -> Self:
        """`detector` with the setting `choice`."""
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

    `tried` are in the order of `KINDS`, and `hijacked` is how many predictions could be won back: so few can't tell
    references apart any better (Breiman et al., 1984, choose trees so).
    """
    best = max(tried, key=lambda choice: choice.merit)
    error = math.sqrt(best.won_back * (1 - best.won_back) / max(1, hijacked))
    return [choice for choice in tried if choice.watched == best.watched and choice.merit >= best.merit - error][-1]
