"""The inputs behind the figures of a comparison, and the figures class by class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .defences.contract import REFUSED, Answers
from .evaluate import Triggered
from .labelled import Labelled
from .trial import Judged

REFUSED_NAME = "no answer"


@dataclass(frozen=True)
class _Seen:
    truth: np.ndarray
    before: np.ndarray
    after: np.ndarray
    flagged: np.ndarray
    target: int | None


_Rule = Callable[[_Seen], np.ndarray]
_ATTACKED: dict[str, _Rule] = {
    "still the attacker's class": lambda seen: seen.after == seen.target,
    "right again": lambda seen: seen.after == seen.truth,
    "wrong in another way": lambda seen: (seen.after != seen.target) & (seen.after != seen.truth),
    "not flagged": lambda seen: ~seen.flagged,
}
_UNATTACKED: dict[str, _Rule] = {
    "flagged without a trigger": lambda seen: seen.flagged,
    "answer changed": lambda seen: seen.before != seen.after,
    "right before, wrong after": lambda seen: (seen.before == seen.truth) & (seen.after != seen.truth),
    "wrong before, right after": lambda seen: (seen.before != seen.truth) & (seen.after == seen.truth),
}
_ABOUT_FLAGS = ("not flagged", "flagged without a trigger")


def outcomes(data: Labelled, before: Answers, after: Answers, target: int | None = None) -> dict[str, list[Judged]]:
    """The inputs by what became of them, in order.

    Attacked ones of the target class are left out. Of a defence that detects nothing, nothing is said about flags.

    Args:
        data: labelled inputs, clean or attacked.
        before: the untouched model's answers to them.
        after: the defence's.
        target: number of the class that the attack wants; `None`, the default, for clean inputs.
    """
    seen = _Seen(data.labels, before.labels, after.labels, after.flagged, target)
    counts = np.ones(len(data), dtype=bool) if target is None else data.labels != target
    detects = after.scores is not None
    return {
        name: judged(data, before.labels, after.labels, after.flagged, rule(seen) & counts)
        for name, rule in (_UNATTACKED if target is None else _ATTACKED).items()
        if detects or name not in _ABOUT_FLAGS
    }


def judged(
    data: Labelled, before: np.ndarray, after: np.ndarray, flagged: np.ndarray, members: np.ndarray
) -> list[Judged]:
    """Some of the inputs, with the answers to them.

    Args:
        data: labelled inputs.
        before: the untouched model's answers, int64 `[n]`.
        after: the defence's, int64 `[n]`.
        flagged: which ones the defence flags, bool `[n]`.
        members: which ones to take, bool `[n]`.
    """
    return [
        Judged(data.inputs[place], int(data.labels[place]), int(before[place]), int(after[place]), bool(flagged[place]))
        for place in np.flatnonzero(members).tolist()
    ]


def class_name(number: int, labels: tuple[str, ...]) -> str:
    """The name of a class, or that there was no answer."""
    return REFUSED_NAME if number == REFUSED else labels[number]


@dataclass(frozen=True)
class ClassFigures:
    """Shares among the inputs of one true class in the last run.

    Attributes:
        label: name of the class.
        n: how many clean inputs it has.
        accuracy_before: of the untouched model.
        accuracy_after: with the defence.
        asr_before: attack success rate of the untouched model; NaN for the target class.
        asr_after: the same with the defence.
        recovery: attacked inputs that get their true class; NaN for the target class.
    """

    label: str
    n: int
    accuracy_before: float
    accuracy_after: float
    asr_before: float
    asr_after: float
    recovery: float


def per_class(
    clean: Labelled,
    attack: Triggered,
    before: tuple[Answers, Answers],
    after: tuple[Answers, Answers],
    labels: tuple[str, ...],
) -> list[ClassFigures]:
    """The figures of one defence against one attack for every class that occurs.

    Args:
        clean: labelled inputs without a trigger.
        attack: those with one.
        before: the untouched model's answers, to the clean and to the attacked inputs.
        after: the defence's answers to both.
        labels: names of the classes, in order.
    """
    found = []
    for number, label in enumerate(labels):
        mine = clean.labels == number
        attacked = (attack.inputs.labels == number) & (number != attack.target)
        if mine.any():
            found.append(
                ClassFigures(
                    label,
                    int(mine.sum()),
                    _share(before[0].labels[mine] == number),
                    _share(after[0].labels[mine] == number),
                    _share(before[1].labels[attacked] == attack.target),
                    _share(after[1].labels[attacked] == attack.target),
                    _share(after[1].labels[attacked] == number),
                )
            )
    return found


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float("nan")
