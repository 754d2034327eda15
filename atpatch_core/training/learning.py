"""From sources to a detector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..debugging import train_detector as from_sets
from ..debugging import train_text_detector as from_text_sets
from ..debugging.image_set import ImageDebuggingData
from ..debugging.layer_scores import layer_scores
from ..detector.learning_curve import OnEpoch
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe
from ..errors import InputError, LabelError
from ..labels import training as from_labels
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from .sources import Sources, read_debugging_sets, read_labels, read_text_set

READING = "reading what to learn from"
_RATE_OF_SETS = 0.0005
_RATE_OF_LABELS = 0.01

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Settings:
    """How to learn; `None` leaves it to the sources.

    `false_positive_rate` is the wanted share of clean inputs with a flagged column; as few as there are to tell by, it
    may have to be higher. `contrast` weighs the contrastive loss. Raises `InputError` for what can't be.
    """

    false_positive_rate: float | None = None
    variant: str = "per-head"
    contrast: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.variant not in ("per-head", "paper"):
            raise InputError(f"There is no variant {self.variant!r}: choose per-head or paper.")
        if self.false_positive_rate is not None and not 0 < self.false_positive_rate < 1:
            raise InputError("A false-positive rate lies between 0 and 1, such as 0.001.")
        if not 0 <= self.contrast < float("inf"):
            raise InputError("The weight of the contrastive loss is 0 or more.")

    def recipe(self, base: DetectorRecipe) -> DetectorRecipe:
        """`base` with these settings."""
        return replace(base, variant=self.variant, contrast=self.contrast, seed=self.seed)


def learn(
    subject: Subject,
    sources: Sources,
    settings: Settings | None = None,
    on_step: OnStep = lambda stage, done, total: None,
    on_epoch: OnEpoch | None = None,
) -> TrainedDetector:
    """Train a detector for `subject` from labels, from debugging sets, or from both.

    From both, the networks learn from both, and layers, benign reference and threshold are chosen on the debugging
    sets, whose truth is known; where nothing was found to put into a debugging set, the labels alone are learnt from.
    The detector's `history["held_out"]` says how high inputs score that its networks did not learn from. Raises an
    `AtPatchError` when the sources can't be read or are too little to learn from.
    """
    chosen = settings or Settings()
    inputs = read_labels(sources.labels, subject)
    if sources.labels and not inputs:
        raise LabelError("Nothing is labelled yet for this model: submit answers on the Label page first.")
    if sources.debugging_sets and subject.kind == "text":
        return _from_text_set(subject, sources, chosen, on_step)
    data = read_debugging_sets(sources.debugging_sets, subject) if sources.debugging_sets else None
    on_step(READING, 1, 1)
    if data is None or (inputs and not len(data.pairs)):
        rate = chosen.false_positive_rate or _RATE_OF_LABELS
        recipe = chosen.recipe(from_labels.RECIPE)
        return from_labels.train_from_labels(subject, inputs, recipe, rate, on_step, on_epoch or (lambda epoch: None))
    try:
        detector = from_sets.train_detector(
            subject,
            data.pairs,
            data.tuning,
            data.benign,
            chosen.recipe(from_sets.RECIPE),
            chosen.false_positive_rate or _RATE_OF_SETS,
            on_step,
            on_epoch,
            from_labels.labelled_examples(subject, inputs) if inputs else None,
        )
    except ValueError as error:
        raise InputError(str(error)) from error
    held_out = _held_out(subject, detector, data)
    learnt = {"learnt_from": [one.digest for one in inputs]} if inputs else {}
    return replace(detector, history={**detector.history, "held_out": held_out, **learnt})


def _from_text_set(subject: Subject, sources: Sources, chosen: Settings, on_step: OnStep) -> TrainedDetector:
    data = read_text_set(sources, subject)
    on_step(READING, 1, 1)
    recipe = replace(from_text_sets.RECIPE, contrast=chosen.contrast, seed=chosen.seed)
    rate = chosen.false_positive_rate or from_text_sets.RATE
    try:
        return from_text_sets.train_text_detector(subject, data.pairs, data.tuning, data.benign, recipe, rate, on_step)
    except ValueError as error:
        raise InputError(str(error)) from error


def stages(layers: int) -> dict[str, float]:
    """The stages `learn` reports for a model of `layers` layers, in their order, and how long each takes, about."""
    of_layers = {f"training the detector of layer {layer}": 2.0 for layer in range(layers)}
    return {
        READING: 0.2,
        "looking for hijacked columns": 2.0,
        **of_layers,
        "choosing layers and reference": 4.0,
        "training the detector": 10.0,
    }


def _held_out(subject: Subject, detector: TrainedDetector, data: ImageDebuggingData) -> dict[str, object]:
    """Scores of the pairs that the networks did not learn from."""
    images = [from_array(one) for one in (*data.tuning.clean, *data.tuning.triggered)]
    scores = layer_scores(subject, detector, images).max(1, initial=0.0)
    return {
        "over_attended": (np.arange(len(images)) >= len(data.tuning)).tolist(),
        "scores": [round(float(score), 6) for score in scores],
    }
