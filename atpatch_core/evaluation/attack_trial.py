"""One run on images or texts with triggers: clean inputs and attacked ones, and the figures of what is answered.

The terms are those of `evaluate`. Two things beside them: a defence may *refuse* an input, which counts as wrong where
the true label is asked for and as a failed attack where the attacker's is; and one that gives no scores detects nothing
itself, and has no FPR, TPR or AUROC.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..subjects.subject import Subject
from .defences.contract import REFUSED, Answers, Suspects
from .evaluate import Triggered
from .image_attacks import covered_patches_of
from .labelled import Labelled
from .outcomes import outcomes
from .rates import Rate, area_under_roc, excess_asr, paired_difference, proportion
from .trial import CLEAN, AttackFigures, DefenceFigures, Judged

_BATCH = 250


@dataclass(frozen=True)
class AttackTrial:
    """Clean inputs, and the same or others under each attack (see `Trial`).

    Attributes:
        judged: the clean inputs.
        attacks: the attacked ones, by the name of the attack.
        suspects: the same in batches, by condition.
    """

    judged: Labelled
    attacks: Mapping[str, Triggered]
    suspects: Mapping[str, Sequence[Suspects]] = field(repr=False)

    def figures(self, after: Mapping[str, Answers], before: Mapping[str, Answers]) -> DefenceFigures:
        """Accuracy, false alarms, and attack by attack how often it still succeeds."""
        clean, untouched, labels = after[CLEAN], before[CLEAN], self.judged.labels
        drop = paired_difference(untouched.labels == labels, clean.labels == labels)
        return DefenceFigures(
            {
                "clean_accuracy_before": proportion(untouched.labels == labels),
                "clean_accuracy_after": proportion(clean.labels == labels),
                "clean_accuracy_drop": drop,
                "changed": proportion(clean.labels != untouched.labels),
                "refused": proportion(clean.labels == REFUSED),
                "fpr_per_input": _detected(clean, clean.flagged),
            },
            {name: self._under(name, after, before, drop) for name in self.attacks},
        )

    def outcomes(
        self, after: Mapping[str, Answers], before: Mapping[str, Answers], attack: str
    ) -> dict[str, list[Judged]]:
        """The inputs by what became of them; attacked ones of the target class are left out.

        Args:
            after: the defence's answers, by condition.
            before: the untouched model's answers.
            attack: name of the attack.
        """
        bad = self.attacks[attack]
        return {
            f"attacked: {name}": found
            for name, found in outcomes(bad.inputs, before[attack], after[attack], bad.target).items()
        } | {f"clean: {name}": found for name, found in outcomes(self.judged, before[CLEAN], after[CLEAN]).items()}

    def _under(
        self, name: str, every: Mapping[str, Answers], untouched: Mapping[str, Answers], drop: Rate
    ) -> AttackFigures:
        attack, labels, clean = self.attacks[name], self.judged.labels, every[CLEAN]
        before, after = untouched[name], every[name]
        truth = attack.inputs.labels
        others = truth != attack.target
        succeeds = after.labels[others] == attack.target
        paired = attack.clean is not None
        base = untouched[CLEAN].labels[others if paired else labels != attack.target] == attack.target
        excess = excess_asr(succeeds, base, paired)
        if clean.scores is None or after.scores is None:
            auroc = Rate(math.nan, math.nan, math.nan, 0)
        else:
            auroc = area_under_roc(clean.scores, after.scores[others], rounds=200)
        rates = {
            "asr_before": proportion(before.labels[others] == attack.target),
            "asr_after": proportion(succeeds),
            "clean_base_rate": proportion(base),
            "excess_asr": excess,
            "recovery": proportion(after.labels[others] == truth[others]),
            "harm": _harm(excess, drop),
            "tpr_per_input": _detected(after, after.flagged[others]),
            "auroc": auroc,
        }
        return AttackFigures(rates, int(others.sum()))


def image_trial(subject: Subject, judged: Labelled, attacks: Mapping[str, Triggered]) -> AttackTrial:
    """One run on images; oracles know the patches that differ from the clean twin.

    Args:
        subject: the model.
        judged: clean images.
        attacks: attacked ones, by the name of the attack.
    """
    suspects = {CLEAN: _batches(judged, np.zeros((len(judged), 0), dtype=bool))}
    for name, attack in attacks.items():
        suspects[name] = _batches(attack.inputs, covered_patches_of(subject, attack))
    return AttackTrial(judged, attacks, suspects)


def text_trial(_subject: Subject, judged: Labelled, attacks: Mapping[str, Triggered]) -> AttackTrial:
    """One run on texts; oracles know the spans. All texts are in one batch: later they are put together by length.

    Args:
        _subject: not used.
        judged: clean texts.
        attacks: attacked ones, by the name of the attack.
    """
    suspects = {CLEAN: [Suspects(judged.inputs, [()] * len(judged), judged.labels)]}
    for name, attack in attacks.items():
        spans = attack.spans or [()] * len(attack.inputs)
        suspects[name] = [Suspects(attack.inputs.inputs, spans, attack.inputs.labels)]
    return AttackTrial(judged, attacks, suspects)


def _batches(data: Labelled, covered: np.ndarray) -> list[Suspects]:
    parts = [slice(start, start + _BATCH) for start in range(0, len(data), _BATCH)]
    return [Suspects(data.inputs[part], covered[part], data.labels[part]) for part in parts]


def _detected(answers: Answers, flagged: np.ndarray) -> Rate:
    """The share that is flagged; NaN for a defence that detects nothing itself, which would otherwise seem to."""
    return proportion(flagged if answers.scores is not None else np.empty(0))


def _harm(excess: Rate, drop: Rate) -> Rate:
    """Excess ASR and what it costs, over about the same inputs; the errors of the two are taken as independent.

    Neither counts as less than nothing: a defence that refuses what the untouched model gets right must not gain by it.
    """
    left, lost = _not_below_zero(excess), _not_below_zero(drop)
    value = left.value + lost.value
    low = value - math.hypot(left.value - left.low, lost.value - lost.low)
    high = value + math.hypot(left.high - left.value, lost.high - lost.value)
    return Rate(value, low, high, min(left.n, lost.n))


def _not_below_zero(rate: Rate) -> Rate:
    # max(NaN, 0) would be NaN or 0, depending on the order.
    return (
        rate if math.isnan(rate.value) else Rate(max(0.0, rate.value), max(0.0, rate.low), max(0.0, rate.high), rate.n)
    )
