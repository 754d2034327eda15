"""The steps of the tour, in order."""

from __future__ import annotations

from typing import Protocol

from pages.learn import attention as learn_attention
from pages.learn import clean as learn_clean
from pages.learn import detector as learn_detector
from pages.learn import fairness as learn_fairness
from pages.learn import limits as learn_limits
from pages.learn import redistribution as learn_redistribution
from pages.learn import trigger as learn_trigger
from pages.learn.question import Question


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
