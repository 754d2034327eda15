"""A sample's own trigger in shapes that its model and its detector were not made with, repaired with following and not.

    python -m benchmarks.trigger_shapes          # both samples, or: python -m benchmarks.trigger_shapes NAME --out DIR

Puts the trigger on Fashion-MNIST test images of other classes: several copies, off the grid of patches, larger,
smaller, fainter, and beside a second pattern, which is no backdoor of the model and only may draw attention. Where the
trigger has a place of its own, the model knows it nowhere else, so one copy stays there (or beside it, off the grid);
all other places are drawn for each image from the seed. The model learnt one copy of one size at full contrast, on the
grid: how far it answers to another shape at all is said by its ASR without the fix. A detector that was made before
spans were grown is given the limits that no tuning chose, in all layers, and it is said. Prints all figures as JSON;
with `--out`, also writes them to `SUBJECT-shapes.json`, and the means over the seeds to `SUBJECT-shapes.md`.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from atpatch_core import Subject, load
from atpatch_core.cli.output import print_json, progress_bars
from atpatch_core.debugging.answers import answers, repaired_answers
from atpatch_core.detector.growth import Growth
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.comparison_report import averaged, spread
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.rates import Rate, excess_asr, paired_difference, proportion
from atpatch_core.evaluation.report import without_nan
from atpatch_core.triggers.patch import PatchTrigger, paste, pattern_pixels
from atpatch_core.triggers.spread import CornerPatches
from benchmarks.make_results import BACKDOORED, ROOT, labelled
from sample_models.recipes.images.fashion_mnist import ImageSet, load_fashion_mnist

PATCH = 4  # pixels of the side of a patch of these samples, and of their triggers
SECOND = "stripes"  # no sample's trigger


@dataclass(frozen=True)
class Shape:
    """How a trigger is put on an image.

    Attributes:
        copies: how many, each on a patch of its own.
        corners: whether they are in the corners; otherwise their places are drawn.
        shift: pixels down and across from a patch's corner; up or left where there is no room.
        size: pixels of its side: what is smaller is cut, what is larger tiled.
        strength: share of the trigger in the pixels that it covers, 0 to 1.
        second: the pattern of another trigger on another patch, if there is one.
    """

    copies: int = 1
    corners: bool = False
    shift: tuple[int, int] = (0, 0)
    size: int = PATCH
    strength: float = 1.0
    second: str | None = None


SHAPES = {
    "1 copy": Shape(),
    **{f"{copies} copies": Shape(copies) for copies in (2, 3)},
    "4 copies, in the corners": Shape(4, corners=True),
    **{f"{copies} copies": Shape(copies) for copies in (5, 6, 9)},
    "across 1 patch": Shape(),
    "across 2 patches": Shape(shift=(0, 2)),
    "across 4 patches": Shape(shift=(2, 2)),
    **{f"{size} px": Shape(size=size) for size in (1, 2, 3, 4, 6, 9)},
    **{f"contrast {share} %": Shape(strength=share / 100) for share in (100, 75, 50, 25)},
    "beside another pattern": Shape(second=SECOND),
}


def drawn_patches(images: int, patches: int, many: int, first: int | None, seed: int) -> np.ndarray:
    """Different patches of each image, by their numbers.

    Args:
        images: how many images.
        patches: how many patches an image has.
        many: how many of them to draw.
        first: the one that comes first in every image; `None` for one that is drawn, too.
        seed: decides the draw.

    Returns:
        int64 `[images, many]`.
    """
    lots = np.random.default_rng(seed).random((images, patches))
    if first is not None:
        lots[:, first] = -1.0
    return lots.argsort(axis=1)[:, :many]


def shifted(place: int, shift: int, size: int, side: int) -> int:
    """A place on one axis moved by `shift` pixels, or back by as many where `size` pixels would not fit in `side`.

    Example:
        >>> shifted(8, 2, 4, 28), shifted(24, 2, 4, 28)
        (10, 22)
    """
    return place + shift if place + shift + size <= side else place - shift


def paste_sized(image: np.ndarray, pixels: np.ndarray, row: int, column: int, size: int) -> None:
    """Write a pattern into an image in another size, in place: cut, or tiled.

    What would stick out is moved into the image, and its tiles stay where they are: the whole pattern is at its place.

    Args:
        image: `uint8 [height, width, channels]`, which is changed.
        pixels: `uint8 [side, side]`.
        row: pixel row of the pattern's top edge.
        column: pixel column of its left edge.
        size: pixels of a side of what is written.
    """
    top, left = min(row, image.shape[0] - size), min(column, image.shape[1] - size)
    down = (np.arange(top, top + size) - row) % len(pixels)
    across = (np.arange(left, left + size) - column) % len(pixels)
    paste(image, pixels[np.ix_(down, across)], top, left)


def blended(images: np.ndarray, stamped: np.ndarray, strength: float) -> np.ndarray:
    """Images with so much of their stamped copies shining through, all `uint8` of one shape.

    Example:
        >>> blended(np.array([100, 7], dtype=np.uint8), np.array([200, 7], dtype=np.uint8), 0.25).tolist()
        [125, 7]
    """
    mixed: np.ndarray = ((1 - strength) * images + strength * stamped).round().astype(np.uint8)
    return mixed


def stamp(images: np.ndarray, trigger: PatchTrigger, shape: Shape, seed: int = 0) -> np.ndarray:
    """Put a trigger on images in some shape.

    Args:
        images: `uint8 [n, height, width, channels]`, left as they are; sides are multiples of `PATCH`.
        trigger: of `PATCH` pixels; where it has a place of its own, that is on the grid.
        shape: how it is put on them.
        seed: decides the places; 0 by default.

    Returns:
        Copies that carry it, of the same shape.
    """
    if shape.corners:
        in_corners = CornerPatches(trigger.target, shape.size, trigger.pattern, trigger.pattern_seed, shape.copies)
        return blended(images, in_corners.apply(images), shape.strength)
    count, height, width, _ = images.shape
    grid = height // PATCH, width // PATCH
    own = None if trigger.row is None or trigger.column is None else (trigger.row // PATCH, trigger.column // PATCH)
    first = None if own is None else own[0] * grid[1] + own[1]
    many = shape.copies + (shape.second is not None)
    drawn = drawn_patches(count, grid[0] * grid[1], many, first, seed)
    patterns = [pattern_pixels(trigger.pattern, trigger.size, trigger.pattern_seed)] * shape.copies
    if shape.second is not None:
        patterns.append(pattern_pixels(shape.second, trigger.size))
    stamped = images.copy()
    for image, patches in zip(stamped, drawn.tolist(), strict=True):
        for pixels, patch in zip(patterns, patches, strict=True):
            row, column = (PATCH * number for number in divmod(patch, grid[1]))
            row = shifted(row, shape.shift[0], trigger.size, height)
            column = shifted(column, shape.shift[1], trigger.size, width)
            paste_sized(image, pixels, row, column, shape.size)
    return blended(images, stamped, shape.strength)


@dataclass(frozen=True)
class ShapeRun:
    """What became of one shape's images in one run.

    Attributes:
        rates: the figures.
        forwards: forward passes beyond the first one, for each input that was followed.
    """

    rates: dict[str, Rate]
    forwards: np.ndarray


def judged(subject: Subject, data: LabelledImages, base: np.ndarray, own: LabelledImages, target: int) -> ShapeRun:
    """Run stamped images through the untouched and the hot-fixed model and count.

    Args:
        subject: the model and its detector.
        data: the stamped images of other classes with their true labels.
        base: whether the untouched model calls each of them the target without the trigger, bool `[n]`.
        own: stamped images of the class `target`, which deserve that answer.
        target: number of the class that the attacker wants.
    """
    before = answers(subject, data.images)
    in_place, followed = repaired_answers(subject, data.images, follow_rows=0), repaired_answers(subject, data.images)
    right, right_followed = in_place.labels == data.labels, followed.labels == data.labels
    rates = {
        "asr_before": proportion(before == target),
        "accuracy_before": proportion(before == data.labels),
        "excess_asr": excess_asr(in_place.labels == target, base, paired=True),
        "excess_asr_following": excess_asr(followed.labels == target, base, paired=True),
        "recovery": proportion(right),
        "recovery_following": proportion(right_followed),
        "recovery_gained": paired_difference(right_followed, right),
        "tpr_per_input": proportion(followed.flagged),
        "cleared": proportion(followed.cleared),
        "kept": proportion(repaired_answers(subject, own.images, follow_rows=0).labels == target),
        "kept_following": proportion(repaired_answers(subject, own.images).labels == target),
    }
    return ShapeRun(rates, followed.forwards)


def on_clean(subject: Subject, data: LabelledImages) -> dict[str, Any]:
    """How many answers to clean images the hot-fix changes, and how many images it flags and repairs."""
    before = answers(subject, data.images)
    found: dict[str, Any] = {"n": len(data)}
    for name, follow_rows in (("in_place", 0), ("following", None)):
        after = repaired_answers(subject, data.images, follow_rows=follow_rows)
        found[name] = {
            "changed": asdict(proportion(before != after.labels)),
            "flagged": asdict(proportion(after.flagged)),
            "repaired": asdict(proportion(after.flagged & ~after.cleared)),
        }
    return found


def growing(subject: Subject) -> tuple[Subject, bool]:
    """The subject with a detector that grows spans, and whether it did so by itself."""
    detector = subject.detector
    assert isinstance(detector, TrainedDetector)
    if detector.growth is not None:
        return subject, True
    side = math.isqrt(detector.keys - 1)
    growth = Growth(tuple(range(detector.layers)), (side, side))
    return replace(subject, detector=replace(detector, growth=growth)), False


def shapes_of(subject: Subject, test: ImageSet, images: int, seeds: int) -> dict[str, Any]:
    """All figures of a subject with a patch as its trigger, on the first `images` test images."""
    started = perf_counter()
    trigger = next(iter(load_attacks(subject.folder / "eval" / "attacks.json").values()))
    assert isinstance(trigger, PatchTrigger)
    chosen = test.take(np.arange(min(images, len(test))))
    clean = on_clean(subject, labelled(chosen))
    others = chosen.take(np.flatnonzero(chosen.labels != trigger.target))
    without = answers(subject, labelled(others).images)
    base = without == trigger.target
    own = chosen.take(np.flatnonzero(chosen.labels == trigger.target))
    right = answers(subject, labelled(own).images) == trigger.target
    runs: dict[Shape, list[ShapeRun]] = {}  # several names may be one shape
    distinct = list(dict.fromkeys(SHAPES.values()))
    with progress_bars() as on_step:
        for number, shape in enumerate(distinct, start=1):
            runs[shape] = [
                judged(
                    subject,
                    labelled(ImageSet(stamp(others.images, trigger, shape, seed), others.labels)),
                    base,
                    labelled(ImageSet(stamp(own.images, trigger, shape, seed), own.labels)),
                    trigger.target,
                )
                for seed in range(seeds)
            ]
            on_step(subject.name, number, len(distinct))
    return {
        "subject": subject.name,
        "trigger": asdict(trigger),
        "images": len(chosen),
        "n": len(others),
        "seeds": seeds,
        "clean_base_rate": asdict(proportion(base)),
        "clean_accuracy": asdict(proportion(without == others.labels)),
        "clean_accuracy_of_the_target": asdict(proportion(right)),
        "clean": clean,
        "shapes": {name: _as_json(shape, runs[shape]) for name, shape in SHAPES.items()},
        "seconds": round(perf_counter() - started, 1),
    }


def _as_json(shape: Shape, runs: Sequence[ShapeRun]) -> dict[str, Any]:
    found: dict[str, Any] = {"shape": asdict(shape)}
    for name in runs[0].rates:
        rates = [run.rates[name] for run in runs]
        found[name] = asdict(averaged(rates)) | {"spread": spread(rates)}
    passes = np.concatenate([run.forwards for run in runs])
    found["forwards"] = {
        "mean": float(passes.mean()) if len(passes) else None,
        "most": int(passes.max(initial=0)),
        "followed": len(passes),
    }
    found["runs"] = [
        {name: asdict(rate) for name, rate in run.rates.items()}
        | {
            "n": run.rates["asr_before"].n,
            "seed": seed,
            "forwards_mean": float(run.forwards.mean()) if len(run.forwards) else None,
            "forwards_most": int(run.forwards.max(initial=0)),
        }
        for seed, run in enumerate(runs)
    ]
    cleaned: dict[str, Any] = without_nan(found)
    return cleaned


ON_PAGE = {
    "asr_before": "ASR, no fix",
    "accuracy_before": "right, no fix",
    "excess_asr": "excess ASR, in place",
    "excess_asr_following": "excess ASR, following",
    "recovery": "recovery, in place",
    "recovery_following": "recovery, following",
    "tpr_per_input": "TPR",
    "cleared": "cleared",
    "kept": "kept, in place",
    "kept_following": "kept, following",
}


def as_markdown(figures: dict[str, Any]) -> str:
    """A table of the means over the seeds, in per cent with the spread, from what `shapes_of` gives."""
    columns = [*ON_PAGE.values(), "passes, mean", "most"]
    lines = [
        f"# {figures['subject']}",
        "",
        f"{figures['n']:,} test images of other classes, {figures['seeds']} seeds, {figures['seconds']:.0f} s; "
        f"without a trigger {100 * figures['clean_accuracy']['value']:.1f} % of them are right. In per cent, with the "
        "standard deviation over the seeds; passes are forward passes beyond the first one, of an image that is "
        "flagged and followed. In place: repaired where flagged. Cleared: flagged, but left as it is when followed. "
        "Kept: images of the target class that are still called that; without a trigger "
        f"{100 * figures['clean_accuracy_of_the_target']['value']:.1f} %."
        + ("" if figures["tuned"] else " The limits of following are those by default: no tuning chose them."),
        "",
        f"| shape | {' | '.join(columns)} |",
        f"|{'---|' * (len(columns) + 1)}",
    ]
    for name, shape in figures["shapes"].items():
        cells = [*(in_per_cent(shape[rate]) for rate in ON_PAGE), *passes_cells(shape["forwards"])]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    clean = figures["clean"]
    said = ", ".join(
        f"{words} {100 * clean[name]['changed']['value']:.2f} % of the answers changed and "
        f"{100 * clean[name]['repaired']['value']:.2f} % of the images repaired"
        for name, words in (("in_place", "in place"), ("following", "following"))
    )
    return "\n".join([*lines, "", f"On {clean['n']:,} clean images: {said}.", ""])


def in_per_cent(rate: dict[str, float | None]) -> str:
    """A mean and its spread over the seeds, as they stand in a table."""
    value, deviation = rate["value"], rate["spread"]
    if value is None:
        return "\u2013"
    shown = f"{100 * value:.1f}".replace("-0.0", "0.0")
    return shown if deviation is None or round(100 * deviation, 1) == 0 else f"{shown} \u00b1 {100 * deviation:.1f}"


def passes_cells(passes: dict[str, Any]) -> tuple[str, str]:
    """The mean and the most passes of `{"mean", "most"}`, as they stand in a table; a dash if nothing was followed."""
    return "\u2013" if passes["mean"] is None else f"{passes['mean']:.1f}", str(passes["most"])


def write_figures(folder: Path, name: str, figures: dict[str, Any], table: str) -> None:
    """Write figures as `NAME.json`, and their table as `NAME.md`; the folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, indent=1, allow_nan=False) + "\n"
    (folder / f"{name}.json").write_text(text, encoding="utf-8")
    (folder / f"{name}.md").write_text(table, encoding="utf-8")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subjects", nargs="*", choices=[*BACKDOORED, []], help="default: both")
    parser.add_argument("--models", type=Path, default=ROOT / "sample_models")
    parser.add_argument("--images", type=int, default=1_000, help="test images to take")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--out", type=Path, help="folder to write to; by default nothing is written")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    test = load_fashion_mnist(asked.data_dir)[1]
    found = {}
    for name in asked.subjects or BACKDOORED:
        subject, tuned = growing(load(asked.models / name))
        found[name] = shapes_of(subject, test, asked.images, asked.seeds) | {"tuned": tuned}
        if asked.out is not None:
            write_figures(asked.out, f"{name}-shapes", found[name], as_markdown(found[name]))
    print_json(found)


if __name__ == "__main__":
    main()
