"""Train a network a layer, and choose by cross-fitting which layers to watch and from which score on to flag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ..detector.calibration import calibrate_threshold
from ..detector.learning_curve import Epoch, OnEpoch, OnStep, say_nothing
from ..detector.network_training import train_layer
from ..detector.networks import ColumnNetwork
from ..detector.training import DetectorRecipe, LayerExamples, hijacked_inputs
from ..detector.variants import VARIANTS
from ..errors import LabelError

FOLDS = 3  # more leave each network more to learn from, and take longer to train
ENOUGH = 3  # inputs with an over-attended column in a layer, so that every fold has one to learn from
ENOUGH_OF_MOST = 0.2  # of the inputs in the layer that has most: the rest are more likely slips than a pattern
WORTH_A_LAYER = 0.005  # of the area under the curve: less is within chance. No measurement is kept.


@dataclass(frozen=True)
class Fitted:
    """What cross-fitting gives.

    Attributes:
        networks: those of the watched layers.
        threshold: the score from which on a column is flagged.
        auroc: area under the ROC curve over held-out inputs.
        scores: the highest column score of each input, by networks that did not learn from it, float64 `[n]`.
    """

    networks: Mapping[int, ColumnNetwork]
    threshold: float
    auroc: float
    scores: np.ndarray


def fit(
    examples: Mapping[int, LayerExamples],
    recipe: DetectorRecipe,
    false_positive_rate: float,
    on_step: OnStep = say_nothing,
    on_epoch: OnEpoch = lambda epoch: None,
) -> Fitted:
    """Train a network for each layer in which columns were called over-attended, and choose which layers to watch.

    Layers and threshold are chosen on scores of inputs that the network did not see (cross-fitting in `FOLDS` parts);
    the networks returned then learn from all. Of layers that tell inputs apart equally well the first is watched, but
    for texts the last: the layers below see spelling and rarity. The choice rests on inputs with an over-attended
    column and on clean ones; inputs that are neither only teach what was said about their columns.

    Args:
        examples: of each layer.
        recipe: how networks are trained.
        false_positive_rate: the share of clean inputs that may have a flagged column; with few clean inputs, the rate
            that can be bounded is higher.
        on_step: called with (stage, steps done, steps in all).
        on_epoch: called after every epoch.

    Raises:
        LabelError: there is too little to learn from.
    """
    bad, clean = (truth.numpy() for truth in over_attended_and_clean(examples))
    clear = bad | clean
    counts = {layer: hijacked_inputs(found.hijacked) for layer, found in examples.items()}
    layers = learnable_layers(counts)
    if not layers or int(clean.sum()) < ENOUGH:
        raise LabelError(
            f"There is too little to learn from: label at least {ENOUGH} inputs with an over-attended column in the "
            f"same layer, and {ENOUGH} of which every column is judged benign (B: the rest is benign)."
        )
    any_length = VARIANTS[recipe.variant].any_length
    steps = len(layers) * (FOLDS + 1) * recipe.epochs
    done = 0

    def count(epoch: Epoch) -> None:
        nonlocal done
        done += 1
        on_step("training the detector", done, steps)
        on_epoch(epoch)

    scores = {layer: np.zeros(len(bad)) for layer in layers}
    networks: dict[int, ColumnNetwork] = {}
    for layer in layers:
        own, calm = examples[layer].hijacked.flatten(1).any(1).numpy(), examples[layer].benign.numpy()
        fold = _folds(own, clean, recipe.seed)
        for part in range(FOLDS):
            # What is neither over-attended nor benign in this layer can't tell how good a network is.
            known = _take(examples[layer], (fold == part) & (own | calm))
            name = f"layer {layer}, without part {part + 1} of {FOLDS}"
            network = train_layer(name, _take(examples[layer], fold != part), recipe, known, count)
            scores[layer][fold == part] = _highest(network, _take(examples[layer], fold == part))
        networks[layer] = train_layer(f"layer {layer}", examples[layer], recipe, None, count)
    watched: list[int] = []
    best = 0.0
    while len(watched) < len(layers):
        left = [layer for layer in (reversed(layers) if any_length else layers) if layer not in watched]
        tried = {layer: _area(bad[clear], [scores[other][clear] for other in (*watched, layer)]) for layer in left}
        layer = max(tried, key=lambda candidate: tried[candidate])
        if watched and tried[layer] < best + WORTH_A_LAYER:
            break
        watched.append(layer)
        best = tried[layer]
    highest = np.max([scores[layer] for layer in watched], axis=0)
    rate = max(false_positive_rate, 1.001 / (int(clean.sum()) + 1))
    threshold = calibrate_threshold(highest[clean], highest[bad], rate)
    return Fitted({layer: networks[layer] for layer in sorted(watched)}, min(threshold, 1.0), best, highest)


def over_attended_and_clean(examples: Mapping[int, LayerExamples]) -> tuple[Tensor, Tensor]:
    """Which inputs have an over-attended column in any layer, and which are benign in all: bool `[n]` each."""
    bad = torch.stack([found.hijacked.flatten(1).any(1) for found in examples.values()]).any(0)
    return bad, torch.stack([found.benign for found in examples.values()]).all(0)


def learnable_layers(counts: Mapping[int, int]) -> list[int]:
    """The layers that are learnt from, given how many inputs have an over-attended column in each."""
    enough = max(ENOUGH, ENOUGH_OF_MOST * max(counts.values(), default=0))
    return [layer for layer, count in counts.items() if count >= enough]


def _take(examples: LayerExamples, chosen: np.ndarray) -> LayerExamples:
    index = torch.from_numpy(np.flatnonzero(chosen))
    return replace(examples, **{name: value[index] for name, value in vars(examples).items()})


def _folds(bad: np.ndarray, clean: np.ndarray, seed: int) -> np.ndarray:
    """Which part each input belongs to, `int [n]`; bad, clean and other ones are dealt out evenly."""
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(bad), dtype=np.int64)
    for group in (np.flatnonzero(bad), np.flatnonzero(clean), np.flatnonzero(~bad & ~clean)):
        fold[rng.permutation(group)] = np.arange(len(group)) % FOLDS
    return fold


def _highest(network: ColumnNetwork, examples: LayerExamples) -> np.ndarray:
    with torch.no_grad():
        scores = network(examples.attention, examples.key_valid, examples.query_valid)
    highest: np.ndarray = scores.flatten(1).amax(1).double().numpy()
    return highest


def _area(bad: np.ndarray, scores: list[np.ndarray]) -> float:
    return float(roc_auc_score(bad, np.max(scores, axis=0)))
