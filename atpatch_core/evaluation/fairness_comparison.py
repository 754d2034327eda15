"""Put everything that could be done about a biased model to the same records, in one run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..detector.trained import TrainedDetector
from ..errors import DetectorError, InputError
from ..files.spreadsheet import as_csv
from ..subjects.subject import Subject
from .defences.catalogue import ATPATCH
from .fairness import FairnessEvaluation, FairnessJudge, hotfixed
from .fairness_baselines import baselines
from .record_data import LabelledRecords

LEAST_RECORDS = 200
MOST_LEARNT_FROM = 1_800

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FairnessComparison:
    """The figures of every defence on `data`, and what is behind them.

    `answers[defence]` (`int64 [n]`) are its answers, and `discriminated[defence]` (bool `[n, protected]`) says whom it
    treats by which of the `attributes`.
    """

    n: int
    defender_n: int
    attributes: tuple[str, ...]
    figures: dict[str, FairnessEvaluation]
    data: LabelledRecords = field(repr=False)
    answers: dict[str, np.ndarray] = field(repr=False)
    discriminated: dict[str, np.ndarray] = field(repr=False)


def compare_fairness(
    subject: Subject,
    data: LabelledRecords,
    seed: int = 0,
    on_step: OnStep = lambda stage, done, total: None,
) -> FairnessComparison:
    """Judge the subject's hot-fix and all baselines on half of `data`; the other half is the defender's.

    `on_step` is told (stage, steps done, steps in all) and may raise to cancel. Raises `InputError` when there are too
    few records or none is protected, `DetectorError` when the subject has no trained detector.
    """
    if not isinstance(subject.detector, TrainedDetector):
        raise DetectorError(f"{subject.name} has no trained detector: there is no hot-fix to compare with.")
    if len(data) < LEAST_RECORDS:
        raise InputError(f"{len(data)} labelled records are too few to compare on: bring at least {LEAST_RECORDS}.")
    order = np.random.default_rng(seed).permutation(len(data))
    mine = min(MOST_LEARNT_FROM, len(data) // 2)
    defender, judged = data.take(np.sort(order[:mine])), data.take(np.sort(order[mine:]))
    on_step("flipping attributes", 0, 1)
    judge = FairnessJudge.of(subject, judged)
    on_step("flipping attributes", 1, 1)
    on_step("preparing the defences", 0, 1)
    others = baselines(subject, subject.detector, defender, seed)
    methods = {"no fix": others.pop("no fix"), ATPATCH: hotfixed(subject), **others}
    on_step("preparing the defences", 1, 1)
    figures, answers, discriminated = {}, {}, {}
    for name, answering in methods.items():
        on_step(name, 0, 1)
        after = answering(judge.flips.versions)
        figures[name] = judge.compare(after)
        answers[name], discriminated[name] = judge.flips.originals(after), judge.flips.changes(after)
        on_step(name, 1, 1)
    names = tuple(one.name for one in judge.protected)
    return FairnessComparison(len(judged), mine, names, figures, judged, answers, discriminated)


def fairness_sentence(comparison: FairnessComparison, attribute: str) -> str:
    """The verdict about one attribute, for a person."""
    before, after = comparison.figures["no fix"], comparison.figures[ATPATCH]
    idr, fixed = before.attributes[attribute].idr_after.value, after.attributes[attribute].idr_after.value
    if idr == 0:
        return f"Nobody among {comparison.n:,} people gets another answer with another {attribute}: nothing to repair."
    told = [
        f"{100 * idr:.1f} % of {comparison.n:,} people would get another answer with another {attribute}.",
        f"With AtPatch, {100 * fixed:.2f} % still would.",
        f"It changes the answers of {round(after.changed.value * after.n):,} people "
        f"({100 * after.changed.value:.1f} %), and accuracy "
        f"{_moves(after.accuracy_after.value - before.accuracy_after.value)}.",
    ]
    own = after.attributes[attribute]
    gaps = [
        f"{name} is {100 * now.value:+.2f} points instead of {100 * was.value:+.2f}"
        for name, was, now in (
            ("the statistical parity difference (SPD)", own.spd_before, own.spd_after),
            ("the equal opportunity difference (EOD)", own.eod_before, own.eod_after),
        )
        if not math.isnan(now.value)
    ]
    if gaps:
        told.append(f"Between the groups, {' and '.join(gaps)}.")
    return " ".join(told)


def _moves(gain: float) -> str:
    points = round(100 * gain, 2)
    if points == 0:
        return "stays the same"
    return f"{'rises' if points > 0 else 'falls'} by {abs(points):.2f} points"


def fairness_as_csv(comparison: FairnessComparison) -> str:
    """One row for each defence; three columns for each figure: its value and its 95 % interval."""
    own = ("accuracy_after", "changed")
    each = ("idr_after", "spd_after", "eod_after")
    names = [*own, *(f"{name}_{figure}" for name in comparison.attributes for figure in each)]
    table: list[Sequence[str | float]] = [
        ["defence", "n", *(name + part for name in names for part in ("", "_low", "_high"))]
    ]
    for defence, figures in comparison.figures.items():
        rates = [getattr(figures, name) for name in own]
        rates += [getattr(figures.attributes[name], figure) for name in comparison.attributes for figure in each]
        numbers = [number for rate in rates for number in (rate.value, rate.low, rate.high)]
        table.append([defence, comparison.n, *numbers])
    return as_csv(table)
