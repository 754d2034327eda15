"""Does labelling what teaches most need fewer labels than labelling at random?

    python -m benchmarks.label_loop [--subject sample_models/fashion-vit-badnets] [--seeds 5] [--out FOLDER]

A simulated annotator answers for a pool of test images of which one in ten carries the true trigger: it judges the
columns that are suggested and those it sees to be hijacked (by comparison with the clean twin), and one verdict in ten
is wrong. Again and again a detector is trained from nothing but the labels so far, and judged on other images, with
and without the trigger. The queue is in the order of the Label page: before there is a detector, in turns the most
conspicuous input and a random one; then those that the detector is least sure about. Writes label_loop.json and
label_loop.png into FOLDER (`assets`).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score
from torch import Tensor

from atpatch_core import Column, Subject, capture, load
from atpatch_core.debugging.image_examples import HIJACKED_RISE
from atpatch_core.errors import LabelError
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.labels.contract import Verdict
from atpatch_core.labels.examples import examples_of, label_masks
from atpatch_core.labels.fitting import Fitted, fit
from atpatch_core.labels.queue import uncertainty
from atpatch_core.labels.suggestion import WORTH_A_LOOK, readout_peak
from atpatch_core.labels.training import RECIPE

POOL = 1_000
TRIGGERED = 0.1
WRONG = 0.1
# After how many labelled inputs a detector is trained; beyond the last of SHOWN only while ENOUGH is not reached.
COUNTS = (6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 50, 60, 80, 100, 130, 160, 200)
SHOWN = 40
ENOUGH = 0.99
INFORMATIVE, RANDOM = "most informative first", "random"


def maps_of(subject: Subject, images: list[Any]) -> list[Tensor]:
    """Per layer `[n, heads, queries, keys]` in half precision."""
    layers: list[list[Tensor]] = []
    for start in range(0, len(images), 100):
        with torch.no_grad(), capture(subject.model) as kept:
            subject.model(**subject.encode(images[start : start + 100]))
        layers.append([layer.half() for layer in kept.layers])
    return [torch.cat(one) for one in zip(*layers, strict=True)]


def main() -> None:
    """Run all seeds of both orders and write the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subject", default="sample_models/fashion-vit-badnets")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("assets"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    subject = load(arguments.subject)
    own = subject.folder / "eval"
    data = read_labelled_images(own / "images.parquet", subject.labels)
    ((_, trigger),) = load_attacks(own / "attacks.json").items()
    triggered = apply_trigger(trigger, data).inputs
    assert isinstance(triggered, LabelledImages), "This benchmark is for subjects that take images."
    stamped = triggered.images
    # Images of the target class are left out where the trigger goes on: there is nothing for it to change.
    covered = patches_under(list(data.images), list(stamped), subject)
    clean, bad = maps_of(subject, list(data.images)), maps_of(subject, list(stamped))
    usable = np.flatnonzero(np.asarray(data.labels) != trigger.target)
    curves: dict[str, list[dict[int, float]]] = {INFORMATIVE: [], RANDOM: []}
    for seed in range(arguments.seeds):
        for order, found in curves.items():
            found.append(run(clean, bad, covered, usable, order == RANDOM, seed))
            print(order, "seed", seed, {count: round(area, 4) for count, area in found[-1].items()}, flush=True)
    first = {order: [needed(curve) for curve in found] for order, found in curves.items()}
    lasting = {order: [needed_twice(curve) for curve in found] for order, found in curves.items()}
    result = {
        "subject": subject.name,
        "auroc_wanted": ENOUGH,
        "labels_to_reach_it": first,
        "labels_to_reach_it_in_two_trainings_running": lasting,
        "share_of_random": {"reach": share(first), "reach_in_two_trainings_running": share(lasting)},
        "curves": curves,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "label_loop.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw(curves, arguments.out / "label_loop.png")
    print(json.dumps({name: value for name, value in result.items() if name != "curves"}, indent=1))


def needed(curve: dict[int, float]) -> int | None:
    """The fewest labelled inputs with which `ENOUGH` is reached, or `None`."""
    return next((count for count, area in curve.items() if area >= ENOUGH), None)


def needed_twice(curve: dict[int, float]) -> int | None:
    """The fewest with which it is reached in this training and in the next one, so that it was no stroke of luck."""
    pairs = zip(curve.items(), list(curve.values())[1:], strict=False)
    return next((count for (count, area), after in pairs if min(area, after) >= ENOUGH), None)


def share(counts: dict[str, list[int | None]]) -> float | None:
    """The labels that the informative order needs on average, as a share of those that random order needs."""
    informative, at_random = (
        [count for count in counts[order] if count is not None] for order in (INFORMATIVE, RANDOM)
    )
    if len(informative) < len(counts[INFORMATIVE]) or len(at_random) < len(counts[RANDOM]):
        return None
    return sum(informative) / sum(at_random)


def draw(curves: dict[str, list[dict[int, float]]], file: Path) -> None:
    """Every seed as a thin line, and the median of all as a thick one, up to `SHOWN` labelled inputs."""
    figure = Figure(figsize=(7.2, 3.6), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    for (order, found), colour, style in zip(curves.items(), ("#2563eb", "#d97706"), ("-", "--"), strict=True):
        counts = [count for count in found[0] if count <= SHOWN]
        areas = np.array([[curve[count] for count in counts] for curve in found])
        axes.plot(counts, areas.T, style, color=colour, alpha=0.25, linewidth=1)
        axes.plot(counts, np.median(areas, axis=0), style, color=colour, linewidth=2.5, label=f"{order} (median)")
    axes.axhline(ENOUGH, color="#6b7280", linestyle=":", linewidth=1)
    axes.set(xlabel="labelled inputs", ylabel="AUROC on true triggers", ylim=(0.34, 1.01))
    axes.legend(loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, metadata={"Software": None})


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
    special = torch.arange(seen[0].shape[-1]) == 0
    conspicuous = [readout_peak([one[number] for one in seen], special) for number in range(len(pool))]
    fitted: Fitted | None = None
    doubt: list[float] = []
    curve: dict[int, float] = {}
    for count in COUNTS:
        if count > SHOWN and needed_twice(curve) is not None:
            break
        for _ in range(count - len(labelled)):
            left = [one for one in order if one not in labelled]
            if at_random:
                one = left[0]
            elif fitted is not None:
                one = max(left, key=lambda one: doubt[one])
            else:
                one = left[0] if len(labelled) % 2 else max(left, key=lambda one: conspicuous[one])
            labelled[one] = oracle(one, suggested(one, seen, fitted), truth, rng)
        fitted = learn(labelled, seen, seed) or fitted
        curve[count] = 0.5
        if fitted is not None:
            curve[count] = float(roc_auc_score(answer, scores(fitted, held_out)))
            doubt = [] if at_random else [uncertainty(score, fitted.threshold) for score in scores(fitted, seen)]
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
    # Where it sees nothing hijacked, the annotator says that the rest is benign.
    complete = [Verdict.OVER_ATTENDED not in said.values() for said in labelled.values()]
    masks = label_masks(list(labelled.values()), complete, [layer.shape[1] for layer in maps], maps[0].shape[-1])
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
