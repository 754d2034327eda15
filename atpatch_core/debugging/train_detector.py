"""Train a detector for a subject from a debugging set: examples, one network a layer, tuning, calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime

import numpy as np
import torch

from ..attention import attention_layers
from ..detector.networks import ColumnNetwork
from ..detector.reference import mean_map
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, train_network
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from .examples import layer_examples
from .sets import ImageDebuggingSet
from .tuning import tune

ENOUGH_HIJACKED = 20  # inputs; fewer show no pattern worth learning, only accidents
ENOUGH_OF_MOST = 0.1  # of the most hijacked layer's inputs


def train_detector(
    subject: Subject,
    pairs: ImageDebuggingSet,
    tuning_pairs: ImageDebuggingSet,
    benign: np.ndarray,
    recipe: DetectorRecipe,
    false_positive_rate: float = 0.002,
    on_step: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> TrainedDetector:
    """Train on `pairs`, then choose layers, threshold and benign reference on `tuning_pairs` and `benign`.

    The three sets must not share inputs. Each layer whose columns the triggers hijack in at least `ENOUGH_HIJACKED`
    inputs, and in `ENOUGH_OF_MOST` as many as in the most hijacked layer, gets a network; if more than one layer ends
    up watched, the networks are trained once more with the maps that the model has while the first ones repair it. A
    model in which nothing is hijacked gets a detector that watches nothing. `on_step` is told (stage, steps done, steps
    in all).
    """
    layers = range(len(attention_layers(subject.model)))
    on_step("looking for hijacked columns", 0, 1)
    examples = layer_examples(subject, pairs, layers)
    on_step("looking for hijacked columns", 1, 1)
    hijacked = {layer: int(one.hijacked.flatten(1).any(1).sum()) for layer, one in examples.items()}
    enough = max(ENOUGH_HIJACKED, ENOUGH_OF_MOST * max(hijacked.values()))
    candidates = [layer for layer in layers if hijacked[layer] >= enough]
    detector = TrainedDetector(
        variant=recipe.variant,
        networks={layer: _train(layer, examples[layer], recipe, on_step) for layer in candidates},
        benign_means=tuple(
            mean_map(examples[layer].attention[examples[layer].benign]).half().float() for layer in layers
        ),
        reference="mean",
        threshold=1.0,
        watched=tuple(candidates),
        fingerprint=fingerprint(subject.model),
    )
    on_step("choosing layers and reference", 0, 1)
    tuned, tried = tune(detector, subject, tuning_pairs, benign, false_positive_rate)
    on_step("choosing layers and reference", 1, 1)
    if len(tuned.watched) > 1:
        seen_patched = layer_examples(subject, pairs, tuned.watched, patched_by=tuned)
        networks = {
            layer: _train(layer, _joined(examples[layer], seen_patched[layer]), recipe, on_step)
            for layer in tuned.watched
        }
        tuned, tried = tune(replace(tuned, networks=networks), subject, tuning_pairs, benign, false_positive_rate)
    history = {
        "date": datetime.now(UTC).date().isoformat(),
        "debugging_set": pairs.origin,
        "pairs": len(pairs),
        "tuning_pairs": len(tuning_pairs),
        "benign_inputs_for_the_threshold": len(benign),
        "false_positive_rate_wanted": false_positive_rate,
        "hijacked_inputs_by_layer": hijacked,
        "recipe": asdict(recipe),
        "tried": [asdict(choice) for choice in tried],
    }
    return replace(tuned, networks={layer: tuned.networks[layer] for layer in tuned.watched}, history=history)


def _train(
    layer: int, examples: LayerExamples, recipe: DetectorRecipe, on_step: Callable[[str, int, int], None]
) -> ColumnNetwork:
    return train_network(
        examples, recipe, lambda done, total, _loss: on_step(f"training the detector of layer {layer}", done, total)
    )


def _joined(first: LayerExamples, second: LayerExamples) -> LayerExamples:
    return LayerExamples(*(torch.cat(pair) for pair in zip(vars(first).values(), vars(second).values(), strict=True)))
