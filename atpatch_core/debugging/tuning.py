"""Choose on inputs a detector was not trained on: layers, threshold, reference, and whether layers judge jointly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..detector.calibration import calibrate_threshold
from ..detector.joint import Jointly
from ..detector.reference import KINDS
from ..detector.trained import TrainedDetector
from .layer_scores import layer_scores
from .trial import Trial

WORTH_A_LAYER = 0.005  # of the hijacked predictions: what one more watched layer must win back
ALONGSIDE = (0.5, 0.3, 0.1)  # scores from which on the other columns of a flagged input may be flagged, too


@dataclass(frozen=True)
class Choice:
    """One setting that was tried: the share of hijacked predictions it wins back, and of benign ones it changes."""

    watched: tuple[int, ...]
    reference: str
    threshold: float
    won_back: float
    benign_changed: float
    jointly: bool = False
    alongside: float | None = None

    @property
    def merit(self) -> float:
        """What a setting is chosen by."""
        return self.won_back - self.benign_changed


def least_left(tried: Sequence[Choice], hijacked: int) -> Choice:
    """Of the best choice and its like within one standard error, the one whose reference leaves a flagged column least.

    `tried` are in the order of `KINDS`, and `hijacked` is how many predictions could be won back: so few can't tell
    references apart any better (Breiman et al., 1984, choose trees so).
    """
    best = max(tried, key=lambda choice: choice.merit)
    error = math.sqrt(best.won_back * (1 - best.won_back) / max(1, hijacked))
    alike = [one for one in tried if one.watched == best.watched and one.merit >= best.merit - error]
    return alike[-1]


@dataclass(frozen=True)
class Tuned:
    """A detector as it was chosen, by which choice (`None`: it watches nothing), and everything that was tried."""

    detector: TrainedDetector
    choice: Choice | None
    tried: tuple[Choice, ...]

    @property
    def merit(self) -> float:
        """That of the choice."""
        return 0.0 if self.choice is None else self.choice.merit


def lowest_for_nothing(tried: Sequence[Choice]) -> Choice:
    """Of choices in the order of `None` and `ALONGSIDE`, the last that does no worse than the first.

    Whoever attacks can copy a trigger as often as they like, more often than a debugging set does.
    """
    return [choice for choice in tried if choice.merit >= tried[0].merit][-1]


def tune(detector: TrainedDetector, trial: Trial) -> Tuned:
    """Pick watched layers one at a time, best first, as long as each wins back `WORTH_A_LAYER` more predictions.

    `detector` watches all layers that may be picked. Where no prediction is hijacked, no layer is watched.
    """
    scores = _Scores.of(detector, trial)
    best: Choice | None = None
    tried: list[Choice] = []
    remaining = list(detector.watched) if trial.hijacked else []
    while remaining:
        round_ = [
            choice
            for layer in remaining
            for choice in scores.references(trial, tuple(sorted((*(best.watched if best else ()), layer))))
        ]
        tried += round_
        candidate = least_left(round_, len(trial.hijacked))
        if candidate.merit < (best.merit if best else 0.0) + WORTH_A_LAYER:
            break
        best = candidate
        remaining = [layer for layer in remaining if layer not in candidate.watched]
    return _as_chosen(detector, best, tried)


def tune_jointly(detector: TrainedDetector, trial: Trial) -> Tuned:
    """The same for all watched layers of `detector` at once, which judge and repair jointly (see `Jointly`)."""
    joint = replace(detector, reach=Jointly(detector.watched))
    if not trial.hijacked or not joint.watched:
        return _as_chosen(joint, None, [])
    choices = _Scores.of(joint, trial).references(trial, joint.watched)
    tried = [replace(choice, jointly=True) for choice in choices]
    return _as_chosen(joint, least_left(tried, len(trial.hijacked)), tried)


def tune_alongside(tuned: Tuned, trial: Trial) -> Tuned:
    """Choose from which score on other columns of a flagged input are flagged, too: the lowest that costs nothing."""
    if tuned.choice is None:
        return tuned
    tried = []
    for score in (None, *(one for one in ALONGSIDE if one < tuned.detector.threshold)):
        won_back, changed = trial.outcome(replace(tuned.detector, alongside=score))
        tried.append(replace(tuned.choice, won_back=won_back, benign_changed=changed, alongside=score))
    chosen = lowest_for_nothing(tried)
    return Tuned(replace(tuned.detector, alongside=chosen.alongside), chosen, (*tuned.tried, *tried[1:]))


@dataclass(frozen=True)
class _Scores:
    """Those that a detector gives benign pictures, and hijacked ones (see `layer_scores`)."""

    detector: TrainedDetector
    benign: np.ndarray
    hijacked: np.ndarray

    @classmethod
    def of(cls, detector: TrainedDetector, trial: Trial) -> _Scores:
        return cls(
            detector,
            layer_scores(trial.subject, detector, trial.benign),
            layer_scores(trial.subject, detector, trial.hijacked),
        )

    def references(self, trial: Trial, watched: tuple[int, ...]) -> list[Choice]:
        """What each benign reference makes of these layers, in the order of `KINDS`."""
        columns = [self.detector.watched.index(one) for one in watched]
        threshold = calibrate_threshold(
            self.benign[:, columns].max(1), self.hijacked[:, columns].max(1), trial.false_positive_rate
        )
        choices = []
        for reference in KINDS:
            setting = replace(self.detector, watched=watched, threshold=threshold, reference=reference)
            choices.append(Choice(watched, reference, threshold, *trial.outcome(setting)))
        return choices


def _as_chosen(detector: TrainedDetector, best: Choice | None, tried: Sequence[Choice]) -> Tuned:
    if best is None:
        return Tuned(replace(detector, watched=(), threshold=1.0, reach=None), None, tuple(tried))
    reference = next(kind for kind in KINDS if kind == best.reference)
    chosen = replace(detector, watched=best.watched, threshold=best.threshold, reference=reference)
    return Tuned(chosen, best, tuple(tried))
