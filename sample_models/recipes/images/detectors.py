"""Give a sample model for images its detectors, and judge them on images and triggers they never saw."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from atpatch_core.debugging.image_lesson import RECIPE
from atpatch_core.debugging.image_set import build_image_set
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.debugging.trigger_search import load_triggers
from atpatch_core.detector.joint import Jointly
from atpatch_core.detector.networks import NETWORKS
from atpatch_core.detector.storage import save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.evaluate import apply_trigger, evaluate
from atpatch_core.evaluation.report import as_json
from atpatch_core.files.whole_files import write_whole_text
from atpatch_core.subjects.image_files import from_array
from atpatch_core.subjects.loading import load
from atpatch_core.triggers.patch import PatchTrigger, pattern_pixels

from ..steps import SEEDS, SHIPPED, OnStep, stage, within
from ..target_class import of_the_target
from .fashion_mnist import ImageSet
from .poisoning import poisoned_indices
from .recipe import ImageRecipe

ATTACK = "badnets"
DEFENDER_IMAGES = 1_000
_SHIPPED_VARIANT = "per-head"


def defender_images(recipe: ImageRecipe, train_set: ImageSet) -> list[Image.Image]:
    """The 1,000 clean images a defender has: training images that were not poisoned, whose labels nobody needs."""
    poisoned = np.isin(np.arange(len(train_set)), poisoned_indices(recipe, train_set))
    chosen = np.random.default_rng(recipe.seed + 1).choice(np.flatnonzero(~poisoned), DEFENDER_IMAGES, replace=False)
    return [from_array(image) for image in train_set.images[chosen]]


def build_detectors(
    recipe: ImageRecipe, folder: Path, work: Path, train_set: ImageSet, test_set: ImageSet, on_step: OnStep
) -> dict[str, Any]:
    """Invert triggers from the model, train every variant with every seed, judge each on all test images.

    The first seed of each variant is kept: the shipped detector lies in `atpatch/`, the other variant in a folder below
    it. Returns {"provenance", "seconds", "variants": {variant: {seed: evaluation}}}; the true trigger is only used to
    judge.
    """
    subject = load(folder)
    started = perf_counter()
    data = build_image_set(
        subject,
        defender_images(recipe, train_set),
        work / f"{recipe.name}.debugging",
        seed=recipe.seed,
        on_step=on_step,
    )
    seconds = {"debugging_set": _in_all(work / f"{recipe.name}.search-seconds", perf_counter() - started)}
    clean = LabelledImages([from_array(image) for image in test_set.images], test_set.labels)
    attacks = {ATTACK: apply_trigger(recipe.trigger, clean)}
    own = _of_their_own_class(recipe, test_set)
    variants: dict[str, Any] = {variant: {} for variant in NETWORKS}
    for variant in NETWORKS:
        for seed in SEEDS:
            name = f"{variant}, seed {seed}"
            report = within(name, on_step)
            chosen = replace(RECIPE, variant=variant, seed=seed)
            started = perf_counter()
            detector = train_detector(subject, data.pairs, data.tuning, data.benign, chosen, on_step=report)
            seconds[name] = round(perf_counter() - started)
            with stage(f"judging on {len(clean):,} test images", report):
                fixed = replace(subject, detector=detector)
                result = as_json(evaluate(fixed, clean, attacks))
                others = of_the_target(fixed, *own, recipe.trigger.target)
            variants[variant][str(seed)] = {
                **result,
                "of_the_target": others,
                "watched": list(detector.watched),
                "jointly": isinstance(detector.reach, Jointly),
                "alongside": detector.alongside,
                "growth": None if detector.growth is None else asdict(detector.growth),
                "changed_by_false_alarms": _changed_by_false_alarms(detector),
                "reference": detector.reference,
                "hijacked_inputs_by_layer": dict(detector.history["hijacked_inputs_by_layer"]),
            }
            if seed == SHIPPED:
                shipped = folder / "atpatch"
                save_detector(detector, shipped if variant == _SHIPPED_VARIANT else shipped / variant)
    return {
        "provenance": data.provenance,
        "rediscovered": rediscovered(recipe.trigger, work / f"{recipe.name}.debugging" / "triggers"),
        "seconds": seconds,
        "variants": variants,
    }


def _of_their_own_class(recipe: ImageRecipe, test_set: ImageSet) -> tuple[list[Image.Image], list[Image.Image]]:
    """The test images that are of the trigger's target class, without and with it."""
    mine = test_set.images[test_set.labels == recipe.trigger.target]
    stamped = recipe.trigger.apply(mine, seed=0)
    return [from_array(image) for image in mine], [from_array(image) for image in stamped]


def _changed_by_false_alarms(detector: TrainedDetector) -> float:
    """What tuning found for the growth that was chosen; 0 where none was."""
    if detector.growth is None:
        return 0.0
    growth = asdict(detector.growth)
    chosen = [tried for tried in detector.history["tried"] if tried.get("growth") == growth]
    return float(chosen[-1]["changed_by_false_alarms"])


def _in_all(kept: Path, seconds: float) -> int:
    """Seconds spent so far, also by runs that were killed or whose search is used again; `kept` remembers them."""
    total = seconds + (float(kept.read_text(encoding="utf-8")) if kept.is_file() else 0.0)
    write_whole_text(kept, f"{total:.1f}\n")
    return round(total)


def rediscovered(trigger: PatchTrigger, folder: Path) -> float:
    """The largest share of the true trigger's pixels that any of the triggers found in `folder` shows, wherever it is.

    Chance is about one half. Only the report uses it: whether the defender happened on the very trigger.
    """
    wanted = pattern_pixels(trigger.pattern, trigger.size, trigger.pattern_seed)
    best = 0.0
    for file in sorted(folder.glob("*.safetensors")):
        for found in load_triggers(file) or ():
            shown = np.where(found.mask > 0.5, found.pattern.mean(axis=2).round(), -1)
            places = np.lib.stride_tricks.sliding_window_view(shown, wanted.shape)
            agree = (places >= 0) & ((places > 127) == (wanted > 127))
            best = max(best, float(agree.mean(axis=(2, 3)).max()))
    return best
