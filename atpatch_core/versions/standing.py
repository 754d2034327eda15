"""How a version stands, and another one beside it, on whatever a model has to judge them on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..detector.trained import TrainedDetector
from ..labels.training import LabelledInput
from ..subjects.subject import Subject
from .held_out import HeldOut, evaluation_inputs, from_labels, has_evaluation_data
from .judgement import Confusion, Judged, input_scores, judge
from .readiness import (
    Readiness,
    Standing,
    counts_of,
    judgeable,
    readiness,
    taught_by,
    threshold_chosen_on,
)


def standing_of(
    subject: Subject,
    detector: TrainedDetector,
    labelled: Callable[[], Sequence[LabelledInput]],
    active: TrainedDetector | None = None,
) -> tuple[Readiness, Confusion | None]:
    """Judge how a version stands, and what the active one does to the same inputs.

    It is judged on the model's own evaluation inputs or, if there are none, on labelled inputs. Inputs that a detector
    learnt from, or on which its threshold was chosen, don't count.

    Args:
        subject: the model.
        detector: the version to judge.
        labelled: returns the labelled inputs; called only if they are needed.
        active: the version that is active now, if any.

    Returns:
        How `detector` stands, and what `active` does to the same inputs, or `None` if it can't be judged on them.

    Raises:
        AtPatchError: inputs can't be read.
    """
    own = inputs_for(subject, labelled, detector)
    if not detector.watched or not judgeable(own.over_attended):
        return Readiness(Standing.NOT_JUDGED), None
    shared = own if active is None else inputs_for(subject, labelled, detector, active)
    if active is None or not judgeable(shared.over_attended):
        return readiness(_judged(subject, detector, own), detector.threshold, own.titles), None
    found = readiness(_judged(subject, detector, shared), detector.threshold, shared.titles)
    return found, counts_of(active, _judged(subject, active, shared))


def inputs_for(
    subject: Subject, labelled: Callable[[], Sequence[LabelledInput]], *detectors: TrainedDetector
) -> HeldOut:
    """The inputs on which some detectors can be judged: none of them learnt from these or chose its threshold on them.

    Args:
        subject: the model.
        labelled: returns the labelled inputs; called only if they are needed.
        detectors: of this model.
    """
    if has_evaluation_data(subject):
        found = evaluation_inputs(subject)
    else:
        found = from_labels(labelled(), frozenset[str]().union(*map(taught_by, detectors)))
    return found.without(frozenset[str]().union(*map(threshold_chosen_on, detectors)))


def _judged(subject: Subject, detector: TrainedDetector, inputs: HeldOut) -> Judged:
    scores: np.ndarray = input_scores(subject, detector, inputs.inputs)
    return judge(scores, inputs.over_attended)
