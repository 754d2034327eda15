"""Train a detector for a subject that takes records: flips of protected attributes, one network a layer, tuning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime

import numpy as np

from ..attention import attention_layers
from ..detector.networks import ColumnNetwork
from ..detector.reference import mean_map
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, train_network
from ..subjects.fingerprint import fingerprint
from ..subjects.record_schema import Record
from ..subjects.subject import Subject
from .attribute_flips import FlippedPairs, record_schema
from .flip_examples import flip_examples, record_maps
from .flip_tuning import tune_on_flips

ENOUGH_HIJACKED = 20  # records; fewer are accidents at the edge between two classes, not discrimination
RECIPE = DetectorRecipe(variant="per-field", epochs=8, weight_decay=0.1, hardest=128, random=128)

OnStep = Callable[[str, int, int], None]


def train_record_detector(
    subject: Subject,
    pairs: FlippedPairs,
    tuning: Sequence[Record],
    recipe: DetectorRecipe = RECIPE,
    on_step: OnStep = lambda stage, done, total: None,
) -> TrainedDetector:
    """Train on `pairs`, then choose layers, threshold and benign reference on the records `tuning`, which are others.

    Every layer gets a network, which learns from the maps that it computes in the untouched model and above layers that
    are repaired. A model that discriminates against fewer than `ENOUGH_HIJACKED` records
    gets a detector that watches nothing. `on_step` is told (stage, steps done, steps in all). Raises `InputError` for a
    subject that takes no records.
    """
    schema = record_schema(subject)
    layers = tuple(range(len(attention_layers(subject.model))))
    on_step("looking for hijacked columns", 0, 1)
    enough = len(pairs) >= ENOUGH_HIJACKED
    examples = flip_examples(subject, pairs, layers) if enough else {}
    if enough:
        benign = [examples[layer].attention[examples[layer].benign] for layer in layers]
    else:
        benign = record_maps(subject, tuning, layers)
    on_step("looking for hijacked columns", 1, 1)
    detector = TrainedDetector(
        variant=recipe.variant,
        networks={layer: _train(layer, examples[layer], recipe, on_step) for layer in examples},
        benign_means=tuple(mean_map(maps).half().float() for maps in benign),
        reference="zero",
        threshold=0.5,
        watched=tuple(examples),
        fingerprint=fingerprint(subject.model),
    )
    on_step("choosing layers, threshold and reference", 0, 1)
    tuned, tried = tune_on_flips(detector, subject, tuning)
    on_step("choosing layers, threshold and reference", 1, 1)
    hijacked = {one.name: int(pairs.hijacking[:, number].sum()) for number, one in enumerate(schema.protected)}
    history = {
        "date": datetime.now(UTC).date().isoformat(),
        "debugging_set": pairs.origin,
        "pairs": len(pairs),
        "mean_distance_in_fields": float(np.mean(pairs.distance)) if len(pairs) else None,
        "tuning_records": len(tuning),
        "hijacked_records_by_attribute": hijacked,
        "recipe": asdict(recipe),
        "tried": [asdict(choice) for choice in tried],
    }
    return replace(tuned, networks={layer: tuned.networks[layer] for layer in tuned.watched}, history=history)


def _train(layer: int, examples: LayerExamples, recipe: DetectorRecipe, on_step: OnStep) -> ColumnNetwork:
    return train_network(
        examples, recipe, lambda done, total, _loss: on_step(f"training the detector of layer {layer}", done, total)
    )
