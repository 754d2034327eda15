"""Train a detector for a subject that takes records: flips of protected attributes, one network a layer, tuning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime

import numpy as np
import torch

from ..attention import attention_layers
from ..detector.learning_curve import OnEpoch, follow
from ..detector.networks import ColumnNetwork
from ..detector.reference import mean_map
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, joined, train_network
from ..subjects.fingerprint import fingerprint
from ..subjects.record_schema import Record
from ..subjects.subject import Subject
from .attribute_flips import FlippedPairs, hijacked, record_schema
from .flip_examples import flip_examples, record_maps
from .flip_tuning import tune_on_flips

ENOUGH_HIJACKED = 20  # records; fewer are accidents at the edge between two classes, not discrimination
RECIPE = DetectorRecipe(variant="per-field", epochs=8, weight_decay=0.1, hardest=128, random=128)

_FOLLOWED = 300  # tuning records on which the networks are watched while they learn

OnStep = Callable[[str, int, int], None]


def train_record_detector(
    subject: Subject,
    pairs: FlippedPairs,
    tuning: Sequence[Record],
    recipe: DetectorRecipe = RECIPE,
    on_step: OnStep = lambda stage, done, total: None,
    on_epoch: OnEpoch | None = None,
    labelled: Mapping[int, LayerExamples] | None = None,
) -> TrainedDetector:
    """Train on `pairs`, then choose layers, threshold and benign reference on the records `tuning`, which are others.

    Every layer gets a network, which learns from the maps that it computes in the untouched model and above layers that
    are repaired. A model that discriminates against fewer than `ENOUGH_HIJACKED` records
    gets a detector that watches nothing. `on_step` is told (stage, steps done, steps in all), `on_epoch` every epoch.
    `labelled` are further examples of every layer to learn from, which annotators labelled. Raises `InputError` for a
    subject that takes no records.
    """
    schema = record_schema(subject)
    layers = tuple(range(len(attention_layers(subject.model))))
    on_step("looking for hijacked columns", 0, 1)
    enough = len(pairs) >= ENOUGH_HIJACKED
    examples = flip_examples(subject, pairs, layers) if enough else {}
    if labelled is not None:
        examples = {layer: joined(one, labelled[layer]) for layer, one in examples.items()}
    if enough:
        benign = [examples[layer].attention[examples[layer].benign] for layer in layers]
    else:
        benign = record_maps(subject, tuning, layers)
    on_step("looking for hijacked columns", 1, 1)
    held_out = {} if on_epoch is None or not enough else _held_out(subject, tuning, layers)

    def train(layer: int) -> ColumnNetwork:
        def stage(done: int, total: int, _loss: float) -> None:
            on_step(f"training the detector of layer {layer}", done, total)

        if on_epoch is None:
            return train_network(examples[layer], recipe, stage)
        return train_network(examples[layer], recipe, stage, follow(f"layer {layer}", held_out.get(layer), on_epoch))

    detector = TrainedDetector(
        variant=recipe.variant,
        networks={layer: train(layer) for layer in examples},
        benign_means=tuple(mean_map(maps).half().float() for maps in benign),
        reference="zero",
        threshold=0.5,
        watched=tuple(examples),
        fingerprint=fingerprint(subject.model),
    )
    on_step("choosing layers and reference", 0, 1)
    tuned, tried = tune_on_flips(detector, subject, tuning)
    on_step("choosing layers and reference", 1, 1)
    by_attribute = {one.name: int(pairs.hijacking[:, number].sum()) for number, one in enumerate(schema.protected)}
    history = {
        "date": datetime.now(UTC).date().isoformat(),
        "debugging_set": pairs.origin,
        "pairs": len(pairs),
        "mean_distance_in_fields": float(np.mean(pairs.distance)) if len(pairs) else None,
        "tuning_records": len(tuning),
        "hijacked_records_by_attribute": by_attribute,
        "recipe": asdict(recipe),
        "tried": [asdict(choice) for choice in tried],
    }
    return replace(tuned, networks={layer: tuned.networks[layer] for layer in tuned.watched}, history=history)


def _held_out(subject: Subject, records: Sequence[Record], layers: Sequence[int]) -> dict[int, LayerExamples]:
    """The maps of some records, to tell those that are hijacked from the others; by which columns is not needed."""
    some = list(records[:_FOLLOWED])
    benign = torch.from_numpy(~hijacked(subject, some))
    found = {}
    for layer, maps in zip(layers, record_maps(subject, some, layers), strict=True):
        count, heads, queries, keys = maps.shape
        nothing = torch.zeros(count, heads, keys, dtype=torch.bool)
        valid = (torch.ones(count, keys, dtype=torch.bool), torch.ones(count, queries, dtype=torch.bool))
        found[layer] = LayerExamples(maps, *valid, nothing, nothing, benign)
    return found
