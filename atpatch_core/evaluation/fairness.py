"""Judge whether a model, and its hot-fix, treat people by their protected attributes.

* **IDR**, individual discrimination rate: the share of people whose prediction changes when a protected attribute of
  theirs takes *any* of its other values and all else stays the same (exhaustive flips).
* **SPD**, statistical parity difference: the rate of positive predictions among the unprivileged minus that among the
  privileged.
* **EOD**, equal opportunity difference: the same among those only whose true label is positive.
* **Accuracy** against the true labels.

What IDR can't show: a model may read a protected attribute off other fields (**proxies**: in Adult, `relationship`
says "Husband" or "Wife"). Flipping the attribute alone then changes nothing, and IDR is 0 for a model that is as unfair
as before. SPD and EOD see that, but they also move with real differences between the groups, so neither is 0 in a fair
model by necessity. A flip may also make a person who can't exist (a female husband). Read the figures together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..attention import Formula, hotfix
from ..debugging.attribute_flips import ExhaustiveFlips, predictions
from ..errors import InputError
from ..redistribution import redistribute
from ..subjects.record import record_schema
from ..subjects.record_schema import Protected, Record
from ..subjects.subject import Subject
from .rates import Rate, paired_difference, proportion, unpaired_difference
from .record_data import LabelledRecords

Answering = Callable[[list[Record]], np.ndarray]
"""Records to the numbers of their classes, `int64 [n]`: a model, hot-fixed or not, or something before it."""

_ROUNDS = 1_000  # of the bootstrap


@dataclass(frozen=True)
class AttributeFairness:
    """How one protected attribute fares without and with a fix.

    Attributes:
        idr_before: individual discrimination rate without a fix.
        idr_after: the same with it.
        idr_reduction: 1 - after / before.
        spd_before: statistical parity difference without a fix.
        spd_after: the same with it.
        eod_before: equal opportunity difference without a fix.
        eod_after: the same with it.
    """

    idr_before: Rate
    idr_after: Rate
    idr_reduction: Rate
    spd_before: Rate
    spd_after: Rate
    eod_before: Rate
    eod_after: Rate


@dataclass(frozen=True)
class FairnessEvaluation:
    """Everything measured about a fix.

    Attributes:
        n: how many records.
        accuracy_before: without the fix.
        accuracy_after: with it.
        accuracy_drop: the difference, person by person.
        changed: the share of predictions that the fix changes.
        attributes: the figures by protected attribute.
    """

    n: int
    accuracy_before: Rate
    accuracy_after: Rate
    accuracy_drop: Rate
    changed: Rate
    attributes: dict[str, AttributeFairness]


@dataclass(frozen=True)
class FairnessJudge:
    """Labelled records, all their flips, and what the untouched model answers to them: the ground of any comparison.

    Attributes:
        data: labelled records.
        flips: the same with every other value of every protected attribute.
        answers: the untouched model's, one for each of `flips.versions`, int64 `[n * versions]`.
        protected: the protected attributes.
        positive: number of the class that a person would rather get.
    """

    data: LabelledRecords
    flips: ExhaustiveFlips
    answers: np.ndarray
    protected: tuple[Protected, ...]
    positive: int

    @classmethod
    def of(cls, subject: Subject, data: LabelledRecords) -> FairnessJudge:
        """Ask the untouched model.

        Args:
            subject: a model for records.
            data: labelled records.

        Raises:
            InputError: the subject names no protected attribute.
        """
        asked = cls.knowing(subject, data, np.empty(0, np.int64))
        return replace(asked, answers=untouched(subject)(asked.flips.versions))

    @classmethod
    def knowing(cls, subject: Subject, data: LabelledRecords, answers: np.ndarray) -> FairnessJudge:
        """What `of` returns, where the answers of the untouched model are known.

        Args:
            subject: a model for records.
            data: labelled records.
            answers: the model's answers to all versions of the records that `ExhaustiveFlips` makes, in its order,
                `int64 [n * versions]`.

        Raises:
            InputError: the subject names no protected attribute.
        """
        schema = record_schema(subject)
        if not schema.protected:
            raise InputError(f"{subject.name} names no protected attribute: add one to its records.json.")
        flips = ExhaustiveFlips.of(schema, data.records)
        positive = subject.labels.index(schema.positive_label)
        return cls(data, flips, answers, schema.protected, positive)

    def judge(self, fixed: Answering) -> FairnessEvaluation:
        """Compare a fix with the untouched model, person by person."""
        return self.compare(fixed(self.flips.versions))

    def compare(self, after: np.ndarray) -> FairnessEvaluation:
        """Compare answers to all `flips.versions` (`int64 [n * versions]`) with those of the untouched model."""
        own_before, own_after = self.flips.originals(self.answers), self.flips.originals(after)
        hits_before, hits_after = self.flips.changes(self.answers), self.flips.changes(after)
        right_before, right_after = own_before == self.data.labels, own_after == self.data.labels
        attributes = {}
        for number, attribute in enumerate(self.protected):
            privileged = np.array([record[attribute.name] in attribute.privileged for record in self.data.records])
            deserving = self.data.labels == self.positive
            attributes[attribute.name] = AttributeFairness(
                idr_before=proportion(hits_before[:, number]),
                idr_after=proportion(hits_after[:, number]),
                idr_reduction=relative_reduction(hits_before[:, number], hits_after[:, number]),
                spd_before=self._gap(own_before, privileged, np.ones_like(deserving)),
                spd_after=self._gap(own_after, privileged, np.ones_like(deserving)),
                eod_before=self._gap(own_before, privileged, deserving),
                eod_after=self._gap(own_after, privileged, deserving),
            )
        return FairnessEvaluation(
            n=len(self.data),
            accuracy_before=proportion(right_before),
            accuracy_after=proportion(right_after),
            accuracy_drop=paired_difference(right_before, right_after),
            changed=proportion(own_before != own_after),
            attributes=attributes,
        )

    def _gap(self, answers: np.ndarray, privileged: np.ndarray, among: np.ndarray) -> Rate:
        positive = answers == self.positive
        return unpaired_difference(positive[among & ~privileged], positive[among & privileged])


def untouched(subject: Subject) -> Answering:
    """The model as it is."""
    return lambda records: predictions(subject, subject.encode(records))


def hotfixed(subject: Subject, threshold: float | None = None, formula: Formula = redistribute) -> Answering:
    """The model with its detector's hot-fix; a subject without detector is left as it is.

    Args:
        subject: a model for records.
        threshold: the score from which on columns are flagged; by default the detector's calibrated threshold.
        formula: how flagged columns are repaired; `redistribute` by default.
    """
    if subject.detector is None:
        return untouched(subject)

    def answer(records: list[Record]) -> np.ndarray:
        inputs = subject.encode(records)
        with hotfix(subject, threshold=threshold, formula=formula):
            return predictions(subject, inputs)

    return answer


def evaluate_fairness(subject: Subject, data: LabelledRecords, threshold: float | None = None) -> FairnessEvaluation:
    """Judge a subject and its hot-fix on labelled records.

    Args:
        subject: a model for records.
        data: labelled records.
        threshold: the score from which on columns are flagged; by default the detector's calibrated threshold.

    Raises:
        InputError: the subject takes no records, or names no protected attribute.
    """
    return FairnessJudge.of(subject, data).judge(hotfixed(subject, threshold))


def relative_reduction(before: np.ndarray, after: np.ndarray) -> Rate:
    """By what share there are fewer hits afterwards, with a paired bootstrap interval.

    Args:
        before: hits, bool `[n]`.
        after: hits over the same cases, bool `[n]`.

    Returns:
        1 - after / before; NaN when there was no hit before.
    """
    n = len(before)
    if not before.any():
        return Rate(float("nan"), float("nan"), float("nan"), n)
    cells = np.array(
        [(before & after).sum(), (before & ~after).sum(), (~before & after).sum(), (~before & ~after).sum()]
    )
    draws = np.random.default_rng(0).multinomial(n, cells / n, size=_ROUNDS)
    was, still = draws[:, 0] + draws[:, 1], draws[:, 0] + draws[:, 2]
    reductions = 1 - still[was > 0] / was[was > 0]
    low, high = np.quantile(reductions, [0.025, 0.975])
    return Rate(float(1 - after.sum() / before.sum()), float(low), float(high), n)
