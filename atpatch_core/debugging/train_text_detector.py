"""Train a detector for a text model from a debugging set: examples, one network a layer, tuning, calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import torch

from ..attention import attention_layers
from ..detector.learning_curve import OnEpoch, follow
from ..detector.networks import ColumnNetwork
from ..detector.per_token import mean_role_shares
from ..detector.reach import Reach
from ..detector.token_training import train_token_network
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, joined
from ..subjects.fingerprint import fingerprint
from ..subjects.subject import Subject
from .text_examples import text_examples
from .text_set import TextDebuggingSet
from .text_tuning import tune_on_texts

ENOUGH_HIJACKED = 20  # texts; fewer show no pattern worth learning, only accidents
RATE = 0.0025  # of clean texts may have a flagged column
RECIPE = DetectorRecipe(variant="per-token", epochs=8, batch_size=32, weight_decay=5e-2)

OnStep = Callable[[str, int, int], None]


def train_text_detector(
    subject: Subject,
    pairs: TextDebuggingSet,
    tuning_pairs: TextDebuggingSet,
    benign: Sequence[str],
    recipe: DetectorRecipe = RECIPE,
    false_positive_rate: float = RATE,
    on_step: OnStep = lambda stage, done, total: None,
    on_epoch: OnEpoch | None = None,
    labelled: Mapping[int, LayerExamples] | None = None,
) -> TrainedDetector:
    """Train on `pairs`, then choose layer, threshold and benign reference on `tuning_pairs` and `benign`.

    The three must not share texts. Each layer of the upper half, where a text model makes up its mind, gets a network
    if the triggers hijack columns of at least `ENOUGH_HIJACKED` texts there; layers below see spelling and rarity.
    What the chosen one flags is followed, and repaired in all layers (see `Reach`). A model in which nothing is
    hijacked gets a detector that watches nothing. `on_step` is told (stage, steps done, steps in all), `on_epoch` every
    epoch. `labelled` are further examples of every layer to learn from, which annotators labelled.
    """
    layers = tuple(range(len(attention_layers(subject.model))))
    upper = layers[len(layers) // 2 :]
    on_step("looking for hijacked columns", 0, 1)
    examples = text_examples(subject, pairs, layers, recipe.seed)
    if labelled is not None:
        examples = {layer: joined(one, labelled[layer]) for layer, one in examples.items()}
    on_step("looking for hijacked columns", 1, 1)
    hijacked = {layer: int(one.hijacked.flatten(1).any(1).sum()) for layer, one in examples.items()}
    candidates = tuple(layer for layer in upper if hijacked[layer] >= ENOUGH_HIJACKED)
    held_out: dict[int, LayerExamples] = {}
    if on_epoch is not None and candidates:
        held_out = text_examples(subject, tuning_pairs, candidates, recipe.seed)

    def train(layer: int) -> ColumnNetwork:
        def stage(done: int, total: int, _loss: float) -> None:
            on_step(f"training the detector of layer {layer}", done, total)

        if on_epoch is None:
            return train_token_network(examples[layer], recipe, stage)
        told = follow(f"layer {layer}", held_out.get(layer), on_epoch)
        return train_token_network(examples[layer], recipe, stage, told)

    detector = TrainedDetector(
        variant=recipe.variant,
        networks={layer: train(layer) for layer in candidates},
        benign_means=tuple(_mean(examples[layer]) for layer in layers),
        reference="zero",
        threshold=0.5,
        watched=candidates,
        fingerprint=fingerprint(subject.model),
        reach=Reach(layers),
    )
    examples.clear()  # they take much memory
    on_step("choosing layers and reference", 0, 1)
    tuned, tried = tune_on_texts(detector, subject, tuning_pairs, benign, false_positive_rate, recipe.seed)
    on_step("choosing layers and reference", 1, 1)
    history: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "debugging_set": f"{len(pairs.triggers)} soft triggers, found by searching the model",
        "clean_texts": len(pairs.clean),
        "triggered_texts": len(pairs),
        "tuning_texts": len(tuning_pairs.clean) + len(tuning_pairs),
        "benign_inputs_for_the_threshold": len(benign),
        "longest_benign_input": max((subject.encode(text)["input_ids"].shape[1] for text in benign), default=0),
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
