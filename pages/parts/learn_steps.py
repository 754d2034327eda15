"""The steps of the tour, in order."""

from __future__ import annotations

from typing import Protocol

from . import (
    learn_attention,
    learn_clean,
    learn_detector,
    learn_fairness,
    learn_limits,
    learn_redistribution,
    learn_trigger,
)
from .learn_question import Question


class LearnStep(Protocol):
    """One step: a module with a title, a question to check oneself, and what is shown."""

    @property
    def TITLE(self) -> str:  # noqa: N802 - a module's constant
        """What the step is about."""
        ...

    @property
    def QUESTION(self) -> Question:  # noqa: N802
        """The question at its end."""
        ...

    def show(self) -> None:
        """Draw the step. Raises `AtPatchError` when the model it runs on is not installed."""
        ...


STEPS: tuple[LearnStep, ...] = (
    learn_attention,
    learn_clean,
    learn_trigger,
    learn_detector,
    learn_redistribution,
    learn_limits,
    learn_fairness,
)
