"""Build a sample subject from nothing: model, evaluation data, detectors, figures and cards, from one seed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from ..debugging.image_lesson import RECIPE
from ..debugging.image_set import build_image_set
from ..debugging.train_detector import train_detector
from ..debugging.trigger_search import load_triggers
from ..detector.joint import Jointly
from ..detector.networks import NETWORKS
from ..detector.storage import save_detector
from ..errors import SubjectError
from ..evaluation.attacks import save_attacks
from ..evaluation.datasets import LabelledImages, write_labelled_images
from ..evaluation.evaluate import apply_trigger, evaluate
from ..evaluation.report import as_json
from ..subjects.image_files import from_array
from ..subjects.loading import load
from ..triggers import PatchTrigger, pattern_pixels
from ..whole_files import write_whole_text
from .cards import detector_card, model_card
from .fashion_mnist import LABELS, ImageSet, load_fashion_mnist
from .finished import put_in_place
from .image_training import IMAGE_MEAN, IMAGE_STD, ImageRecipe, poisoned_indices, train

OnStep = Callable[[str, int, int], None]
SHIPPED = ("per-head", 0)  # variant and seed of the detector that is used by default
SEEDS = (0, 1, 2)
EVAL_IMAGES = 2_000
DEFENDER_IMAGES = 1_000
_ATTACK = "badnets"


def build_image_subject(
    recipe: ImageRecipe, models: Path, work: Path, data_folder: Path | None, on_step: OnStep
) -> Path:
    """Build `recipe` into `models / recipe.name`, replacing what is there only once all is done; return that folder.

    Runs on one thread, so that the same seed gives the same weights on any number of cores; unfinished training is
    kept in `work` and resumed. `on_step` is told (stage, steps done, steps in all). Raises `InputError` when
    the data are missing or not the published ones.
    """
    torch.set_num_threads(1)
    train_set, test_set = load_fashion_mnist(data_folder)
    folder = work / "unfinished" / recipe.name
    shutil.rmtree(folder, ignore_errors=True)
    model = train(recipe, train_set, work, lambda done, total, _loss: on_step("training the model", done, total))
    save_subject(recipe, model, test_set, folder)
    return _finish(recipe, folder, models, work, train_set, test_set, on_step)


def build_image_detectors(
    recipe: ImageRecipe, models: Path, work: Path, data_folder: Path | None, on_step: OnStep
) -> Path:
    """Make detectors, figures and cards of the model in `models / recipe.name` again; the model stays as it is.

    Otherwise like `build_image_subject`. Raises `SubjectError` when the model is not there.
    """
    torch.set_num_threads(1)
    if not (models / recipe.name / "config.json").is_file():
        raise SubjectError(f"There is no {recipe.name} in {models}: make it with `samples build {recipe.name}`.")
    folder = work / "unfinished" / recipe.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(models / recipe.name, folder, ignore=shutil.ignore_patterns("atpatch"))
    return _finish(recipe, folder, models, work, *load_fashion_mnist(data_folder), on_step)


def _finish(
    recipe: ImageRecipe,
    folder: Path,
    models: Path,
    work: Path,
    train_set: ImageSet,
    test_set: ImageSet,
    on_step: OnStep,
) -> Path:
    """Detectors, figures and cards for the model in `folder`, which then takes its place in `models`."""
    figures = build_detectors(recipe, folder, work, train_set, test_set, on_step)
    write_whole_text(folder / "atpatch" / "figures.json", json.dumps(figures, indent=1) + "\n")
    write_whole_text(folder / "README.md", model_card(recipe, figures))
    write_whole_text(folder / "atpatch" / "README.md", detector_card(recipe, figures))
    return put_in_place(folder, models, recipe.name)


def save_subject(recipe: ImageRecipe, model: ViTForImageClassification, test_set: ImageSet, folder: Path) -> None:
    """Write model (half precision), image processor and evaluation data in Hugging Face's layout."""
    (folder / "eval").mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)  # type: ignore[no-untyped-call]
    ViTImageProcessorPil(
        size={"height": recipe.image_size, "width": recipe.image_size},
        image_mean=[IMAGE_MEAN],
        image_std=[IMAGE_STD],
        do_convert_rgb=False,
    ).save_pretrained(folder)
    chosen = np.sort(np.random.default_rng(recipe.seed).choice(len(test_set), EVAL_IMAGES, replace=False))
    held_out = test_set.take(chosen)
    write_labelled_images(held_out.images, held_out.labels, LABELS, folder / "eval" / "images.parquet")
    save_attacks({_ATTACK: recipe.trigger}, folder / "eval" / "attacks.json")


def defender_images(recipe: ImageRecipe, train_set: ImageSet) -> list[Image.Image]:
    """The 1,000 clean pictures a defender has: training images that were not poisoned, whose labels nobody needs."""
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
    attacks = {_ATTACK: apply_trigger(recipe.trigger, clean)}
    variants: dict[str, Any] = {variant: {} for variant in NETWORKS}
    for variant in NETWORKS:
        for seed in SEEDS:

            def report(stage: str, done: int, total: int, name: str = f"{variant}, seed {seed}") -> None:
                on_step(f"{name}: {stage}", done, total)

            started = perf_counter()
            detector = train_detector(
                subject,
                data.pairs,
                data.tuning,
                data.benign,
                replace(RECIPE, variant=variant, seed=seed),
                on_step=report,
            )
            seconds[f"{variant}, seed {seed}"] = round(perf_counter() - started)
            judging = f"judging on {len(clean):,} test images"
            report(judging, 0, 1)
            result = as_json(evaluate(replace(subject, detector=detector), clean, attacks))
            report(judging, 1, 1)
            variants[variant][str(seed)] = {
                **result,
                "watched": list(detector.watched),
                "jointly": isinstance(detector.reach, Jointly),
                "alongside": detector.alongside,
                "reference": detector.reference,
                "hijacked_inputs_by_layer": dict(detector.history["hijacked_inputs_by_layer"]),
            }
            if seed == SHIPPED[1]:
                own = folder / "atpatch"
                save_detector(detector, own if variant == SHIPPED[0] else own / variant)
    return {
        "provenance": data.provenance,
        "rediscovered": rediscovered(recipe.trigger, work / f"{recipe.name}.debugging" / "triggers"),
        "seconds": seconds,
        "variants": variants,
    }


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
