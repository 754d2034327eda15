"""Put many defences to many attacks on the same inputs, in one run, and count everything that matters."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np

from ..errors import AtPatchError, InputError
from ..subjects.subject import Subject
from .defences.catalogue import NO_FIX, Method
from .defences.contract import Answers, Defence, DefenderData, Suspects
from .defences.untouched import Untouched, no_fix
from .evaluate import Triggered
from .labelled import Labelled
from .modalities import LEAST_CLEAN, MODALITIES, Modality
from .rates import Rate
from .trial import Attack, DefenceFigures, Judged, Trial

_TIMED = 64  # inputs in one round of the clock
_ROUNDS = 7  # the lowest and the highest of seven enclose the median with 98 % certainty

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Run:
    """All defences with one seed.

    Attributes:
        seed: where all randomness came from.
        defences: their figures, by name.
    """

    seed: int
    defences: dict[str, DefenceFigures]


@dataclass(frozen=True)
class Comparison:
    """Everything `compare` measures, run by run.

    Attributes:
        kind: of inputs.
        n: how many inputs were judged on.
        defender_n: how many the defences were made ready with.
        false_positive_rate: the share of clean inputs that a defence was allowed to flag.
        runs: one for each seed.
        families: how to read the row of each defence (see `Method`).
        unavailable: why a defence could not be used, by its name.
        trial: the last run: what is behind every figure.
        answers: those of the last run, by defence and condition.
    """

    kind: str
    n: int
    defender_n: int
    false_positive_rate: float
    runs: tuple[Run, ...]
    families: Mapping[str, str]
    unavailable: Mapping[str, str]
    trial: Trial = field(repr=False)
    answers: Mapping[str, Mapping[str, Answers]] = field(repr=False)

    @property
    def modality(self) -> Modality:
        """What is measured, and how it is called."""
        return MODALITIES[self.kind]

    @property
    def untouched(self) -> str:
        """The name of the untouched model among the defences."""
        return next((name for name, family in self.families.items() if family == "none"), NO_FIX)

    @property
    def attacks(self) -> tuple[str, ...]:
        """The names of the attacks, or of the protected attributes."""
        return tuple(self.runs[-1].defences[self.untouched].attacks)

    def outcomes(self, defence: str, attack: str) -> dict[str, list[Judged]]:
        """The inputs of the last run by what became of them."""
        return self.trial.outcomes(self.answers[defence], self.answers[self.untouched], attack)


def compare(
    subject: Subject,
    methods: Mapping[str, Method],
    data: Labelled,
    attacks: Mapping[str, Attack],
    defender: Labelled | None = None,
    false_positive_rate: float = 0.01,
    seeds: Sequence[int] = (0,),
    on_step: OnStep = lambda stage, done, total: None,
) -> Comparison:
    """Run every method against every attack, once for each seed.

    The untouched model is always among the defences.

    Args:
        subject: the model, with its detector.
        methods: the defences by name.
        data: labelled inputs to judge on; without a `defender`, a part of them is taken for the defences.
        attacks: by name; none for records, whose protected attributes are flipped.
        defender: other inputs, which all defences are made ready with; by default a part of `data`.
        false_positive_rate: the share of clean inputs that a defence may flag, 0 to 1; 0.01 by default.
        seeds: where all randomness comes from; 0 alone by default.
        on_step: called with (stage, steps done, steps in all); may raise to cancel.

    Returns:
        All figures, and the answers of the last run.

    Raises:
        InputError: there are too few inputs to judge on or for the defender.
        DetectorError: the subject takes records and has no trained detector.
    """
    modality = MODALITIES[subject.kind]
    if defender is not None and len(defender) < LEAST_CLEAN:
        raise InputError(
            f"{len(defender)} clean {modality.inputs} are too few for the defences: use at least {LEAST_CLEAN}."
        )
    untouched = next((method for method in methods.values() if method.family == "none"), _NO_FIX)
    methods = {untouched.name: untouched, **methods}
    runs, unavailable = [], {}
    for seed in seeds:
        prefix = _prefix(seed, seeds)
        judged, clean = modality.halves(data, seed) if defender is None else (data, defender)
        bench = _Bench(subject, modality.trial(subject, judged, attacked(judged, attacks, seed)))
        have = DefenderData(clean, false_positive_rate, seed)
        answers: dict[str, Mapping[str, Answers]] = {}
        costs: dict[str, Rate] = {}
        for name, method in methods.items():
            on_step(f"{prefix}{name}", 0, bench.steps)
            try:
                defence = method.prepare(subject, have)
                answers[name] = bench.answers(defence, f"{prefix}{name}", on_step)
            except AtPatchError as error:
                if method is untouched:
                    raise
                unavailable[name] = str(error)
                on_step(f"{prefix}{name}", bench.steps, bench.steps)
                continue
            if modality.timed and method.family != "bound":
                alone = method.family == "none"
                costs[name] = _ALONE if alone else cost(subject, defence, judged.inputs)
        figures = {name: bench.trial.figures(found, answers[untouched.name]) for name, found in answers.items()}
        timed = {name: {"cost": took} for name, took in costs.items()}
        runs.append(
            Run(
                seed,
                {
                    name: replace(measured, rates=measured.rates | timed.get(name, {}))
                    for name, measured in figures.items()
                },
            )
        )
    return Comparison(
        subject.kind,
        len(judged),
        len(clean),
        false_positive_rate,
        tuple(runs),
        {name: method.family for name, method in methods.items()},
        unavailable,
        bench.trial,
        answers,
    )


def stages(methods: Mapping[str, Method], seeds: Sequence[int]) -> dict[str, float]:
    """The stages that `compare` reports, in their order, and how long each takes compared with the others, about."""
    first = sorted(methods.values(), key=lambda method: method.family != "none")
    return {f"{_prefix(seed, seeds)}{method.name}": method.effort for seed in seeds for method in first}


def attacked(judged: Labelled, attacks: Mapping[str, Attack], seed: int) -> dict[str, Triggered]:
    """The inputs under each attack.

    Args:
        judged: clean inputs with their labels.
        attacks: what makes triggered inputs of them, by name.
        seed: decides all that is random.
    """
    return {name: attack(judged, seed) for name, attack in attacks.items()}


def cost(subject: Subject, defence: Defence, inputs: Sequence[Any], rounds: int = _ROUNDS) -> Rate:
    """How much longer a defence takes than the untouched model, taking turns.

    Args:
        subject: a model for images.
        defence: ready to run.
        inputs: images; the first 64 are taken.
        rounds: how often each takes its turn; 7 by default.

    Returns:
        The median of all rounds, with the lowest and the highest as interval.
    """
    some = list(inputs[:_TIMED])
    suspects = Suspects(some, np.zeros((len(some), 0), dtype=bool), np.zeros(len(some), dtype=np.int64))
    ratios = []
    for _ in range(rounds):
        plain = _seconds(subject, Untouched(), suspects)
        ratios.append(_seconds(subject, defence, suspects) / plain)
    return Rate(median(ratios), min(ratios), max(ratios), rounds)


_ALONE = Rate(1.0, 1.0, 1.0, _ROUNDS)
_NO_FIX = Method(NO_FIX, "The model as it is.", "none", no_fix)


def _prefix(seed: int, seeds: Sequence[int]) -> str:
    return "" if len(seeds) == 1 else f"seed {seed}, "


def _seconds(subject: Subject, defence: Defence, suspects: Suspects) -> float:
    start = time.perf_counter()
    defence.predict(subject, suspects)
    return time.perf_counter() - start


class _Bench:
    """Puts defences to the inputs of one run: clean ones first, then attack by attack."""

    def __init__(self, subject: Subject, trial: Trial) -> None:
        self._subject = subject
        self.trial = trial
        self._batches = [(name, batch) for name, batches in trial.suspects.items() for batch in batches]

    @property
    def steps(self) -> int:
        """How many steps it takes to put one defence to all of them."""
        return len(self._batches) + 1

    def answers(self, defence: Defence, stage: str, on_step: OnStep) -> dict[str, Answers]:
        """The answers of one defence, by condition."""
        parts: dict[str, list[Answers]] = {}
        for number, (name, batch) in enumerate(self._batches, 1):
            on_step(stage, number, self.steps)
            parts.setdefault(name, []).append(defence.predict(self._subject, batch))
        on_step(stage, self.steps, self.steps)
        return {name: _joined(some) for name, some in parts.items()}


def _joined(parts: Sequence[Answers]) -> Answers:
    scores = [answers.scores for answers in parts if answers.scores is not None]
    return Answers(
        np.concatenate([answers.labels for answers in parts]),
        np.concatenate([answers.flagged for answers in parts]),
        np.concatenate(scores) if scores else None,
    )
