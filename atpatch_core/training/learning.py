"""From sources to a detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..debugging.modalities import modality_of
from ..debugging.train_detector import train_detector
from ..detector.learning_curve import OnEpoch, OnStep, say_nothing
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples
from ..errors import AtPatchError, InputError, LabelError
from ..labels import training as from_labels
from ..labels.examples import labelled_examples
from ..labels.labelled_inputs import LabelledInput
from ..subjects.subject import Subject
from .sources import Sources, read_labels, read_sets

READING = "reading what to learn from"
_RATE_OF_LABELS = 0.01  # a lower rate takes more clean inputs than are often labelled. No measurement is kept.
ALONE = "training the detector"  # from labels, there is no other stage

_GIVEN = ("per-token", "per-field")


@dataclass(frozen=True)
class Settings:
    """How to learn.

    Attributes:
        false_positive_rate: the wanted share of clean inputs with a flagged column; by default as the sources do it.
            With few clean inputs it may have to be higher. With debugging sets of records there can be none: their
            detectors' thresholds are chosen by what they cure.
        variant: chooses among the networks for maps of one size, "per-head" by default; those for texts and for
            debugging sets of records are given.
        contrast: weight of the contrastive loss; 1 by default.
        seed: where all randomness comes from; 0 by default.

    Raises:
        InputError: a value is impossible.
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
        """`base` with these settings. Raises `InputError` when another variant was asked for than its network is."""
        if base.variant in _GIVEN and self.variant != Settings.variant:
            raise InputError(
                f"The variant {self.variant} can't learn from this: it needs images, or labels of records; leave out "
                "the variant."
            )
        variant = base.variant if base.variant in _GIVEN else self.variant
        return replace(base, variant=variant, contrast=self.contrast, seed=self.seed)


def learn(
    subject: Subject,
    sources: Sources,
    settings: Settings | None = None,
    on_step: OnStep = say_nothing,
    on_epoch: OnEpoch | None = None,
    on_labels: Callable[[Sequence[LabelledInput]], None] = lambda inputs: None,
) -> TrainedDetector:
    """Train a detector from labels, from debugging sets, or from both.

    From both, the networks learn from both, and layers, benign reference and threshold are chosen on the debugging
    sets, whose truth is known; where too little was found to put into a debugging set, the labels alone are learnt
    from.

    Args:
        subject: the model, with or without a detector.
        sources: where to learn from.
        settings: how to learn; by default as the sources do it.
        on_step: called with (stage, steps done, steps in all); may raise to cancel.
        on_epoch: called after every epoch.
        on_labels: called with the labelled inputs before anything is learnt.

    Returns:
        The detector, whose `history["held_out"]` says how high inputs score that its networks did not learn from.

    Raises:
        AtPatchError: the sources can't be read or are too little to learn from.
    """
    chosen = settings or Settings()
    inputs = read_labels(sources.labels, subject)
    if sources.labels and not inputs:
        raise LabelError("Nothing is labelled yet for this model: submit answers on the Label page first.")
    if sources.labels:
        on_labels(inputs)
    recipe = chosen.recipe(from_labels.recipe_for(subject))
    if sources.debugging_sets:
        task = _Task(subject, sources.debugging_sets, inputs, chosen, on_step, on_epoch)
        try:
            detector = _from_sets(task)
        except AtPatchError:
            raise
        except ValueError as error:
            raise InputError(str(error)) from error
        if detector is not None:
            return detector
    else:
        on_step(READING, 1, 1)
    rate = chosen.false_positive_rate or _RATE_OF_LABELS
    return from_labels.train_from_labels(subject, inputs, recipe, rate, on_step, on_epoch or (lambda epoch: None))


@dataclass(frozen=True)
class _Task:
    """A detector to make from debugging sets in `folders`, and from labelled `inputs`, if there are any."""

    subject: Subject
    folders: Sequence[Path]
    inputs: Sequence[LabelledInput]
    settings: Settings
    on_step: OnStep
    on_epoch: OnEpoch | None

    def labelled(self) -> dict[int, LayerExamples] | None:
        return labelled_examples(self.subject, self.inputs) if self.inputs else None

    def noted(self, detector: TrainedDetector, over_attended: np.ndarray, scores: np.ndarray) -> TrainedDetector:
        """The detector with what it learnt from labels and how it scores held-out inputs in its history."""
        history = {
            **detector.history,
            "held_out": {
                "over_attended": over_attended.tolist(),
                "scores": [round(float(score), 6) for score in scores],
            },
        }
        if self.inputs:
            history |= {
                "labelled_inputs": len(self.inputs),
                "learnt_from": [labelled.digest for labelled in self.inputs],
            }
        return replace(detector, history=history)


def _from_sets(task: _Task) -> TrainedDetector | None:
    """`None` if nothing but labels can be learnt from."""
    subject, wanted = task.subject, task.settings.false_positive_rate
    modality = modality_of(subject)
    recipe = task.settings.recipe(modality.recipe)
    if wanted is not None and modality.false_positive_rate is None:
        raise InputError(
            f"With a debugging set of {subject.kind}s, the threshold is chosen by what it cures: leave out the "
            "false-positive rate, and set one with `atpatch calibrate` if you need it."
        )
    data = read_sets(task.folders, subject)
    task.on_step(READING, 1, 1)
    if task.inputs and len(data.pairs) < modality.fewest_pairs:
        return None
    detector = train_detector(
        subject,
        data.pairs,
        data.tuning,
        data.benign,
        recipe,
        wanted,
        task.on_step,
        task.on_epoch,
        task.labelled(),
    )
    return task.noted(detector, *modality.held_out_scores(subject, detector, data, recipe.seed))


def stages(layers: int) -> dict[str, float]:
    """The stages `learn` reports for a model of `layers` layers, in their order, and how long each takes, about."""
    of_layers = {f"training the detector of layer {layer}": 2.0 for layer in range(layers)}
    return {
        READING: 0.2,
        "looking for hijacked columns": 2.0,
        **of_layers,
        "choosing layers and reference": 4.0,
        ALONE: 10.0,
    }
