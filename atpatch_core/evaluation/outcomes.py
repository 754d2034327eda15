"""The inputs behind the figures of a comparison, and the figures class by class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .comparison import CLEAN, Comparison
from .defences.catalogue import NO_FIX
from .defences.contract import REFUSED

REFUSED_NAME = "no answer"


@dataclass(frozen=True)
class Judged:
    """One input and what became of it: numbers of classes, or `REFUSED`."""

    picture: Image.Image
    truth: int
    before: int
    after: int
    flagged: bool


@dataclass(frozen=True)
class _Seen:
    truth: np.ndarray
    before: np.ndarray
    after: np.ndarray
    flagged: np.ndarray
    counts: np.ndarray
    target: int


_Rule = Callable[[_Seen], np.ndarray]
_ATTACKED: dict[str, _Rule] = {
    "still the attacker's class": lambda one: one.after == one.target,
    "right again": lambda one: one.after == one.truth,
    "wrong in another way": lambda one: (one.after != one.target) & (one.after != one.truth),
    "not flagged": lambda one: ~one.flagged,
}
_UNATTACKED: dict[str, _Rule] = {
    "flagged without a trigger": lambda one: one.flagged,
    "answer changed": lambda one: one.before != one.after,
    "right before, wrong after": lambda one: (one.before == one.truth) & (one.after != one.truth),
    "wrong before, right after": lambda one: (one.before != one.truth) & (one.after == one.truth),
}
_ABOUT_FLAGS = ("not flagged", "flagged without a trigger")


def outcomes(attack: str, detects: bool = True) -> tuple[str, ...]:
    """The names of what can become of an input under `attack` (or `CLEAN`), by a defence that `detects` or does not."""
    names = _UNATTACKED if attack == CLEAN else _ATTACKED
    return tuple(name for name in names if detects or name not in _ABOUT_FLAGS)


def behind(comparison: Comparison, defence: str, attack: str, outcome: str) -> list[Judged]:
    """The inputs of the last run with this outcome, in order; attacked ones of the target class are left out."""
    seen = _seen(comparison, defence, attack)
    rule = (_UNATTACKED if attack == CLEAN else _ATTACKED)[outcome]
    pictures = comparison.clean.inputs if attack == CLEAN else comparison.attacks[attack].inputs.inputs
    return [
        Judged(
            pictures[index],
            int(seen.truth[index]),
            int(seen.before[index]),
            int(seen.after[index]),
            bool(seen.flagged[index]),
        )
        for index in np.flatnonzero(rule(seen) & seen.counts).tolist()
    ]


def class_name(number: int, labels: tuple[str, ...]) -> str:
    """The name of a class, or that there was no answer."""
    return REFUSED_NAME if number == REFUSED else labels[number]


@dataclass(frozen=True)
class ClassFigures:
    """Shares among the inputs of one true class in the last run; `asr` and `recovery` are NaN for the target class."""

    label: str
    n: int
    accuracy_before: float
    accuracy_after: float
    asr_before: float
    asr_after: float
    recovery: float


def per_class(comparison: Comparison, defence: str, attack: str, labels: tuple[str, ...]) -> list[ClassFigures]:
    """The figures of one defence against one attack for every class that occurs."""
    clean, bad = _seen(comparison, defence, CLEAN), _seen(comparison, defence, attack)
    found = []
    for number, label in enumerate(labels):
        mine, attacked = clean.truth == number, (bad.truth == number) & bad.counts
        if mine.any():
            found.append(
                ClassFigures(
                    label,
                    int(mine.sum()),
                    _share(clean.before[mine] == number),
                    _share(clean.after[mine] == number),
                    _share(bad.before[attacked] == bad.target),
                    _share(bad.after[attacked] == bad.target),
                    _share(bad.after[attacked] == number),
                )
            )
    return found


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def _seen(comparison: Comparison, defence: str, attack: str) -> _Seen:
    after, before = comparison.answers[defence][attack], comparison.answers[NO_FIX][attack]
    if attack == CLEAN:
        truth, target = comparison.clean.labels, REFUSED - 1
        counts = np.ones(len(truth), dtype=bool)
    else:
        one = comparison.attacks[attack]
        truth, target = one.inputs.labels, one.target
        counts = truth != target
    return _Seen(truth, before.labels, after.labels, after.flagged, counts, target)
