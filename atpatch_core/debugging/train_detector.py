"""Train a detector for a subject from a debugging set: examples, one network a layer, tuning, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from ..detector.learning_curve import OnEpoch, OnStep, say_nothing
from ..detector.network_training import train_layer
from ..detector.networks import ColumnNetwork
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from .modalities import modality_of
from .modality import Material

_LOOKING, _CHOOSING = "looking for hijacked columns", "choosing layers and reference"


def train_detector(
    subject: Subject,
    pairs: Any,
    tuning: Any,
    benign: Any = (),
    recipe: DetectorRecipe | None = None,
    false_positive_rate: float | None = None,
    on_step: OnStep = say_nothing,
    on_epoch: OnEpoch | None = None,
    labelled: Mapping[int, LayerExamples] | None = None,
) -> TrainedDetector:
    """Train a detector on pairs, then choose layers, threshold and benign reference on other inputs.

    What each modality makes of them is said in its lesson (`image_lesson.py`, `text_lesson.py`, `record_lesson.py`).

    Args:
        subject: the model, with or without a detector.
        pairs: those of a debugging set of the subject's modality.
        tuning: other inputs of such a set, on which settings are chosen.
        benign: further clean inputs that bound the rate of false alarms; records need none.
        recipe: how networks are trained; by default as the modality does it.
        false_positive_rate: the share of clean inputs that may have a flagged column; by default the modality's.
        on_step: called with (stage, steps done, steps in all); may raise to cancel.
        on_epoch: called after every epoch, with how well held-out inputs are told apart.
        labelled: further examples of every layer to learn from, which annotators labelled; none by default.

    Returns:
        The detector. One for a model in which nothing is hijacked watches nothing.

    Raises:
        InputError: the inputs are none of the subject's.

    Source:
        AtPatch, arXiv 2601.21695.
    """
    modality = modality_of(subject)
    recipe = recipe or modality.recipe
    rate = modality.false_positive_rate if false_positive_rate is None else false_positive_rate
    lesson = modality.lesson(Material(subject, pairs, tuning, benign, recipe.seed, rate or 0.0, labelled))
    on_step(_LOOKING, 0, 1)
    lesson.look()
    on_step(_LOOKING, 1, 1)
    held_out = {} if on_epoch is None or not lesson.examples else lesson.held_out()

    def train(name: str, examples: LayerExamples, layer: int) -> ColumnNetwork:
        return train_layer(name, examples, recipe, held_out.get(layer), on_epoch, on_step)

    detector = TrainedDetector(
        variant=recipe.variant,
        networks={layer: train(f"layer {layer}", found, layer) for layer, found in lesson.examples.items()},
        benign_means=lesson.benign_means(),
        reference=lesson.reference,
        threshold=1.0,
        watched=tuple(lesson.examples),
        fingerprint=fingerprint(subject.model),
        reach=lesson.reach,
    )
    on_step(_CHOOSING, 0, 1)
    tuned = lesson.tune(detector)
    on_step(_CHOOSING, 1, 1)
    tuned = lesson.refine(tuned, train)
    history = {
        "date": datetime.now(UTC).date().isoformat(),
        **lesson.facts(),
        "recipe": asdict(recipe),
        "tried": [asdict(choice) for choice in tuned.tried],
    }
    chosen = tuned.detector
    return replace(chosen, networks={layer: chosen.networks[layer] for layer in chosen.watched}, history=history)
