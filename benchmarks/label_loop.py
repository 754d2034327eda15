"""Does labelling what teaches most need fewer labels than labelling at random?

    python -m benchmarks.label_loop [--subject sample_models/fashion-vit-badnets] [--seeds 5] [--out FILE]

A simulated annotator answers for a pool of test images of which one in ten carries the true trigger: it judges the
columns that are suggested and those it sees to be hijacked (by comparison with the clean twin), and one verdict in ten
is wrong. After every ten inputs a detector is trained from nothing but these labels, and judged on other images, with
and without the trigger. Both orders begin with the same twenty inputs at random.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from atpatch_core import Column, Subject, capture, load
from atpatch_core.debugging.examples import HIJACKED_RISE
from atpatch_core.errors import LabelError
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.labels.contract import Verdict
from atpatch_core.labels.queue import uncertainty
from atpatch_core.labels.suggestion import WORTH_A_LOOK
from atpatch_core.labels.training import RECIPE, Fitted, examples_of, fit, label_masks

POOL = 1_000
TRIGGERED = 0.1
WRONG = 0.1
FIRST, STEP, MOST = 20, 10, 200
ENOUGH = 0.99


def maps_of(subject: Subject, images: list[Any]) -> list[Tensor]:
    """Per layer `[n, heads, queries, keys]` in half precision."""
    layers: list[list[Tensor]] = []
    for start in range(0, len(images), 100):
        with torch.no_grad(), capture(subject.model) as kept:
            subject.model(**subject.encode(images[start : start + 100]))
        layers.append([one.half() for one in kept.layers])
    return [torch.cat(one) for one in zip(*layers, strict=True)]


def main() -> None:
    """Run all seeds of both orders and write the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subject", default="sample_models/fashion-vit-badnets")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/label_loop.json"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    subject = load(arguments.subject)
    own = subject.folder / "eval"
    data = read_labelled_images(own / "images.parquet", subject.labels)
    ((_, trigger),) = load_attacks(own / "attacks.json").items()
    triggered = apply_trigger(trigger, data).inputs
    assert isinstance(triggered, LabelledImages), "This benchmark is for subjects that take pictures."
    stamped = triggered.images
    # Pictures of the target class are left out where the trigger goes on: there is nothing for it to change.
    covered = patches_under(list(data.images), list(stamped), subject)
    clean, bad = maps_of(subject, list(data.images)), maps_of(subject, list(stamped))
    usable = np.flatnonzero(np.asarray(data.labels) != trigger.target)
    curves: dict[str, list[dict[int, float]]] = {}
    for order in ("most informative first", "random"):
        curves[order] = []
        for seed in range(arguments.seeds):
            curves[order].append(run(clean, bad, covered, usable, order == "random", seed))
            print(order, "seed", seed, {count: round(area, 4) for count, area in curves[order][-1].items()}, flush=True)
    needed = {
        order: [next((count for count, area in curve.items() if area >= ENOUGH), None) for curve in found]
        for order, found in curves.items()
    }
    result = {"subject": subject.name, "auroc_wanted": ENOUGH, "labels_needed": needed, "curves": curves}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(needed))


