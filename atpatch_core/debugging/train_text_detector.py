"""Train a detector for a text model from a debugging set: examples, one network a layer, tuning, calibration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime

import torch

from ..attention import attention_layers
from ..detector.networks import ColumnNetwork
from ..detector.per_token import mean_role_shares
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, train_network
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from .text_examples import text_examples
from .text_sets import TextDebuggingSet
from .text_tuning import tune_on_texts

ENOUGH_HIJACKED = 20  # texts; fewer show no pattern worth learning, only accidents
RECIPE = DetectorRecipe(variant="per-token", epochs=15, batch_size=64)

OnStep = Callable[[str, int, int], None]


def train_text_detector(
    subject: Subject,
    pairs: TextDebuggingSet,
    tuning_pairs: TextDebuggingSet,
    benign: Sequence[str],
    recipe: DetectorRecipe = RECIPE,
    false_positive_rate: float = 0.0025,
    on_step: OnStep = lambda stage, done, total: None,
) -> TrainedDetector:
    """Train on `pairs`, then choose layers, threshold and benign reference on `tuning_pairs` and `benign`.

    The three must not share texts. Each layer of the upper half, where a text model makes up its mind, gets a network
    if the words hijack columns of at least `ENOUGH_HIJACKED` texts there; layers below see spelling and rarity. A
    network learns from the maps of the untouched model and from those that the model has while a first set of networks
    repairs it. A model in which nothing is hijacked gets a detector that watches nothing. `on_step` is told (stage,
    steps done, steps in all).
    """
    layers = tuple(range(len(attention_layers(subject.model))))
    on_step("looking for hijacked columns", 0, 1)
    examples = text_examples(subject, pairs, layers)
    on_step("looking for hijacked columns", 1, 1)
    hijacked = {layer: int(one.hijacked.flatten(1).any(1).sum()) for layer, one in examples.items()}
    upper = layers[len(layers) // 2 :]
    candidates = tuple(layer for layer in upper if hijacked[layer] >= ENOUGH_HIJACKED)
    detector = TrainedDetector(
        variant=recipe.variant,
        networks={layer: _train("first", layer, examples[layer], recipe, on_step) for layer in candidates},
        benign_means=tuple(_mean(examples[layer]) for layer in layers),
        reference="zero",
        threshold=0.5,
        watched=candidates,
        fingerprint=fingerprint(subject.model),
    )
    if candidates:
        first, _ = tune_on_texts(detector, subject, tuning_pairs, benign, false_positive_rate)
        seen_patched = text_examples(subject, pairs, candidates, patched_by=first)
        joined = {layer: _joined(examples[layer], seen_patched[layer]) for layer in candidates}
        again = {layer: _train("final", layer, joined[layer], recipe, on_step) for layer in candidates}
        detector = replace(detector, networks=again)
    on_step("choosing layers, thresholds and reference", 0, 1)
    tuned, tried = tune_on_texts(detector, subject, tuning_pairs, benign, false_positive_rate)
    on_step("choosing layers, thresholds and reference", 1, 1)
    history = {
        "date": datetime.now(UTC).date().isoformat(),
        "debugging_set": pairs.origin,
        "found": [asdict(one) for one in pairs.found],
        "clean_texts": len(pairs.clean),
        "triggered_texts": len(pairs),
        "tuning_texts": len(tuning_pairs.clean) + len(tuning_pairs),
        "benign_inputs_for_the_threshold": len(benign),
        "false_positive_rate_wanted": false_positive_rate,
        "hijacked_inputs_by_layer": hijacked,
        "recipe": asdict(recipe),
        "tried": [asdict(choice) for choice in tried],
    }
    return replace(tuned, networks={layer: tuned.networks[layer] for layer in tuned.watched}, history=history)


def _mean(examples: LayerExamples) -> torch.Tensor:
    chosen = examples.benign
    shares = mean_role_shares(examples.attention[chosen], examples.key_valid[chosen], examples.query_valid[chosen])
    return shares.half().float()


def _train(stage: str, layer: int, examples: LayerExamples, recipe: DetectorRecipe, on_step: OnStep) -> ColumnNetwork:
    return train_network(
        examples,
        recipe,
        lambda done, total, _loss: on_step(f"training the detector of layer {layer}, {stage} round", done, total),
    )


def _joined(first: LayerExamples, second: LayerExamples) -> LayerExamples:
    return LayerExamples(*(torch.cat(pair) for pair in zip(vars(first).values(), vars(second).values(), strict=True)))
