"""Choose for a detector of images: layers, threshold, reference, and whether layers judge together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..detector.calibration import calibrate_threshold
from ..detector.growth import Growth
from ..detector.joint import Jointly
from ..detector.reference import KINDS
from ..detector.trained import TrainedDetector
from .false_alarms import changed_by_false_alarms
from .layer_scores import layer_scores
from .trial import Trial
from .tuning import WORTH_A_LAYER, Choice, Tuned, last_of_equals, least_left

ALONGSIDE = (0.5, 0.3, 0.1)  # scores from which on the other columns of a flagged input may be flagged, too

FALLS = (2.0, 1.0)  # nats by which one more column may have to lower the answer under suspicion


def tune(detector: TrainedDetector, trial: Trial) -> Tuned:
    """Pick watched layers one at a time, best first, as long as each wins back `WORTH_A_LAYER` more predictions.

    Args:
        detector: watches all layers that may be picked.
        trial: what settings are tried on. Where no prediction is hijacked, no layer is watched.
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
    return Tuned.of(detector, best, tried)


def tune_jointly(detector: TrainedDetector, trial: Trial) -> Tuned:
    """The same for all watched layers of `detector` at once, which judge and repair together (see `Jointly`)."""
    joint = replace(detector, reach=Jointly(detector.watched))
    if not trial.hijacked or not joint.watched:
        return Tuned.of(detector, None)
    choices = _Scores.of(joint, trial).references(trial, joint.watched)
    tried = [replace(choice, jointly=True) for choice in choices]
    return Tuned.of(joint, least_left(tried, len(trial.hijacked)), tried)


def tune_alongside(tuned: Tuned, trial: Trial) -> Tuned:
    """Choose from which score on other columns of a flagged input are flagged, too: the lowest that costs nothing."""
    choice = tuned.choice
    if not isinstance(choice, Choice):
        return tuned
    tried = []
    for score in (None, *(lower for lower in ALONGSIDE if lower < tuned.detector.threshold)):
        won_back, changed = trial.outcome(replace(tuned.detector, alongside=score))
        tried.append(replace(choice, won_back=won_back, benign_changed=changed, alongside=score))
    # Whoever attacks can copy a trigger as often as they like, more often than a debugging set does.
    chosen = [setting for setting in tried if setting.merit >= tried[0].merit][-1]
    return Tuned(replace(tuned.detector, alongside=chosen.alongside), chosen, (*tuned.tried, *tried[1:]))


def tune_growth(tuned: Tuned, trial: Trial) -> Tuned:
    """Choose how the span of a trigger is grown from what is flagged, or that it is not.

    A setting costs the answers to clean images that it changes, those to triggered images that deserve them, and for
    the share of clean ones that may be flagged wrongly what it would change then. Growing in the watched layers changes
    least where it is not called for, so it is preferred to growing in all where the two do not differ by more than
    chance; of the limits the lower one, as whoever attacks can make a trigger larger, or copy it more often, than a
    debugging set does. What is chosen must do no worse than not growing.
    """
    choice = tuned.choice
    if not isinstance(choice, Choice):
        return tuned
    subject, detector = trial.subject, replace(tuned.detector, growth=None)
    grid = subject.layout(trial.benign[0], detector.keys).grid
    every = tuple(range(detector.layers))
    tried = []
    for growth in (None, *(Growth(layers, grid, fall=fall) for layers in (every, detector.watched) for fall in FALLS)):
        setting = replace(detector, growth=growth)
        won_back, changed = trial.outcome(setting)
        wrongly = changed_by_false_alarms(subject, setting, trial.clean)
        tried.append(
            replace(
                choice,
                won_back=won_back,
                benign_changed=changed + trial.false_positive_rate * wrongly,
                growth=growth,
                changed_by_false_alarms=wrongly,
                deserved_lost=trial.deserved_lost(setting),
            )
        )
    none, *growing = tried
    best = last_of_equals(growing, len(trial.hijacked))
    chosen = best if best.merit >= none.merit else none
    return Tuned(replace(detector, growth=chosen.growth), chosen, (*tuned.tried, *growing))


@dataclass(frozen=True)
class _Scores:
    """Those that a detector gives benign images, and hijacked ones (see `layer_scores`)."""

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
        columns = [self.detector.watched.index(layer) for layer in watched]
        threshold = calibrate_threshold(
            self.benign[:, columns].max(1), self.hijacked[:, columns].max(1), trial.false_positive_rate
        )
        choices = []
        for reference in KINDS:
            setting = replace(self.detector, watched=watched, threshold=threshold, reference=reference)
            choices.append(Choice(watched, reference, threshold, *trial.outcome(setting)))
        return choices
