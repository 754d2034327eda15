"""Judge a subject and its hot-fix: accuracy, attack success, recovery, and how well the detector tells inputs apart.

Terms: **CA**, accuracy on clean inputs; **ASR**, share of triggered inputs *not of the target class* that get the
target label; **clean base rate**, share of the same inputs without trigger that the untouched model calls the target
anyway; **excess ASR**, ASR minus that; **recovery**, accuracy on triggered inputs against their true labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..attention import FLAG_NOTHING, hotfix
from ..debugging.answers import answers
from ..debugging.layer_scores import layer_scores
from ..errors import InputError
from ..subjects.image_files import as_array, from_array
from ..subjects.subject import Subject
from ..triggers.spread import ImageTrigger
from ..triggers.text import Span, WritingTrigger
from .attacks import Trigger
from .datasets import LabelledImages
from .labelled import Labelled
from .rates import Rate, area_under_roc, paired_difference, proportion, unpaired_difference
from .text_data import LabelledTexts


@dataclass(frozen=True)
class Triggered:
    """The same or other inputs with a trigger on them, their *true* labels, and the class the attacker wants.

    `clean` are the inputs the trigger was put on, in the same order, where they are known; `spans` says where in each
    text the trigger stands, where that is known.
    """

    inputs: Labelled
    target: int
    clean: Labelled | None = None
    spans: Sequence[tuple[Span, ...]] | None = None


@dataclass(frozen=True)
class AttackResult:
    """How one attack fares against the untouched and the hot-fixed model; `n` inputs are not of the target class."""

    asr_before: Rate
    asr_after: Rate
    clean_base_rate: Rate
    excess_asr_after: Rate
    recovery: Rate
    accuracy_before: Rate
    auroc: Rate
    tpr_per_input: Rate
    n: int


@dataclass(frozen=True)
class DetectorResult:
    """How well the detector tells triggered inputs (of all attacks) from clean ones, input by input."""

    auroc: Rate
    fpr_per_input: Rate
    tpr_per_input: Rate
    threshold: float


@dataclass(frozen=True)
class Evaluation:
    """Everything `evaluate` measures; `changed` is the share of clean predictions that the hot-fix changes."""

    n: int
    clean_accuracy_before: Rate
    clean_accuracy_after: Rate
    clean_accuracy_drop: Rate
    changed: Rate
    attacks: dict[str, AttackResult]
    detector: DetectorResult | None


def evaluate(
    subject: Subject, clean: Labelled, attacks: dict[str, Triggered], threshold: float | None = None
) -> Evaluation:
    """Run every input through the untouched and the hot-fixed model and count.

    A subject without detector is measured without fix: "after" is then the same as "before".
    """
    before, after, scores = _answers(subject, clean.inputs, threshold)
    cut = _threshold(subject, threshold)
    results, malicious = {}, []
    for name, attack in attacks.items():
        bad_before, bad_after, bad_scores = _answers(subject, attack.inputs.inputs, threshold)
        others = attack.inputs.labels != attack.target
        reference = before[clean.labels != attack.target]
        if attack.clean is not None:
            reference = (before if attack.clean is clean else answers(subject, attack.clean.inputs))[others]
        succeeds, base = bad_after[others] == attack.target, reference == attack.target
        malicious.append(bad_scores[others])
        results[name] = AttackResult(
            asr_before=proportion(bad_before[others] == attack.target),
            asr_after=proportion(succeeds),
            clean_base_rate=proportion(base),
            excess_asr_after=paired_difference(succeeds, base)
            if len(base) == len(succeeds)
            else unpaired_difference(succeeds, base),
            recovery=proportion(bad_after[others] == attack.inputs.labels[others]),
            accuracy_before=proportion(bad_before[others] == attack.inputs.labels[others]),
            auroc=area_under_roc(scores, bad_scores[others]),
            tpr_per_input=proportion(bad_scores[others] >= cut),
            n=int(others.sum()),
        )
    detector = None
    if subject.detector is not None:
        pooled = np.concatenate(malicious) if malicious else np.empty(0)
        detector = DetectorResult(
            area_under_roc(scores, pooled), proportion(scores >= cut), proportion(pooled >= cut), cut
        )
    return Evaluation(
        n=len(clean),
        clean_accuracy_before=proportion(before == clean.labels),
        clean_accuracy_after=proportion(after == clean.labels),
        clean_accuracy_drop=paired_difference(before == clean.labels, after == clean.labels),
        changed=proportion(before != after),
        attacks=results,
        detector=detector,
    )


def apply_trigger(trigger: Trigger, clean: Labelled, seed: int = 0) -> Triggered:
    """Put a trigger on every input. Raises `InputError` when it is for another kind of input or does not fit on it."""
    if not isinstance(trigger, WritingTrigger) and isinstance(clean, LabelledImages):
        return Triggered(_stamped(trigger, clean, seed), trigger.target, clean)
    if isinstance(trigger, WritingTrigger) and isinstance(clean, LabelledTexts):
        made = trigger.apply_with_spans(clean.texts, seed)
        texts = LabelledTexts([text for text, _ in made], clean.labels)
        return Triggered(texts, trigger.target, clean, [spans for _, spans in made])
    raise InputError("This trigger is for another kind of input: name data of the kind that it was made for.")


def _stamped(trigger: ImageTrigger, clean: LabelledImages, seed: int) -> LabelledImages:
    pixels = [as_array(image) for image in clean.images]
    if len({image.shape for image in pixels}) != 1 or min(pixels[0].shape[:2]) < trigger.least_side:
        raise InputError(
            "The trigger fits on images of one size only: scale the images to the size the model was trained on."
        )
    return LabelledImages([from_array(image) for image in trigger.apply(np.stack(pixels), seed)], clean.labels)


def input_scores(subject: Subject, inputs: Sequence[Any]) -> np.ndarray:
    """The detector's score of each input, `float64 [n]`: its highest column in any watched layer, nothing repaired."""
    if subject.detector is None:
        return np.zeros(len(inputs))
    highest: np.ndarray = layer_scores(subject, subject.detector, inputs).max(axis=1, initial=0.0)
    return highest


def _answers(
    subject: Subject, inputs: Sequence[Any], threshold: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    before = answers(subject, inputs)
    if subject.detector is None:
        return before, before, np.zeros(len(inputs))
    with hotfix(subject, threshold=threshold):
        after = answers(subject, inputs)
    return before, after, input_scores(subject, inputs)


def _threshold(subject: Subject, threshold: float | None) -> float:
    if threshold is not None:
        return threshold
    return subject.detector.threshold if subject.detector is not None else FLAG_NOTHING
