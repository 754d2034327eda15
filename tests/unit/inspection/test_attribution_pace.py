"""How many steps an attribution takes is told by its first step, on a clock that is made up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from atpatch_core.column import Column
from atpatch_core.errors import InputError
from atpatch_core.inspection.attribution import attribute
from atpatch_core.inspection.attribution_pace import (
    ALL,
    FIRST,
    SECONDS,
    STEPS_OFFERED,
    Pace,
    attribute_both,
    measure_pace,
)

from .test_attribution import _hooks, _input, _subject

_COLUMNS = (Column(0, 1, 3),)


class _CancelledError(Exception):
    pass


class _Clock:
    """Each forward of the model takes so many seconds, and nothing else any."""

    def __init__(self, model: Any, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        forward = type(model).forward

        def slow(*arguments: Any, **named: Any) -> Any:
            self.now += seconds * len(next(iter(named.values())))
            return forward(*arguments, **named)

        monkeypatch.setattr(type(model), "forward", slow)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], tuple[Any, _Clock]]:
    """A tiny model and the clock on which its forwards take so many seconds."""

    def make(seconds: float) -> tuple[Any, _Clock]:
        subject = _subject("vit")
        return subject, _Clock(subject.model, seconds, monkeypatch)

    return make


def test_the_first_step_is_timed_and_nothing_after_it_is_done(timed: Callable[[float], tuple[Any, _Clock]]) -> None:
    subject, clock = timed(2.0)
    steps: list[tuple[str, int, int]] = []
    pace = measure_pace(subject, _input("vit"), 0, lambda *one: steps.append(one), clock)
    assert pace.step == 2.0
    assert pace.start == clock.now - 2.0
    assert steps == [(FIRST, 0, 1), (FIRST, 1, 1)]


@pytest.mark.parametrize(("seconds", "steps"), [(0.01, 64), (0.5, 16), (1.0, 8), (50.0, 4)])
def test_as_many_steps_are_taken_as_half_a_minute_allows(
    timed: Callable[[float], tuple[Any, _Clock]], seconds: float, steps: int
) -> None:
    subject, clock = timed(seconds)
    found = attribute_both(subject, _input("vit"), 0, _COLUMNS, clock=clock)
    assert found.steps == steps
    if steps > STEPS_OFFERED[0]:
        assert clock.now <= SECONDS + 1e-6


def test_without_columns_there_is_one_attribution_and_time_for_more_steps(
    timed: Callable[[float], tuple[Any, _Clock]],
) -> None:
    subject, clock = timed(0.5)
    found = attribute_both(subject, _input("vit"), 0, clock=clock)
    assert found.after is None
    assert found.steps == 32


def test_the_attributions_are_those_of_the_steps_asked_for() -> None:
    subject, x = _subject("vit"), _input("vit")
    found = attribute_both(subject, x, 1, _COLUMNS, steps=8)
    for one, columns in ((found.before, ()), (found.after, _COLUMNS)):
        assert one is not None
        assert torch.allclose(one.values, attribute(subject, x, 1, columns, steps=8).values, atol=1e-5)


def test_progress_grows_to_all_of_it(timed: Callable[[float], tuple[Any, _Clock]]) -> None:
    subject, clock = timed(0.25)
    shares: list[float] = []
    attribute_both(
        subject,
        _input("vit"),
        0,
        _COLUMNS,
        on_step=lambda stage, done, total: shares.append(done / total) if stage == ALL else None,
        clock=clock,
    )
    assert shares == sorted(shares)
    assert len(shares) == 2 * (32 // 4 + 1)  # four steps take a second, which is how long a batch may be
    assert shares[-1] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("place", range(6))
def test_work_that_is_cancelled_stops_there_and_leaves_nothing_behind(place: int) -> None:
    subject, x = _subject("vit"), _input("vit")
    before = _hooks(subject.model)
    steps = 0

    def cancel(stage: str, done: int, total: int) -> None:
        nonlocal steps
        steps += 1
        if steps > place:
            raise _CancelledError

    with pytest.raises(_CancelledError):
        attribute_both(subject, x, 0, _COLUMNS, steps=4, on_step=cancel)
    assert steps == place + 1
    assert _hooks(subject.model) == before
    again = attribute_both(subject, x, 0, _COLUMNS, steps=4)
    assert again.before.values.isfinite().all()


@pytest.mark.parametrize("steps", [0, -1])
def test_no_steps_are_refused(steps: int) -> None:
    with pytest.raises(InputError, match="one step at least"):
        attribute_both(_subject("vit"), _input("vit"), 0, steps=steps)
    with pytest.raises(InputError, match="one step at least"):
        attribute(_subject("vit"), _input("vit"), steps=steps)


def test_a_pace_says_how_long_steps_take_and_how_many_fit() -> None:
    pace = Pace(start=1.0, step=0.5)
    assert pace.seconds(8, 2) == 10.0
    assert pace.steps_within(10.0, 2) == 8
    assert pace.steps_within(9.9, 2) == 4
    assert pace.steps_within(0.0, 2) == 4
    assert pace.steps_within(1_000.0, 1) == 64
