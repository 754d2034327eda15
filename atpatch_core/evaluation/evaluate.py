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

from ..attention import FLAG_NOTHING
from ..debugging.answers import answers, repaired_answers
from ..debugging.layer_scores import layer_scores
from ..errors import InputError
from ..subjects.image_files import as_array, from_array
from ..subjects.subject import Subject
from ..triggers.spread import ImageTrigger
from ..triggers.text import Span, WritingTrigger
from .attacks import Trigger
from .datasets import LabelledImages
from .labelled import Labelled
from .rates import Rate, area_under_roc, excess_asr, paired_difference, proportion
from .text_data import LabelledTexts


@dataclass(frozen=True)
class Triggered:
    """The same or other inputs with a trigger on them.

    Attributes:
        inputs: with their *true* labels.
        target: number of the class that the attacker wants.
        clean: the inputs that the trigger was put on, in the same order; `None` where they are not known.
        spans: where in each text the trigger stands; `None` where that is not known.
    """

    inputs: Labelled
    target: int
    clean: Labelled | None = None
    spans: Sequence[tuple[Span, ...]] | None = None


@dataclass(frozen=True)
class AttackResult:
    """How one attack fares against the untouched and the hot-fixed model, over inputs that are not of the target class.

    Attributes:
        asr_before: attack success rate of the untouched model.
        asr_after: that of the hot-fixed one.
        clean_base_rate: how often the same inputs get the target class without a trigger.
        excess_asr_after: ASR after minus that.
        recovery: accuracy of the hot-fixed model on triggered inputs.
        accuracy_before: accuracy of the untouched model on triggered inputs.
        auroc: how well the detector's scores tell triggered inputs from clean ones.
        tpr_per_input: the share of triggered inputs that are flagged.
        n: how many inputs.
    """

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
    """How well the detector tells triggered inputs (of all attacks) from clean ones, input by input.

    Attributes:
        auroc: area under the ROC curve.
        fpr_per_input: the share of clean inputs that are flagged.
        tpr_per_input: the share of triggered inputs that are flagged.
        threshold: the score from which on an input is flagged.
        false_alarms: the share of clean inputs that are flagged *and* repaired: the flags of the others were cleared,
            as the answer does not depend on what was flagged.
    """

    auroc: Rate
    fpr_per_input: Rate
    tpr_per_input: Rate
    threshold: float
    false_alarms: Rate


@dataclass(frozen=True)
class Evaluation:
    """Everything `evaluate` measures.

    Attributes:
        n: how many clean inputs.
        clean_accuracy_before: of the untouched model.
        clean_accuracy_after: of the hot-fixed one.
        clean_accuracy_drop: the difference, input by input.
        changed: the share of clean predictions that the hot-fix changes.
        attacks: the results by the name of the attack.
        detector: `None` for a subject without one.
    """

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

    Args:
        subject: the model, with its detector if it has one.
        clean: labelled inputs without a trigger.
        attacks: inputs with triggers, by the name of the attack.
        threshold: the score from which on columns are flagged; by default the detector's calibrated threshold.

    Example:
        >>> import numpy as np
        >>> import atpatch_core as atpatch
        >>> from atpatch_core.evaluation.attacks import attacks_of
        >>> from atpatch_core.evaluation.datasets import read_labelled_images
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> images = read_labelled_images(subject.folder / "eval" / "images.parquet", subject.labels)
        >>> images = images.take(np.arange(40))
        >>> attacks = {name: apply_trigger(trigger, images) for name, trigger in attacks_of(subject).items()}
        >>> result = evaluate(subject, images, attacks)
        >>> [(name, attack.asr_before.value, attack.asr_after.value) for name, attack in result.attacks.items()]
        [('badnets', 1.0, 0.0)]
    """
    before, after, scores, cleared = _answers(subject, clean.inputs, threshold)
    cut = _threshold(subject, threshold)
    results, malicious = {}, []
    for name, attack in attacks.items():
        bad_before, bad_after, bad_scores, _ = _answers(subject, attack.inputs.inputs, threshold)
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
            excess_asr_after=excess_asr(succeeds, base, paired=len(base) == len(succeeds)),
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
            area_under_roc(scores, pooled),
            proportion(scores >= cut),
            proportion(pooled >= cut),
            cut,
            proportion((scores >= cut) & ~cleared),
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
    """Put a trigger on every input.

    Args:
        trigger: is put on the inputs.
        clean: labelled inputs.
        seed: where the trigger stands in each input, if that is random; 0 by default.

    Raises:
        InputError: the trigger is for another kind of input or does not fit on it.
    """
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
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Answers of the untouched and of the repaired model, scores, and whether what was flagged was cleared."""
    before = answers(subject, inputs)
    if subject.detector is None:
        return before, before, np.zeros(len(inputs)), np.zeros(len(inputs), dtype=bool)
    after = repaired_answers(subject, inputs, threshold)
    return before, after.labels, input_scores(subject, inputs), after.cleared


def _threshold(subject: Subject, threshold: float | None) -> float:
    if threshold is not None:
        return threshold
    return subject.detector.threshold if subject.detector is not None else FLAG_NOTHING
