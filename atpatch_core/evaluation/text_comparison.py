"""Put everything that could be done about a hijacked text model to the same texts, in one run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import AtPatchError, InputError
from ..subjects.subject import Subject
from ..triggers.text import WritingTrigger
from .comparison import CLEAN, LEAST_CLEAN, DefenceFigures, defence_figures
from .defences.catalogue import NO_FIX
from .defences.contract import Answers
from .evaluate import Triggered
from .text_data import LabelledTexts
from .text_defences import CleanTexts, SuspectTexts, text_defences

_BATCH = 250

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class TextComparison:
    """The figures of every defence on `data`, and what is behind them.

    `unavailable` says why a defence could not be used. `attacks` are the triggered texts, and `answers[defence][attack
    or CLEAN]` what became of them, input by input.
    """

    n: int
    defender_n: int
    figures: dict[str, DefenceFigures]
    unavailable: dict[str, str]
    data: LabelledTexts = field(repr=False)
    attacks: dict[str, Triggered] = field(repr=False)
    answers: dict[str, dict[str, Answers]] = field(repr=False)


def compare_texts(
    subject: Subject,
    data: LabelledTexts,
    triggers: Mapping[str, WritingTrigger],
    false_positive_rate: float = 0.01,
    seed: int = 0,
    on_step: OnStep = lambda stage, done, total: None,
    defences: Collection[str] | None = None,
) -> TextComparison:
    """Judge `defences` (default: all) and the untouched model on half of `data`; the other half is the defender's.

    `on_step` is told (stage, steps done, steps in all) and may raise to cancel. Raises `InputError` when there are too
    few texts, or for a defence that is not known.
    """
    if len(data) < 2 * LEAST_CLEAN:
        raise InputError(f"{len(data)} labelled texts are too few to compare on: bring at least {2 * LEAST_CLEAN}.")
    order = np.random.default_rng(seed).permutation(len(data))
    defender, judged = (_take(data, np.sort(part)) for part in np.array_split(order, 2))
    none: tuple[tuple[int, int], ...] = ()
    suspects = {CLEAN: SuspectTexts(judged.texts, [none] * len(judged))}
    attacks = {}
    for name, trigger in triggers.items():
        made = trigger.apply_with_spans(judged.texts, seed)
        suspects[name] = SuspectTexts([text for text, _ in made], [spans for _, spans in made])
        attacks[name] = Triggered(LabelledTexts([text for text, _ in made], judged.labels), trigger.target, judged)
    answers: dict[str, dict[str, Answers]] = {}
    unavailable = {}
    have = CleanTexts(defender.texts, false_positive_rate, seed)
    known = text_defences(subject, have)
    if unknown := set(defences or ()) - set(known):
        raise InputError(f"There is no defence {', '.join(sorted(unknown))}; there are all, {', '.join(known)}.")
    for name, prepare in known.items():
        if defences is not None and name not in (NO_FIX, *defences):
            continue
        on_step(name, 0, len(suspects) + 1)
        try:
            defend = prepare()
            found = {}
            for number, (attack, some) in enumerate(suspects.items(), 1):
                on_step(name, number, len(suspects) + 1)
                found[attack] = defend(some)
            answers[name] = found
        except AtPatchError as error:
            unavailable[name] = str(error)
        on_step(name, len(suspects) + 1, len(suspects) + 1)
    figures = {
        name: defence_figures(found, answers[NO_FIX], judged.labels, attacks, None) for name, found in answers.items()
    }
    return TextComparison(len(judged), len(defender), figures, unavailable, judged, attacks, answers)


def drawn(data: LabelledTexts, count: int, seed: int = 0) -> LabelledTexts:
    """`count` of the texts at random, in their order: files are often sorted by class, and their first texts alike."""
    return _take(data, np.sort(np.random.default_rng(seed).permutation(len(data))[:count]))


def _take(data: LabelledTexts, index: np.ndarray) -> LabelledTexts:
    return LabelledTexts([data.texts[one] for one in index.tolist()], data.labels[index])
