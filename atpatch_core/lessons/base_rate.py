"""The base-rate trap: how many alarms are real when what is looked for is rare."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alarms:
    """Expected numbers of alarms.

    Attributes:
        inputs: how many inputs were looked at.
        right: triggered inputs that are flagged.
        false: clean inputs that are flagged.
        missed: triggered inputs that are not flagged.
    """

    inputs: int
    right: float
    false: float
    missed: float

    @property
    def precision(self) -> float | None:
        """The share of alarms that are real, 0 to 1; `None` when there is no alarm."""
        alarms = self.right + self.false
        return self.right / alarms if alarms > 0 else None


def expected_alarms(true_positives: float, false_positives: float, triggered: float, inputs: int = 10_000) -> Alarms:
    """What a detector with known rates says about a number of inputs.

    Args:
        true_positives: share of the triggered inputs that it flags, 0 to 1.
        false_positives: share of the clean inputs that it flags, 0 to 1.
        triggered: share of the inputs that carry a trigger, 0 to 1.
        inputs: how many inputs; 10,000 by default.

    Raises:
        ValueError: a share is outside 0 to 1.

    Example:
        >>> alarms = expected_alarms(true_positives=0.99, false_positives=0.01, triggered=0.001)
        >>> round(alarms.right, 1), round(alarms.false, 1), round(alarms.precision, 2)
        (9.9, 99.9, 0.09)
    """
    for share in (true_positives, false_positives, triggered):
        if not 0 <= share <= 1:
            raise ValueError(f"A share is a number from 0 to 1, not {share}.")
    bad = inputs * triggered
    return Alarms(inputs, bad * true_positives, (inputs - bad) * false_positives, bad * (1 - true_positives))