def patches_under(clean: list[Any], stamped: list[Any], subject: Subject) -> Tensor:
    """Which columns the trigger covers, bool `[n, 1, keys]`."""
    changed = np.stack([np.asarray(one) != np.asarray(other) for one, other in zip(stamped, clean, strict=True)])
    with torch.no_grad(), capture(subject.model) as kept:
        subject.model(**subject.encode(clean[:1]))
    layout = subject.layout(clean[0], kept.layers[0].shape[-1])
    assert layout.grid is not None
    rows, columns = layout.grid
    count, height, width = changed.shape[:3]
    blocks = changed.reshape(count, rows, height // rows, columns, width // columns, -1).any((2, 4, 5))
    patches = torch.from_numpy(blocks.reshape(count, 1, -1))
    return torch.nn.functional.pad(patches, (sum(layout.special), 0))


def run(
    clean: list[Tensor], bad: list[Tensor], covered: Tensor, usable: np.ndarray, at_random: bool, seed: int
) -> dict[int, float]:
    """One annotator's work: the area under the curve on other images after so many labelled inputs."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(usable)
    pool, judged = shuffled[:POOL], shuffled[POOL:]
    carries = rng.random(len(pool)) < TRIGGERED
    number = torch.from_numpy(pool)
    mark = torch.from_numpy(carries)[:, None, None, None]
    seen = [torch.where(mark, one[number], other[number]).float() for one, other in zip(bad, clean, strict=True)]
    rises = [(one[number].float() - other[number].float()).amax(-2) for one, other in zip(bad, clean, strict=True)]
    truth = [(rise >= HIJACKED_RISE) & covered[number] & mark[:, :, :, 0] for rise in rises]
    rest = torch.from_numpy(judged)
    held_out = [torch.cat([other[rest], one[rest]]).float() for one, other in zip(bad, clean, strict=True)]
    answer = np.arange(2 * len(rest)) >= len(rest)

    labelled: dict[int, dict[Column, Verdict]] = {}
    order = rng.permutation(len(pool)).tolist()
    fitted: Fitted | None = None
    curve = {}
    while len(labelled) < MOST:
        left = [one for one in order if one not in labelled]
        if fitted is not None and not at_random:
            doubt = [uncertainty(score, fitted.threshold) for score in scores(fitted, seen)]
            left.sort(key=lambda one: -doubt[one])
        for one in left[: FIRST if not labelled else STEP]:
            labelled[one] = oracle(one, suggested(one, seen, fitted), truth, rng)
        fitted = learn(labelled, seen, seed) or fitted
        if fitted is None:
            curve[len(labelled)] = 0.5
        else:
            curve[len(labelled)] = float(roc_auc_score(answer, scores(fitted, held_out)))
        print(f"  {len(labelled)} labelled: {curve[len(labelled)]:.4f}", flush=True)
    return curve


def suggested(one: int, maps: list[Tensor], fitted: Fitted | None) -> list[Column]:
    """The columns that the page would suggest: the highest scores, or those that draw most attention."""
    layers = {layer: maps[layer][one].mean(-2)[:, 1:] for layer in range(len(maps))}
    if fitted is not None:
        layers = {
            layer: _scores(network, maps[layer][one : one + 1])[0, :, 1:] for layer, network in fitted.networks.items()
        }
    found = [
        (float(value), Column(layer, head, key + 1))
        for layer, values in layers.items()
        for head, row in enumerate(values)
        for key, value in enumerate(row)
    ]
    return [column for _, column in sorted(found, key=lambda pair: -pair[0])[:WORTH_A_LOOK]]


def oracle(one: int, columns: list[Column], truth: list[Tensor], rng: np.random.Generator) -> dict[Column, Verdict]:
    """The verdicts about the suggested columns and the hijacked ones, one in ten of them wrong."""
    hijacked = {Column(layer, *place) for layer, found in enumerate(truth) for place in found[one].nonzero().tolist()}
    verdicts = {}
    for column in sorted({*columns, *hijacked}):
        over = (column in hijacked) != (rng.random() < WRONG)
        verdicts[column] = Verdict.OVER_ATTENDED if over else Verdict.BENIGN
    return verdicts


def learn(labelled: dict[int, dict[Column, Verdict]], maps: list[Tensor], seed: int) -> Fitted | None:
    """What can be learned from the labels so far, or `None` if they are too few."""
    index = torch.tensor(list(labelled))
    masks = label_masks(list(labelled.values()), [one.shape[1] for one in maps], maps[0].shape[-1])
    examples = {layer: examples_of(one[index], *masks[layer]) for layer, one in enumerate(maps)}
    try:
        return fit(examples, replace(RECIPE, seed=seed), 0.01)
    except LabelError:
        return None


def scores(fitted: Fitted, maps: list[Tensor]) -> np.ndarray:
    """The highest column score of each input."""
    found = [_scores(network, maps[layer]).flatten(1).amax(1) for layer, network in fitted.networks.items()]
    highest: np.ndarray = torch.stack(found).amax(0).double().numpy()
    return highest


def _scores(network: Any, attention: Tensor) -> Tensor:
    count, _, queries, keys = attention.shape
    with torch.no_grad():
        found: Tensor = network(attention, torch.ones(count, keys).bool(), torch.ones(count, queries).bool())
    return found


if __name__ == "__main__":
    main()
