"""How a version stands, and another one beside it, on whatever a model has to judge them on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..detector.trained import TrainedDetector
from ..labels.labelled_inputs import LabelledInput
from ..subjects.subject import Subject
from .held_out import HeldOut, evaluation_inputs, from_labels, has_evaluation_data
from .judgement import Confusion, input_scores, judge
from .readiness import (
    Readiness,
    Standing,
    counts_of,
    judgeable,
    readiness,
    taught_by,
    threshold_chosen_on,
)


@dataclass(frozen=True)
class Candidate:
    """A detector, and what gives the highest column score of each of some inputs (float64 `[n]`)."""

    detector: TrainedDetector
    scores: Callable[[HeldOut], np.ndarray]


def standing_on(
    inputs: HeldOut, candidate: Candidate, active: Candidate | None = None
) -> tuple[Readiness, Confusion | None]:
    """How a candidate stands on inputs that it can be judged on, and what the `active` one does to the same inputs.

    Where there are too few inputs, or the candidate watches nothing, it is not judged, and nothing is scored.
    """
    if not candidate.detector.watched or not judgeable(inputs.over_attended):
        return Readiness(Standing.NOT_JUDGED), None
    judged = judge(candidate.scores(inputs), inputs.over_attended)
    found = readiness(judged, candidate.detector.threshold, inputs.titles)
    if active is None:
        return found, None
    return found, counts_of(active.detector, judge(active.scores(inputs), inputs.over_attended))


def standing_of(
    subject: Subject,
    detector: TrainedDetector,
    labelled: Callable[[], Sequence[LabelledInput]],
    active: TrainedDetector | None = None,
) -> tuple[Readiness, Confusion | None]:
    """How `detector` stands, and what the `active` one does to the same inputs if both can be judged on them.

    Judged on the model's own evaluation inputs, or where it has none on `labelled` inputs; inputs that a detector
    learnt from, or that chose its threshold, don't judge it. Raises an `AtPatchError` when inputs can't be read.
    """

    def candidate(judged: TrainedDetector) -> Candidate:
        return Candidate(judged, lambda inputs: input_scores(subject, judged, inputs.inputs))

    if active is not None:
        shared = inputs_for(subject, labelled, detector, active)
        if judgeable(shared.over_attended):
            return standing_on(shared, candidate(detector), candidate(active))
    return standing_on(inputs_for(subject, labelled, detector), candidate(detector))


def inputs_for(
    subject: Subject, labelled: Callable[[], Sequence[LabelledInput]], *detectors: TrainedDetector
) -> HeldOut:
    """The inputs that `detectors` can be judged on, which none of them learnt from or chose its threshold on."""
    if has_evaluation_data(subject):
        found = evaluation_inputs(subject)
    else:
        found = from_labels(labelled(), frozenset[str]().union(*map(taught_by, detectors)))
    return found.without(frozenset[str]().union(*map(threshold_chosen_on, detectors)))
