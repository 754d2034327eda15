"""What a debugging set of images teaches, and how a detector for images is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..attention import attention_layers, capture
from ..detector.reference import ReferenceKind
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, hijacked_inputs, joined
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from .image_examples import ColumnLabels, label_columns, layer_examples
from .image_set import ImageDebuggingData, load_image_set
from .image_tuning import tune, tune_alongside, tune_growth, tune_jointly
from .layer_scores import layer_scores
from .modality import Lesson, Modality, TrainAgain
from .sets import joined_images, moved_copies
from .trial import Trial
from .tuning import WORTH_A_LAYER, Tuned

# The few benign columns that look hijacked are what decides about false alarms, so each batch is built around them.
RECIPE = DetectorRecipe(epochs=15, hardest=8, random=32)
ENOUGH_HIJACKED = 20  # inputs; fewer show no pattern worth learning, only accidents
ENOUGH_OF_MOST = 0.1  # of the most hijacked layer's inputs: fewer are by-effects, and a network for them costs time
_BATCH = 250  # images in one forward pass
_FOLLOWED = 150  # tuning pairs on which the networks are watched while they learn


@dataclass
class ImageLesson(Lesson):
    """Learns from pairs, and chooses on tuning pairs (both `ImageDebuggingSet`) and benign images.

    Benign images are uint8 `[n, height, width, channels]`. Each layer whose columns the triggers hijack in at least
    `ENOUGH_HIJACKED` inputs, and in `ENOUGH_OF_MOST` as many as in the most hijacked layer, gets a network; if more
    than one layer ends up watched, the networks are trained once more with the maps that the model has while the first
    ones repair it. If it wins back more, all of these layers judge together instead (see `Jointly`). The threshold is
    set for at most the wanted rate of flagged ones among benign images and their slightly moved copies, or for the
    lowest rate that so many images can bound.
    """

    reference: ReferenceKind = field(default="mean", init=False)

    def look(self) -> None:
        """Label every column of the untouched model, and take the layers in which enough inputs are hijacked."""
        subject, pairs, labelled = self.material.subject, self.material.pairs, self.material.labelled or {}
        self._labels = label_columns(subject, pairs) if len(pairs) else ()
        self._hijacked = {layer: hijacked_inputs(labels.hijacked) for layer, labels in enumerate(self._labels)}
        for layer, further in labelled.items():
            self._hijacked[layer] = self._hijacked.get(layer, 0) + hijacked_inputs(further.hijacked)
        enough = max(ENOUGH_HIJACKED, ENOUGH_OF_MOST * max(self._hijacked.values(), default=0))
        layers = range(len(attention_layers(subject.model)))
        candidates = [layer for layer in layers if self._hijacked.get(layer, 0) >= enough]
        self.examples = self.material.with_labelled(layer_examples(subject, pairs, self._labels, candidates))

    def held_out(self) -> dict[int, LayerExamples]:
        """Some pairs, to tell the clean images from the triggered ones; which columns are hijacked is not needed."""
        subject, some = self.material.subject, self.material.tuning[:_FOLLOWED]
        nothing = torch.zeros(1, 1, 1, dtype=torch.bool)
        unlabelled = [ColumnLabels(nothing, nothing)] * len(attention_layers(subject.model))
        return layer_examples(subject, some, unlabelled, tuple(self.examples) if len(some) else ())

    def benign_means(self) -> tuple[Tensor, ...]:
        """The mean map of each layer over benign images, `[heads, queries, keys]`."""
        subject, images = self.material.subject, self.material.benign
        sums: list[Tensor] = []
        for start in range(0, len(images), _BATCH):
            batch = subject.encode([from_array(image) for image in images[start : start + _BATCH]])
            with torch.no_grad(), capture(subject.model) as kept:
                subject.model(**batch)
            maps = [layer.double().sum(0) for layer in kept.layers]
            sums = maps if not sums else [total + part for total, part in zip(sums, maps, strict=True)]
        return tuple((total / len(images)).half().float() for total in sums)

    def tune(self, detector: TrainedDetector) -> Tuned:
        """Choose layers that each judge on their own; how well all do together is kept for `refine`."""
        many = moved_copies(self.material.benign)
        self._rate = max(self.material.false_positive_rate, 1 / len(many))
        self._trial = Trial.of(self.material.subject, self.material.tuning, many, self._rate)
        tuned = tune(detector, self._trial)
        self._together = tune_jointly(detector, self._trial)
        return tuned

    def refine(self, tuned: Tuned, train: TrainAgain) -> Tuned:
        """Train several layers once more above repaired ones, and take what does best: together, or each on its own."""
        if len(tuned.detector.watched) > 1:
            watched, material = tuned.detector.watched, self.material
            seen = layer_examples(material.subject, material.pairs, self._labels, watched, patched_by=tuned.detector)
            networks = {
                layer: train(f"layer {layer}, second round", joined(self.examples[layer], seen[layer]), layer)
                for layer in watched
            }
            tuned = tune(replace(tuned.detector, networks=networks), self._trial)
        # Jointly costs a second forward for what is flagged: it must be worth it.
        chosen = self._together if self._together.merit >= tuned.merit + WORTH_A_LAYER else tuned
        passed_over = tuned if chosen is self._together else self._together
        chosen = tune_growth(tune_alongside(chosen, self._trial), self._trial)
        return replace(chosen, tried=(*passed_over.tried, *chosen.tried))

    def facts(self) -> dict[str, Any]:
        """Origin and sizes."""
        labelled = self.material.labelled
        return {
            "debugging_set": self.material.pairs.origin,
            "pairs": len(self.material.pairs),
            "tuning_pairs": len(self.material.tuning),
            "benign_inputs_for_the_threshold": len(self.material.benign),
            "false_positive_rate_wanted": self._rate,
            "hijacked_inputs_by_layer": self._hijacked,
            "labelled_inputs": 0 if not labelled else len(next(iter(labelled.values())).benign),
        }


def _joined(first: ImageDebuggingData, second: ImageDebuggingData) -> ImageDebuggingData:
    return ImageDebuggingData(
        pairs=joined_images(first.pairs, second.pairs),
        tuning=joined_images(first.tuning, second.tuning),
        benign=np.concatenate([first.benign, second.benign]),
        provenance=first.provenance,
    )


def _held_out_scores(
    subject: Subject, detector: TrainedDetector, data: ImageDebuggingData, _seed: int
) -> tuple[np.ndarray, np.ndarray]:
    images = [from_array(image) for image in (*data.tuning.clean, *data.tuning.triggered)]
    return np.repeat([False, True], len(data.tuning)), layer_scores(subject, detector, images).max(1, initial=0.0)


IMAGES = Modality(
    recipe=RECIPE,
    false_positive_rate=0.001,
    lesson=ImageLesson,
    load=load_image_set,
    joined=_joined,
    fewest_pairs=1,
    held_out_scores=_held_out_scores,
)
