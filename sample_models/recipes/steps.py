"""Say how far a build has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

OnStep = Callable[[str, int, int], None]
SEEDS = (0, 1, 2)  # of the detectors that are trained
SHIPPED = 0  # the seed of the detector that is used


def within(name: str, on_step: OnStep) -> OnStep:
    """What tells `on_step` about the stages of a part of the build, with the `name` of that part before them."""
    return lambda stage, done, total: on_step(f"{name}: {stage}", done, total)


@contextmanager
def stage(name: str, on_step: OnStep) -> Iterator[None]:
    """A stage that is one step."""
    on_step(name, 0, 1)
    yield
    on_step(name, 1, 1)


def epochs_as_steps(on_step: OnStep) -> Callable[[int, int], None]:
    """What tells `on_step` how far the training of the model has come."""
    return lambda done, total: on_step("training the model", done, total)
