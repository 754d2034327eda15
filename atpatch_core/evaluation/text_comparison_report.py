"""A comparison of defences on texts in a sentence and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from ..files.spreadsheet import as_csv
from .comparison_report import WORTH_REPAIR
from .defences.catalogue import ATPATCH, NO_FIX
from .rates import Rate
from .text_comparison import TextComparison
from .what_is_left import share, what_is_left

_BOUNDS = (NO_FIX, ATPATCH, "oracle")  # no rivals: nothing is done, it is the one in question, or it needs the truth
_COMMON = (
    "clean_accuracy_before",
    "clean_accuracy_after",
    "clean_accuracy_drop",
    "changed",
    "refused",
    "fpr_per_input",
)


def text_sentence(comparison: TextComparison, attack: str) -> str:
    """What AtPatch makes of `attack`, beside the best of what anybody could use instead."""
    before = comparison.figures[NO_FIX].attacks[attack]
    start = f"{attack} turns {share(before.asr_before)} of the texts into the attacker's class"
    if before.asr_before.value - before.clean_base_rate.value < WORTH_REPAIR:
        base = share(before.clean_base_rate)
        return f"{start}, hardly more than the {base} without it: there is nothing to repair."
    told = f"{start}."
    if ATPATCH in comparison.figures:
        told += f" With AtPatch: {_left(comparison, ATPATCH, attack)}."
    rivals = [name for name in comparison.figures if name not in _BOUNDS]
    best = min(rivals, key=lambda name: comparison.figures[name].attacks[attack].harm.value, default=None)
    return told if best is None else f"{told} The best other defence, {best}: {_left(comparison, best, attack)}."


def text_comparison_as_csv(comparison: TextComparison) -> str:
    """One row for each defence and attack; three columns for each figure: its value and its interval."""
    first = next(iter(next(iter(comparison.figures.values())).attacks.values()))
    own = [field.name for field in fields(first) if isinstance(getattr(first, field.name), Rate)]
    names = (*own, *_COMMON)
    table: list[Sequence[str | float]] = [
        ["defence", "attack", "n", *(name + part for name in names for part in ("", "_low", "_high"))]
    ]
    for defence, figures in comparison.figures.items():
        for attack, one in figures.attacks.items():
            rates = [*(getattr(one, name) for name in own), *(getattr(figures, name) for name in _COMMON)]
            values = [value for rate in rates for value in (rate.value, rate.low, rate.high)]
            table.append([defence, attack, comparison.n, *values])
    return as_csv(table)


def _left(comparison: TextComparison, name: str, attack: str) -> str:
    figures = comparison.figures[name]
    return what_is_left({**vars(figures.attacks[attack]), "clean_accuracy_drop": figures.clean_accuracy_drop}, "texts")
