"""The base-rate trap: how many alarms are real when what is looked for is rare."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alarms:
    """Expected numbers among `inputs` inputs: `right` and `false` alarms, and triggered inputs that were `missed`."""

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
    """What a detector with these rates says about `inputs` inputs, of which the share `triggered` carries a trigger.

    All shares are 0 to 1; raises `ValueError` for any other.
    """
    for share in (true_positives, false_positives, triggered):
        if not 0 <= share <= 1:
            raise ValueError(f"A share is a number from 0 to 1, not {share}.")
    bad = inputs * triggered
    return Alarms(inputs, bad * true_positives, (inputs - bad) * false_positives, bad * (1 - true_positives))
