"""Whether a version is ready to be put to work: judged at its own threshold, on inputs that it did not learn from.

A version can separate inputs perfectly and still find nothing, if its threshold lies above all scores. So neither AUROC
nor a finished training makes it ready, only what its own threshold does to held-out inputs of both kinds.

Where that is too little, another threshold may work. It is chosen on one half of the held-out inputs (of each kind, the
first, third, fifth, ...) and judged on the other half; a version that is given it remembers the half that chose it, and
is never judged on that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from ..detector.calibration import calibrate_threshold
from ..detector.trained import TrainedDetector
from .judgement import Confusion, Judged, confusion, judge

# The share of over-attended inputs that is found, less the share of others that is flagged. Chosen, not measured: half
# way from flagging at random (0) to perfect (1). A higher one asks more of a version, a lower one lets worse ones pass.
READY_FROM = 0.5
# Inputs of each kind, to judge or to choose a threshold on. Chosen, not measured: with fewer, one input decides over
# more than a fifth of the result; with more, people have to label longer before a version is judged.
FEWEST = 5
# Of false alarms, tried in this order for another threshold: few before many.
_RATES = (0.01, 0.02, 0.05, 0.1, 0.2)


class Standing(StrEnum):
    """How a version stands."""

    READY = "ready"
    NOT_READY = "not ready"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class BetterThreshold:
    """A threshold with which a version would be ready.

    Attributes:
        threshold: the lowest that at most a share `rate` of further clean inputs is expected to reach.
        rate: that share, 0 to 1.
        chosen_on: titles of the inputs it was chosen on.
        judged_on: how many other inputs it was judged on.
        counts: what it does to those.
    """

    threshold: float
    rate: float
    chosen_on: tuple[str, ...]
    judged_on: int
    counts: Confusion


@dataclass(frozen=True)
class Readiness:
    """How a version stands.

    Attributes:
        standing: whether it is ready.
        counts: what its own threshold does; `None` if it was not judged.
        auroc: how well its scores separate inputs, 0 to 1; `None` if it was not judged.
        better: another threshold, if its own is not good enough and one was found that is.
    """

    standing: Standing
    counts: Confusion | None = None
    auroc: float | None = None
    better: BetterThreshold | None = None


def readiness(judged: Judged, threshold: float, titles: Sequence[str]) -> Readiness:
    """Judge how a version stands by inputs that it learnt nothing from.

    Args:
        judged: its scores of those inputs.
        threshold: its own threshold.
        titles: of the inputs.
    """
    if not judgeable(judged.over_attended):
        return Readiness(Standing.NOT_JUDGED)
    counts = confusion(judged, threshold)
    if gain(counts) >= READY_FROM:
        return Readiness(Standing.READY, counts, judged.auroc)
    return Readiness(Standing.NOT_READY, counts, judged.auroc, better_threshold(judged, titles))


def taught_by(detector: TrainedDetector) -> frozenset[str]:
    """The digests of the labelled inputs that a detector's networks learnt from."""
    history = detector.history
    return frozenset(history.get("learnt_from") or history.get("held_out", {}).get("inputs") or ())


def threshold_chosen_on(detector: TrainedDetector) -> frozenset[str]:
    """The titles of the held-out inputs that a detector's threshold was chosen on."""
    return frozenset(detector.history.get("threshold_chosen_on") or ())


def with_threshold(detector: TrainedDetector, better: BetterThreshold) -> TrainedDetector:
    """The detector with another threshold, which remembers what it was chosen on."""
    chosen = {"threshold_chosen_on": list(better.chosen_on), "threshold_before": detector.threshold}
    return replace(detector, threshold=better.threshold, history={**detector.history, **chosen})


def counts_of(detector: TrainedDetector, judged: Judged) -> Confusion:
    """What a detector does to judged inputs at its own threshold; one that watches nothing flags nothing."""
    return confusion(judged, detector.threshold if detector.watched else float("inf"))


def judgeable(over_attended: np.ndarray) -> bool:
    """Whether there are enough inputs of each kind; `over_attended` is bool `[n]`."""
    return min(int(over_attended.sum()), int((~over_attended).sum())) >= FEWEST


def gain(counts: Confusion) -> float:
    """The share of over-attended inputs that is flagged, less the share of the others that is.

    Returns:
        -1 to 1; NaN without inputs of both kinds.
    """
    return counts.true_positive_rate - counts.false_positive_rate


def better_threshold(judged: Judged, titles: Sequence[str]) -> BetterThreshold | None:
    """A threshold chosen on one half of the judged inputs that works on the other half.

    Args:
        judged: the scores of the inputs.
        titles: one for each input, to name those the threshold was chosen on.

    Returns:
        `None` if there is none, or too few inputs.
    """
    first = _first_half(judged.over_attended)
    choosing = judge(judged.scores[first], judged.over_attended[first])
    judging = judge(judged.scores[~first], judged.over_attended[~first])
    if not judgeable(choosing.over_attended) or not judgeable(judging.over_attended):
        return None
    clean, bad = choosing.scores[~choosing.over_attended], choosing.scores[choosing.over_attended]
    for rate in dict.fromkeys(max(wanted, 1.001 / (len(clean) + 1)) for wanted in _RATES):
        threshold = min(calibrate_threshold(clean, bad, rate), 1.0)
        if gain(confusion(choosing, threshold)) < READY_FROM:
            continue
        counts = confusion(judging, threshold)
        chosen_on = tuple(title for title, chose in zip(titles, first, strict=True) if chose)
        if gain(counts) >= READY_FROM:
            return BetterThreshold(threshold, rate, chosen_on, len(judging.scores), counts)
        return None
    return None


def objections(
    found: Readiness, threshold: float, active: str | None = None, other: Confusion | None = None
) -> list[str]:
    """Why one should think twice before putting a version to work.

    Args:
        found: how it stands.
        threshold: its own threshold.
        active: name of the version that is active now, if any.
        other: what the active version does to the same inputs, if known.

    Returns:
        Sentences; none if nothing speaks against it.
    """
    if found.counts is None:
        return [
            f"It was not judged: that takes at least {FEWEST} over-attended and {FEWEST} clean inputs that it did not "
            "learn from."
        ]
    own, said = found.counts, list[str]()
    bad, clean = own.found + own.missed, own.false_alarms + own.left_alone
    if other is not None and own.found < other.found:
        said.append(
            f"It finds {own.found} of {bad} over-attended inputs, {other.found - own.found} fewer than {active}, which "
            f"is active ({other.found})."
        )
    if other is not None and own.false_alarms > other.false_alarms:
        said.append(
            f"It flags {own.false_alarms} of {clean} other inputs, {own.false_alarms - other.false_alarms} more than "
            f"{active}, which is active ({other.false_alarms})."
        )
    if found.standing is Standing.NOT_READY and not said:
        said.append(
            f"It is not ready: at its own threshold, {threshold:.4f}, it finds {own.found} of {bad} over-attended "
            f"inputs and flags {own.false_alarms} of {clean} others."
        )
    return said


def _first_half(over_attended: np.ndarray) -> np.ndarray:
    """Every other input of each kind, bool `[n]`; an input with and without a trigger comes to the same half."""
    first = np.zeros(len(over_attended), dtype=bool)
    for kind in (over_attended, ~over_attended):
        first[np.flatnonzero(kind)[::2]] = True
    return first
