"""What a comparison needs of one run: inputs to be answered, and what answers to them are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .defences.contract import Answers, Suspects
from .evaluate import Triggered
from .labelled import Labelled
from .rates import Rate

CLEAN = "clean"  # the condition of inputs without an attack


class Attack(Protocol):
    """A way to get inputs with a trigger."""

    def __call__(self, clean: Any, seed: int) -> Triggered:
        """Attack the labelled inputs `clean`, or give others; all randomness comes from `seed`."""
        ...


@dataclass(frozen=True)
class AttackFigures:
    """One defence under one attack, or by one protected attribute.

    Attributes:
        rates: by metric.
        n: how many inputs.
    """

    rates: dict[str, Rate]
    n: int


@dataclass(frozen=True)
class DefenceFigures:
    """One defence; what is not measured is left out.

    Attributes:
        rates: by metric.
        attacks: those under each attack.
    """

    rates: dict[str, Rate]
    attacks: dict[str, AttackFigures]


@dataclass(frozen=True)
class Judged:
    """One input and what became of it; classes are numbers, or `REFUSED`.

    Attributes:
        input: as the subject's adapter reads it.
        truth: its true class.
        before: the untouched model's answer.
        after: the defence's answer.
        flagged: whether the defence flags it.
    """

    input: Any
    truth: int
    before: int
    after: int
    flagged: bool


class Trial(Protocol):
    """The inputs of one run under each condition, and how answers to them are judged.

    Answers come as a mapping from conditions, beside those of the untouched model.
    """

    @property
    def judged(self) -> Labelled:
        """The inputs that all figures are measured on, as they are."""
        ...

    @property
    def suspects(self) -> Mapping[str, Sequence[Suspects]]:
        """What a defence is asked, by condition, in batches."""
        ...

    def figures(self, after: Mapping[str, Answers], before: Mapping[str, Answers]) -> DefenceFigures:
        """What a defence achieves and costs, all but its time."""
        ...

    def outcomes(
        self, after: Mapping[str, Answers], before: Mapping[str, Answers], attack: str
    ) -> dict[str, list[Judged]]:
        """The inputs by what became of them.

        Args:
            after: the defence's answers, by condition.
            before: the untouched model's answers.
            attack: name of the attack, or of the protected attribute.
        """
        ...
