"""What a debugging set of records teaches, and how a detector for records is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..attention import attention_layers
from ..detector.reference import mean_map
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, unpadded
from ..subjects.record import record_schema
from ..subjects.subject import Subject
from .attribute_flips import FlippedPairs, hijacked
from .layer_scores import layer_scores
from .modality import Lesson, Modality
from .record_examples import flip_examples, record_maps
from .record_set import RecordDebuggingData, load_record_set
from .record_tuning import tune_on_flips
from .tuning import Tuned

ENOUGH_HIJACKED = 20  # records; fewer are accidents at the edge between two classes, not discrimination
# Few epochs and strong decay: the network knows fields by name, and would learn people by heart. No measurement is
# kept.
RECIPE = DetectorRecipe(variant="per-field", epochs=8, weight_decay=0.1, hardest=128, random=128)

_FOLLOWED = 300  # tuning records on which the networks are watched while they learn


@dataclass
class RecordLesson(Lesson):
    """Learns from pairs (`FlippedPairs`), and chooses on further records.

    Every layer gets a network, which learns from the maps that it computes in the untouched model and above layers that
    are repaired. A model that discriminates against fewer than `ENOUGH_HIJACKED` records gets a detector that watches
    nothing. Raises `InputError` for a subject that takes no records.
    """

    def look(self) -> None:
        """Take the maps of all pairs in all layers, if there are enough pairs."""
        subject, pairs = self.material.subject, self.material.pairs
        self._schema = record_schema(subject)
        layers = tuple(range(len(attention_layers(subject.model))))
        if len(pairs) >= ENOUGH_HIJACKED:
            self.examples = self.material.with_labelled(flip_examples(subject, pairs, layers))
            benign = [self.examples[layer].attention[self.examples[layer].benign] for layer in layers]
        else:
            benign = record_maps(subject, self.material.tuning, layers)
        self._means = tuple(mean_map(maps).half().float() for maps in benign)

    def held_out(self) -> dict[int, LayerExamples]:
        """Some records, to tell those that are hijacked from the others; by which columns is not needed."""
        subject, some, layers = self.material.subject, list(self.material.tuning[:_FOLLOWED]), tuple(self.examples)
        benign = torch.from_numpy(~hijacked(subject, some))
        found = {}
        for layer, maps in zip(layers, record_maps(subject, some, layers), strict=True):
            nothing = torch.zeros(maps.shape[0], maps.shape[1], maps.shape[3], dtype=torch.bool)
            found[layer] = unpadded(maps, nothing, nothing, benign)
        return found

    def benign_means(self) -> tuple[Tensor, ...]:
        """The mean map of each layer over clean records, `[heads, queries, keys]`."""
        return self._means

    def tune(self, detector: TrainedDetector) -> Tuned:
        """Choose what cures most."""
        return tune_on_flips(detector, self.material.subject, self.material.tuning)

    def facts(self) -> dict[str, Any]:
        """Origin and sizes."""
        pairs = self.material.pairs
        return {
            "debugging_set": pairs.origin,
            "pairs": len(pairs),
            "mean_distance_in_fields": float(np.mean(pairs.distance)) if len(pairs) else None,
            "tuning_records": len(self.material.tuning),
            "hijacked_records_by_attribute": {
                attribute.name: int(pairs.hijacking[:, number].sum())
                for number, attribute in enumerate(self._schema.protected)
            },
        }


def _joined(first: RecordDebuggingData, second: RecordDebuggingData) -> RecordDebuggingData:
    pairs = FlippedPairs(
        [*first.pairs.over_attending, *second.pairs.over_attending],
        [*first.pairs.clean, *second.pairs.clean],
        np.concatenate([first.pairs.hijacking, second.pairs.hijacking]),
        np.concatenate([first.pairs.distance, second.pairs.distance]),
        first.pairs.origin,
    )
    return RecordDebuggingData(pairs, (*first.tuning, *second.tuning), first.provenance)


def _held_out_scores(
    subject: Subject, detector: TrainedDetector, data: RecordDebuggingData, _seed: int
) -> tuple[np.ndarray, np.ndarray]:
    return hijacked(subject, data.tuning), layer_scores(subject, detector, data.tuning).max(1, initial=0.0)


RECORDS = Modality(
    recipe=RECIPE,
    false_positive_rate=None,
    lesson=RecordLesson,
    load=load_record_set,
    joined=_joined,
    fewest_pairs=ENOUGH_HIJACKED,
    held_out_scores=_held_out_scores,
)
