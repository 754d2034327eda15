"""Put many defences to many attacks on the same pictures, in one run, and count everything that matters.

The terms are those of `evaluate`. Three things beside them: a defence may *refuse* a picture, which counts as wrong
where the true label is asked for and as a failed attack where the attacker's is; one that gives no scores detects
nothing itself, and has no FPR, TPR or AUROC; and **harm** is what is left of an attack plus what the defence costs,
excess ASR + CA drop (neither counted below 0), the one figure to rank defences by.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from PIL import Image

from ..errors import AtPatchError, InputError
from ..subjects.subject import Subject
from .datasets import LabelledImages
from .defences.catalogue import NO_FIX, Method
from .defences.contract import REFUSED, Answers, Defence, DefenderData, Suspects
from .defences.untouched import Untouched
from .evaluate import Triggered
from .image_attacks import covered_patches_of
from .labelled import Labelled
from .rates import Rate, area_under_roc, paired_difference, proportion, unpaired_difference

LEAST_CLEAN = 100
MOST_CLEAN = 1_000
CLEAN = "clean"
_BATCH = 250
_TIMED = 64  # pictures in one round of the clock
_ROUNDS = 7  # the lowest and the highest of seven enclose the median with 98 % certainty

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class AttackFigures:
    """How one attack fares against one defence; `n` inputs are not of the target class."""

    asr_before: Rate
    asr_after: Rate
    clean_base_rate: Rate
    excess_asr: Rate
    recovery: Rate
    harm: Rate
    tpr_per_input: Rate
    auroc: Rate
    n: int


@dataclass(frozen=True)
class DefenceFigures:
    """One defence on clean inputs, and against each attack.

    `cost` is its time for clean inputs in multiples of the untouched model's, the median of seven rounds with the
    lowest and the highest as interval; a bound has none.
    """

    clean_accuracy_before: Rate
    clean_accuracy_after: Rate
    clean_accuracy_drop: Rate
    changed: Rate
    refused: Rate
    fpr_per_input: Rate
    cost: Rate | None
    attacks: dict[str, AttackFigures]


@dataclass(frozen=True)
class Run:
    """All defences with one seed."""

    seed: int
    defences: dict[str, DefenceFigures]


@dataclass(frozen=True)
class Comparison:
    """Everything `compare` measures, run by run.

    `unavailable` says why a defence could not be used. `answers[defence][attack or CLEAN]` are those of the last run,
    input by input, on `clean` and on `attacks`: what is behind every figure.
    """

    n: int
    defender_n: int
    false_positive_rate: float
    runs: tuple[Run, ...]
    unavailable: dict[str, str]
    clean: Labelled = field(repr=False)
    attacks: Mapping[str, Triggered] = field(repr=False)
    answers: Mapping[str, Mapping[str, Answers]] = field(repr=False)


def split_defender(data: LabelledImages, seed: int = 0) -> tuple[LabelledImages, LabelledImages]:
    """What is judged on, and what the defender has: half of the pictures, at most `MOST_CLEAN`.

    Raises `InputError` when there are too few.
    """
    if len(data) < 2 * LEAST_CLEAN:
        raise InputError(
            f"{len(data)} labelled pictures are too few to judge on and to prepare the defences with: bring at least "
            f"{2 * LEAST_CLEAN}, or name clean ones for the defender with --clean."
        )
    order = np.random.default_rng(seed).permutation(len(data))
    size = min(MOST_CLEAN, len(data) // 2)
    return take(data, np.sort(order[size:])), take(data, np.sort(order[:size]))


def take(data: LabelledImages, index: np.ndarray) -> LabelledImages:
    """The pictures at `index`, in that order."""
    return LabelledImages([data.images[one] for one in index.tolist()], data.labels[index])


def compare(
    subject: Subject,
    methods: Mapping[str, Method],
    judged: LabelledImages,
    attack: Callable[[LabelledImages, int], Mapping[str, Triggered]],
    defender: LabelledImages,
    false_positive_rate: float,
    seeds: Sequence[int] = (0,),
    on_step: OnStep = lambda stage, done, total: None,
) -> Comparison:
    """Run every method against every attack, once for each seed.

    `attack` makes the attacks out of the judged pictures and a seed; `defender` are other pictures, which all defences
    are prepared with. The untouched model is always among the defences. `on_step` is told (stage, steps done, steps in
    all) and may raise to cancel. Raises `InputError` when the defender has too few pictures.
    """
    if len(defender) < LEAST_CLEAN:
        raise InputError(f"{len(defender)} clean pictures are too few for the defences: bring at least {LEAST_CLEAN}.")
    runs, unavailable = [], {}
    attacks: Mapping[str, Triggered] = {}
    answers: dict[str, dict[str, Answers]] = {}
    for seed in seeds:
        prefix = "" if len(seeds) == 1 else f"seed {seed}, "
        attacks = attack(judged, seed)
        have = DefenderData(defender, false_positive_rate, seed)
        bench = _Bench(subject, judged, attacks)
        answers, costs = {NO_FIX: bench.answers(Untouched(), f"{prefix}{NO_FIX}", on_step)}, {}
        for name, method in methods.items():
            if name == NO_FIX:
                continue
            on_step(f"{prefix}{name}", 0, bench.steps)
            try:
                defence = method.prepare(subject, have)
                answers[name] = bench.answers(defence, f"{prefix}{name}", on_step)
            except AtPatchError as error:
                unavailable[name] = str(error)
                on_step(f"{prefix}{name}", bench.steps, bench.steps)
                continue
            costs[name] = None if method.family == "bound" else cost(subject, defence, judged.images)
        figures = {
            name: defence_figures(
                one, answers[NO_FIX], judged.labels, attacks, costs.get(name, Rate(1.0, 1.0, 1.0, _ROUNDS))
            )
            for name, one in answers.items()
        }
        runs.append(Run(seed, figures))
    return Comparison(
        len(judged), len(defender), false_positive_rate, tuple(runs), unavailable, judged, attacks, answers
    )


def cost(subject: Subject, defence: Defence, pictures: Sequence[Image.Image], rounds: int = _ROUNDS) -> Rate:
    """How much longer `defence` takes for `pictures` than the untouched model, taking turns."""
    some = list(pictures[:_TIMED])
    suspects = Suspects(some, np.zeros((len(some), 0), dtype=bool), np.zeros(len(some), dtype=np.int64))
    ratios = []
    for _ in range(rounds):
        plain = _seconds(subject, Untouched(), suspects)
        ratios.append(_seconds(subject, defence, suspects) / plain)
    return Rate(median(ratios), min(ratios), max(ratios), rounds)


def averaged(rates: Sequence[Rate]) -> Rate:
    """The mean of the rates of several seeds, with the mean of their intervals.

    Seeds share their inputs, so more of them make the interval steadier but not narrower.
    """
    value, low, high = np.mean([(one.value, one.low, one.high) for one in rates], axis=0).tolist()
    return Rate(value, low, high, rates[0].n)


def spread(rates: Sequence[Rate]) -> float | None:
    """The standard deviation over the seeds, or `None` of a single one."""
    return float(np.std([one.value for one in rates], ddof=1)) if len(rates) > 1 else None


def _seconds(subject: Subject, defence: Defence, suspects: Suspects) -> float:
    start = time.perf_counter()
    defence.predict(subject, suspects)
    return time.perf_counter() - start


class _Bench:
    """The inputs of one run, cut into batches: clean ones first, then attack by attack."""

    def __init__(self, subject: Subject, clean: LabelledImages, attacks: Mapping[str, Triggered]) -> None:
        self._subject = subject
        nothing = np.zeros((len(clean), 0), dtype=bool)
        self._batches = [(CLEAN, one) for one in _batches(clean.images, nothing, clean.labels)]
        for name, attack in attacks.items():
            covered = covered_patches_of(subject, attack)
            self._batches += [(name, one) for one in _batches(attack.inputs.inputs, covered, attack.inputs.labels)]

    @property
    def steps(self) -> int:
        """How many steps it takes to put one defence to all of them."""
        return len(self._batches) + 1

    def answers(self, defence: Defence, stage: str, on_step: OnStep) -> dict[str, Answers]:
        """The answers of one defence, by attack."""
        parts: dict[str, list[Answers]] = {}
        for number, (name, batch) in enumerate(self._batches, 1):
            on_step(stage, number, self.steps)
            parts.setdefault(name, []).append(defence.predict(self._subject, batch))
        on_step(stage, self.steps, self.steps)
        return {name: _joined(some) for name, some in parts.items()}


def _batches(pictures: Sequence[Image.Image], covered: np.ndarray, labels: np.ndarray) -> list[Suspects]:
    return [
        Suspects(pictures[start : start + _BATCH], covered[start : start + _BATCH], labels[start : start + _BATCH])
        for start in range(0, len(pictures), _BATCH)
    ]


def _joined(parts: Sequence[Answers]) -> Answers:
    scores = [one.scores for one in parts if one.scores is not None]
    return Answers(
        np.concatenate([one.labels for one in parts]),
        np.concatenate([one.flagged for one in parts]),
        np.concatenate(scores) if scores else None,
    )


def defence_figures(
    after: Mapping[str, Answers],
    before: Mapping[str, Answers],
    labels: np.ndarray,
    attacks: Mapping[str, Triggered],
    took: Rate | None,
) -> DefenceFigures:
    """What a defence achieves and costs: its answers by attack (and `CLEAN`) beside those of the untouched model."""
    clean, untouched = after[CLEAN], before[CLEAN]
    drop = paired_difference(untouched.labels == labels, clean.labels == labels)
    return DefenceFigures(
        clean_accuracy_before=proportion(untouched.labels == labels),
        clean_accuracy_after=proportion(clean.labels == labels),
        clean_accuracy_drop=drop,
        changed=proportion(clean.labels != untouched.labels),
        refused=proportion(clean.labels == REFUSED),
        fpr_per_input=_detected(clean, clean.flagged),
        cost=took,
        attacks={
            name: _attack_figures(after[name], before[name], clean, untouched, labels, attack, drop)
            for name, attack in attacks.items()
        },
    )


def _attack_figures(
    after: Answers,
    before: Answers,
    clean: Answers,
    untouched: Answers,
    labels: np.ndarray,
    attack: Triggered,
    drop: Rate,
) -> AttackFigures:
    truth = attack.inputs.labels
    others = truth != attack.target
    succeeds = after.labels[others] == attack.target
    if attack.clean is not None:
        base = untouched.labels[others] == attack.target
        excess = paired_difference(succeeds, base)
    else:
        base = untouched.labels[labels != attack.target] == attack.target
        excess = unpaired_difference(succeeds, base)
    if clean.scores is None or after.scores is None:
        auroc = Rate(math.nan, math.nan, math.nan, 0)
    else:
        auroc = area_under_roc(clean.scores, after.scores[others], rounds=200)
    return AttackFigures(
        asr_before=proportion(before.labels[others] == attack.target),
        asr_after=proportion(succeeds),
        clean_base_rate=proportion(base),
        excess_asr=excess,
        recovery=proportion(after.labels[others] == truth[others]),
        harm=_harm(excess, drop),
        tpr_per_input=_detected(after, after.flagged[others]),
        auroc=auroc,
        n=int(others.sum()),
    )


def _detected(answers: Answers, flagged: np.ndarray) -> Rate:
    """The share that is flagged; NaN for a defence that detects nothing itself, which would otherwise seem to."""
    return proportion(flagged if answers.scores is not None else np.empty(0))


def _harm(excess: Rate, drop: Rate) -> Rate:
    """What is left and what it costs, over about the same inputs; the errors of the two are taken as independent.

    Neither counts as less than nothing: who refuses what the untouched model gets right must not gain by it.
    """
    one, other = _not_below_zero(excess), _not_below_zero(drop)
    value = one.value + other.value
    low = value - math.hypot(one.value - one.low, other.value - other.low)
    high = value + math.hypot(one.high - one.value, other.high - other.value)
    return Rate(value, low, high, min(one.n, other.n))


def _not_below_zero(rate: Rate) -> Rate:
    # max(NaN, 0) would be NaN or 0, depending on the order.
    return (
        rate if math.isnan(rate.value) else Rate(max(0.0, rate.value), max(0.0, rate.low), max(0.0, rate.high), rate.n)
    )
