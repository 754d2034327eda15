"""Train a detector for a subject from a debugging set: examples, one network a layer, tuning, calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime

import numpy as np
import torch
from torch import Tensor

from ..attention import attention_layers, capture
from ..detector.learning_curve import OnEpoch, follow
from ..detector.networks import ColumnNetwork
from ..detector.trained import TrainedDetector
from ..detector.training import DetectorRecipe, LayerExamples, joined, train_network
from ..subjects.fingerprint import fingerprint
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from .examples import ColumnLabels, label_columns, layer_examples
from .sets import ImageDebuggingSet, moved_copies
from .trial import Trial
from .tuning import WORTH_A_LAYER, tune, tune_alongside, tune_jointly

# The few benign columns that look hijacked are what decides about false alarms, so each batch is built around them.
RECIPE = DetectorRecipe(epochs=15, hardest=8, random=32)
ENOUGH_HIJACKED = 20  # inputs; fewer show no pattern worth learning, only accidents
ENOUGH_OF_MOST = 0.1  # of the most hijacked layer's inputs
_BATCH = 250
_FOLLOWED = 150  # tuning pairs on which the networks are watched while they learn


def train_detector(
    subject: Subject,
    pairs: ImageDebuggingSet,
    tuning_pairs: ImageDebuggingSet,
    benign: np.ndarray,
    recipe: DetectorRecipe = RECIPE,
    false_positive_rate: float = 0.001,
    on_step: Callable[[str, int, int], None] = lambda stage, done, total: None,
    on_epoch: OnEpoch | None = None,
    labelled: Mapping[int, LayerExamples] | None = None,
) -> TrainedDetector:
    """Train on `pairs`, then choose layers, threshold and benign reference on `tuning_pairs` and `benign`.

    The three sets must not share inputs. Each layer whose columns the triggers hijack in at least `ENOUGH_HIJACKED`
    inputs, and in `ENOUGH_OF_MOST` as many as in the most hijacked layer, gets a network; if more than one layer ends
    up watched, the networks are trained once more with the maps that the model has while the first ones repair it. If
    it wins back more, all of these layers judge jointly instead (see `Jointly`). The threshold is set for at most
    `false_positive_rate` flagged ones among `benign` pictures and their slightly moved copies, or for the lowest rate
    that so many can tell. A model in which nothing is hijacked gets a detector that watches nothing. `on_step` is told
    (stage, steps done, steps in all), `on_epoch` every epoch. `labelled` are further examples of every layer to learn
    from, which annotators labelled.
    """
    layers = range(len(attention_layers(subject.model)))
    on_step("looking for hijacked columns", 0, 1)
    labels = label_columns(subject, pairs) if len(pairs) else ()
    on_step("looking for hijacked columns", 1, 1)
    hijacked = {layer: int(one.hijacked.flatten(1).any(1).sum()) for layer, one in enumerate(labels)}
    for layer, one in (labelled or {}).items():
        hijacked[layer] = hijacked.get(layer, 0) + int(one.hijacked.flatten(1).any(1).sum())
    enough = max(ENOUGH_HIJACKED, ENOUGH_OF_MOST * max(hijacked.values(), default=0))
    candidates = [layer for layer in layers if hijacked.get(layer, 0) >= enough]
    examples = layer_examples(subject, pairs, labels, candidates)
    if labelled is not None:
        examples = {layer: joined(one, labelled[layer]) for layer, one in examples.items()}
    held_out = {} if on_epoch is None else _held_out(subject, tuning_pairs, candidates)

    def train(layer: int, learnt_from: LayerExamples, name: str) -> ColumnNetwork:
        def stage(done: int, total: int, _loss: float) -> None:
            on_step(f"training the detector of layer {layer}", done, total)

        if on_epoch is None:
            return train_network(learnt_from, recipe, stage)
        return train_network(learnt_from, recipe, stage, follow(name, held_out.get(layer), on_epoch))

    detector = TrainedDetector(
        variant=recipe.variant,
        networks={layer: train(layer, examples[layer], f"layer {layer}") for layer in candidates},
        benign_means=_benign_means(subject, benign),
        reference="mean",
        threshold=1.0,
        watched=tuple(candidates),
        fingerprint=fingerprint(subject.model),
    )
    on_step("choosing layers and reference", 0, 1)
    many = moved_copies(benign)
    rate = max(false_positive_rate, 1 / len(many))
    trial = Trial.of(subject, tuning_pairs, many, rate)
    tuned = tune(detector, trial)
    together = tune_jointly(detector, trial)
    on_step("choosing layers and reference", 1, 1)
    if len(tuned.detector.watched) > 1:
        watched = tuned.detector.watched
        seen_patched = layer_examples(subject, pairs, labels, watched, patched_by=tuned.detector)
        networks = {
            layer: train(layer, joined(examples[layer], seen_patched[layer]), f"layer {layer}, second round")
            for layer in watched
        }
        tuned = tune(replace(tuned.detector, networks=networks), trial)
    # Jointly costs a second forward for what is flagged: it must be worth it.
    chosen = together if together.merit >= tuned.merit + WORTH_A_LAYER else tuned
    passed_over = tuned if chosen is together else together
    chosen = tune_alongside(chosen, trial)
    history = {
        "date": datetime.now(UTC).date().isoformat(),
        "debugging_set": pairs.origin,
        "pairs": len(pairs),
        "tuning_pairs": len(tuning_pairs),
        "benign_inputs_for_the_threshold": len(benign),
        "false_positive_rate_wanted": rate,
        "hijacked_inputs_by_layer": hijacked,
        "labelled_inputs": 0 if not labelled else len(next(iter(labelled.values())).benign),
        "recipe": asdict(recipe),
        "tried": [asdict(choice) for choice in (*passed_over.tried, *chosen.tried)],
    }
    final = chosen.detector
    return replace(final, networks={layer: final.networks[layer] for layer in final.watched}, history=history)


def _benign_means(subject: Subject, images: np.ndarray) -> tuple[Tensor, ...]:
    """The mean map of each layer over clean inputs, `[heads, queries, keys]`, as precise as it will be stored."""
    sums: list[Tensor] = []
    for start in range(0, len(images), _BATCH):
        batch = subject.encode([from_array(image) for image in images[start : start + _BATCH]])
        with torch.no_grad(), capture(subject.model) as kept:
            subject.model(**batch)
        maps = [layer.double().sum(0) for layer in kept.layers]
        sums = maps if not sums else [total + part for total, part in zip(sums, maps, strict=True)]
    return tuple((total / len(images)).half().float() for total in sums)


def _held_out(subject: Subject, pairs: ImageDebuggingSet, layers: Sequence[int]) -> dict[int, LayerExamples]:
    """The maps of some pairs, to tell the clean from the triggered ones; which columns are hijacked is not needed."""
    some = ImageDebuggingSet(
        pairs.clean[:_FOLLOWED], pairs.triggered[:_FOLLOWED], pairs.covered[:_FOLLOWED], pairs.origin
    )
    nothing = torch.zeros(1, 1, 1, dtype=torch.bool)
    unlabelled = [ColumnLabels(nothing, nothing)] * len(attention_layers(subject.model))
    return layer_examples(subject, some, unlabelled, layers if len(some) else ())
