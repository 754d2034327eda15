"""How long an attribution takes on this machine, told from its first step, and as many steps as there is time for.

found = attribute_both(subject, x, target, inspection.flags.columns)      # about half a minute at most
found.before, found.after, found.steps
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .attribution import STEPS, Attribution, attribute
from .errors import InputError
from .extras import need
from .inspection import Column
from .subjects.subject import Subject

STEPS_OFFERED = (4, 8, 16, 32, STEPS, 2 * STEPS)
SECONDS = 30.0  # that an attribution takes if nobody asks for more
FIRST, ALL = "taking a first step", "attributing"
_BATCH_SECONDS = 1.0  # the longest that nobody can stop it
_TICKS = 1_000  # in a second: progress is told in whole numbers
OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pace:
    """Seconds that an attribution takes to `start`, and for one `step`."""

    start: float
    step: float

    def seconds(self, steps: int, passes: int) -> float:
        """How long so many `steps` take, done in so many `passes` (1, or 2 without and with AtPatch)."""
        return passes * (self.start + steps * self.step)

    def steps_within(self, seconds: float, passes: int) -> int:
        """As many of the usual steps as take no longer, or else the fewest offered."""
        fitting = [one for one in STEPS_OFFERED if one <= STEPS and self.seconds(one, passes) <= seconds]
        return max(fitting, default=STEPS_OFFERED[0])


@dataclass(frozen=True)
class BothAttributions:
    """What the answer is made of in the model as it is (`before`) and while columns are redistributed (`after`).

    `after` is `None` if none are. `steps` is how many were taken for each, at this `pace`.
    """

    before: Attribution
    after: Attribution | None
    steps: int
    pace: Pace


class _MeasuredError(Exception):
    """Thrown out of an attribution's own progress report after the first step."""


def measure_pace(
    subject: Subject,
    x: Any,
    target: int,
    on_step: OnStep | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Pace:
    """Start an attribution of one input, and stop it after the first step. Raises what `attribute` does.

    `on_step` learns that it begins and that it is done; what it raises is passed on.
    """
    if on_step is not None:
        on_step(FIRST, 0, 1)
    # Captum brings Matplotlib, whose import takes seconds only once.
    need("reports", "Attributions")
    import captum.attr  # noqa: F401

    times = [clock()]

    def note(done: int, steps: int) -> None:
        times.append(clock())
        if done:
            raise _MeasuredError

    with suppress(_MeasuredError):
        attribute(subject, x, target, steps=2, on_step=note, at_once=1)
    if on_step is not None:
        on_step(FIRST, 1, 1)
    return Pace(start=times[1] - times[0], step=times[2] - times[1])


def attribute_both(
    subject: Subject,
    x: Any,
    target: int,
    columns: Sequence[Column] = (),
    steps: int | None = None,
    on_step: OnStep | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> BothAttributions:
    """Attribute the class `target` in the model as it is, and with `columns` redistributed if there are any.

    Args:
        subject: the model; it stays untouched.
        x: one input, as the subject reads it.
        target: number of the class.
        columns: what is redistributed.
        steps: how many to take for each; by default as many as take about `SECONDS` in all, by the first step.
        on_step: called with (stage, done, in all), where the last stage, `ALL`, is told in milliseconds as far as they
            can be foreseen. What it raises ends the work and is passed on.
        clock: tells the seconds.

    Raises:
        InputError: there are no such steps; and what `attribute` raises.
    """
    if steps is not None and steps < 1:
        raise InputError("Attribution takes one step at least: choose a larger number.")
    passes = 2 if columns else 1
    began = clock()
    pace = measure_pace(subject, x, target, on_step, clock)
    spent = clock() - began
    taken = pace.steps_within(SECONDS - spent, passes) if steps is None else steps
    total = spent + pace.seconds(taken, passes)

    def one(number: int, redistributed: Sequence[Column]) -> Attribution:
        def tell(done: int, of: int) -> None:
            if on_step is not None:
                foreseen = spent + pace.seconds(taken, number) + pace.start + done * pace.step
                on_step(ALL, round(_TICKS * foreseen), round(_TICKS * total))

        at_once = max(1, int(_BATCH_SECONDS / pace.step)) if pace.step > 0 else None
        return attribute(subject, x, target, redistributed, taken, tell, at_once)

    before = one(0, ())
    return BothAttributions(before, one(1, columns) if columns else None, taken, pace)
