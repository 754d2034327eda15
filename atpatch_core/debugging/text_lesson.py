"""What a debugging set of texts teaches, and how a detector for texts is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from ..attention import attention_layers
from ..detector.reach import Reach
from ..detector.token_training import benign_shares
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, hijacked_inputs
from ..subjects.subject import Subject
from .modality import Lesson, Modality
from .text_examples import text_examples
from .text_set import TextDebuggingData, TextDebuggingSet, load_text_set
from .text_tuning import scores_of_pairs, tune_on_texts
from .tuning import Tuned

ENOUGH_HIJACKED = 20  # texts; fewer show no pattern worth learning, only accidents
RATE = 0.0025  # of clean texts may have a flagged column; 400 benign texts can bound that, and a full set has 550
# Few epochs: the many columns of a few hundred texts are soon known by heart. No measurement is kept.
RECIPE = DetectorRecipe(variant="per-token", epochs=8, batch_size=32, weight_decay=5e-2)


@dataclass
class TextLesson(Lesson):
    """Learns from pairs, and chooses on tuning pairs (both `TextDebuggingSet`) and benign texts.

    Each layer of the upper half, where a text model makes up its mind, gets a network if the triggers hijack columns of
    at least `ENOUGH_HIJACKED` texts there; layers below see spelling and rarity. What the chosen one flags is followed,
    and repaired in all layers (see `Reach`).
    """

    def look(self) -> None:
        """Find the hijacked columns of all layers, and take those of the upper half in which enough texts are."""
        layers = self.reach.layers
        found = self.material.with_labelled(
            text_examples(self.material.subject, self.material.pairs, layers, self.material.seed)
        )
        self._hijacked = {layer: hijacked_inputs(examples.hijacked) for layer, examples in found.items()}
        self._means = tuple(benign_shares(found[layer], found[layer].benign) for layer in layers)
        upper = layers[len(layers) // 2 :]
        self.examples = {layer: found[layer] for layer in upper if self._hijacked[layer] >= ENOUGH_HIJACKED}

    @property
    def reach(self) -> Reach:
        """What is flagged in one layer is repaired in all."""
        return Reach(tuple(range(len(attention_layers(self.material.subject.model)))))

    def held_out(self) -> dict[int, LayerExamples]:
        """All tuning texts."""
        return text_examples(self.material.subject, self.material.tuning, tuple(self.examples), self.material.seed)

    def benign_means(self) -> tuple[Tensor, ...]:
        """What columns of each role get in benign texts, `[heads, 1, roles]`."""
        return self._means

    def tune(self, detector: TrainedDetector) -> Tuned:
        """Choose one layer."""
        self.examples.clear()  # they take much memory
        made = self.material
        return tune_on_texts(detector, made.subject, made.tuning, made.benign, made.false_positive_rate, made.seed)

    def facts(self) -> dict[str, Any]:
        """Sizes."""
        subject, pairs, tuning, benign = (
            self.material.subject,
            self.material.pairs,
            self.material.tuning,
            self.material.benign,
        )
        return {
            "debugging_set": f"{len(pairs.triggers)} soft triggers, found by searching the model",
            "clean_texts": len(pairs.clean),
            "triggered_texts": len(pairs),
            "tuning_texts": len(tuning.clean) + len(tuning),
            "benign_inputs_for_the_threshold": len(benign),
            "longest_benign_input": max((subject.encode(text)["input_ids"].shape[1] for text in benign), default=0),
            "false_positive_rate_wanted": self.material.false_positive_rate,
            "hijacked_inputs_by_layer": self._hijacked,
        }


def _joined(first: TextDebuggingData, second: TextDebuggingData) -> TextDebuggingData:
    return TextDebuggingData(
        pairs=_joined_pairs(first.pairs, second.pairs),
        tuning=_joined_pairs(first.tuning, second.tuning),
        benign=(*first.benign, *second.benign),
        provenance=first.provenance,
    )


def _joined_pairs(first: TextDebuggingSet, second: TextDebuggingSet) -> TextDebuggingSet:
    return TextDebuggingSet(
        (*first.clean, *second.clean),
        (*first.hosts, *second.hosts),
        (*first.which, *(len(first.triggers) + trigger for trigger in second.which)),
        (*first.triggers, *second.triggers),
    )


def _held_out_scores(
    subject: Subject, detector: TrainedDetector, data: TextDebuggingData, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    clean, triggered = scores_of_pairs(subject, detector, data.tuning, seed)
    return np.repeat([False, True], [len(clean), len(triggered)]), np.concatenate([clean, triggered])


TEXTS = Modality(
    recipe=RECIPE,
    false_positive_rate=RATE,
    lesson=TextLesson,
    load=load_text_set,
    joined=_joined,
    fewest_pairs=1,
    held_out_scores=_held_out_scores,
)
