"""How long an attribution takes on this machine, measured by its first step, and how many steps there is time for.

found = attribute_both(subject, x, target, inspection.flags.columns)      # about half a minute at most
found.before, found.after, found.steps
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..column import Column
from ..errors import InputError
from ..extras import need
from ..subjects.subject import Subject
from .attribution import STEPS, Attribution, attribute

# Each twice the one before: from a first impression to more exact than anyone needs.
STEPS_OFFERED = (4, 8, 16, 32, STEPS, 2 * STEPS)
SECONDS = 30.0  # that an attribution takes unless more is asked for: a wait that a person still sits out
FIRST, ALL = "taking a first step", "attributing"
_BATCH_SECONDS = 1.0  # between two chances to stop it; longer batches are faster, shorter ones stop sooner
_TICKS = 1_000  # in a second: progress is reported in whole numbers
OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pace:
    """How long attributions of one input take on this machine.

    Attributes:
        start: seconds before the first step.
        step: seconds for each step.

    Example:
        >>> pace = Pace(start=1.0, step=0.5)
        >>> pace.seconds(steps=8, passes=2)
        10.0
        >>> pace.steps_within(seconds=10.0, passes=1)
        16
    """

    start: float
    step: float

    def seconds(self, steps: int, passes: int) -> float:
        """How many seconds an attribution takes.

        Args:
            steps: how many steps it takes in each pass.
            passes: 1, or 2 for one without and one with AtPatch.
        """
        return passes * (self.start + steps * self.step)

    def steps_within(self, seconds: float, passes: int) -> int:
        """The most of the usual numbers of steps that fit into a time.

        Args:
            seconds: the time for all passes together.
            passes: 1, or 2 for one without and one with AtPatch.

        Returns:
            One of `STEPS_OFFERED` up to `STEPS`; the smallest of them if none fits.
        """
        fitting = [steps for steps in STEPS_OFFERED if steps <= STEPS and self.seconds(steps, passes) <= seconds]
        return max(fitting, default=STEPS_OFFERED[0])


@dataclass(frozen=True)
class BothAttributions:
    """What an answer is made of, without and with AtPatch; made by `attribute_both`.

    Attributes:
        before: the attribution in the model as it is.
        after: the attribution while columns are redistributed; `None` if none are.
        steps: how many steps each of them took.
        pace: how long the start and each step took on this machine.
    """

    before: Attribution
    after: Attribution | None
    steps: int
    pace: Pace


class _MeasuredError(Exception):
    """Raised from an attribution's own progress report to end it after the first step."""


def measure_pace(
    subject: Subject,
    x: Any,
    target: int,
    on_step: OnStep | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Pace:
    """Start an attribution of one input and stop it after the first step, to see how long it takes.

    Args:
        subject: the model; it stays untouched.
        x: one input, as `subject.read` returns it.
        target: number of the class to explain.
        on_step: called with (`FIRST`, 0, 1) at the start and (`FIRST`, 1, 1) at the end; an exception it raises is
            passed on.
        clock: returns the time in seconds; by default the system's monotonic clock.

    Raises:
        AtPatchError: as `attribute` does.
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
    """Attribute the class `target` in the model as it is, and once more with `columns` redistributed if there are any.

    Args:
        subject: the model; it stays untouched.
        x: one input, as `subject.read` returns it.
        target: number of the class to explain.
        columns: the columns to redistribute; none by default.
        steps: how many steps each attribution takes; by default as many as fit into `SECONDS` in all, going by the
            first step.
        on_step: called with (stage, done, in all); in the last stage, `ALL`, both numbers are estimates in
            milliseconds. An exception it raises ends the work and is passed on.
        clock: returns the time in seconds; by default the system's monotonic clock.

    Raises:
        InputError: `steps` is less than 1.
        AtPatchError: as `attribute` does.
    """
    if steps is not None and steps < 1:
        raise InputError("Attribution takes one step at least: choose a larger number.")
    passes = 2 if columns else 1
    began = clock()
    pace = measure_pace(subject, x, target, on_step, clock)
    spent = clock() - began
    taken = pace.steps_within(SECONDS - spent, passes) if steps is None else steps
    total = spent + pace.seconds(taken, passes)

    def attributed(number: int, redistributed: Sequence[Column]) -> Attribution:
        def tell(done: int, of: int) -> None:
            if on_step is not None:
                foreseen = spent + pace.seconds(taken, number) + pace.start + done * pace.step
                on_step(ALL, round(_TICKS * foreseen), round(_TICKS * total))

        at_once = max(1, int(_BATCH_SECONDS / pace.step)) if pace.step > 0 else None
        return attribute(subject, x, target, redistributed, taken, tell, at_once)

    before = attributed(0, ())
    return BothAttributions(before, attributed(1, columns) if columns else None, taken, pace)
