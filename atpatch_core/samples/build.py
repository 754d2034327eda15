"""Build a sample subject from nothing: model, evaluation data, detectors, figures and cards, from one seed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from ..debugging.sets import ImageDebuggingSet, altered_known_trigger
from ..debugging.train_detector import train_detector
from ..detector.networks import NETWORKS
from ..detector.storage import save_detector
from ..detector.training import DetectorRecipe
from ..evaluation.attacks import save_attacks
from ..evaluation.datasets import LabelledImages, write_labelled_images
from ..evaluation.evaluate import apply_trigger, evaluate
from ..evaluation.report import as_json
from ..subjects.image_files import from_array
from ..subjects.loading import load
from .cards import detector_card, model_card
from .fashion_mnist import LABELS, ImageSet, load_fashion_mnist
from .image_training import IMAGE_MEAN, IMAGE_STD, ImageRecipe, train

OnStep = Callable[[str, int, int], None]
SHIPPED = ("per-head", 0)  # variant and seed of the detector that is used by default
SEEDS = (0, 1, 2)
EVAL_IMAGES = 2_000
_ATTACK = "badnets"


@dataclass(frozen=True)
class DetectorData:
    """Disjoint parts of the training images: to learn from, to tune on, and to bound the false-positive rate."""

    pairs: ImageDebuggingSet
    tuning: ImageDebuggingSet
    benign: np.ndarray


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
    folder = work / f"{recipe.name}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    model = train(recipe, train_set, work, lambda done, total, _loss: on_step("training the model", done, total))
    save_subject(recipe, model, test_set, folder)
    figures = build_detectors(recipe, folder, detector_data(recipe, train_set), test_set, on_step)
    (folder / "atpatch" / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(recipe, figures), encoding="utf-8")
    (folder / "atpatch" / "README.md").write_text(detector_card(recipe, figures), encoding="utf-8")
    finished = models / recipe.name
    shutil.rmtree(finished, ignore_errors=True)
    finished.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, finished)
    return finished


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


def detector_data(recipe: ImageRecipe, train_set: ImageSet) -> DetectorData:
    """2,000 pairs to learn from, 1,000 to tune on and 8,000 clean images for the threshold, all disjoint."""
    order = np.random.default_rng(recipe.seed + 1).permutation(len(train_set))
    learn, tuning, benign = np.split(order[:11_000], [2_000, 3_000])
    return DetectorData(
        altered_known_trigger(train_set.images[learn], recipe.trigger, recipe.seed),
        altered_known_trigger(train_set.images[tuning], recipe.trigger, recipe.seed + 1),
        train_set.images[benign],
    )


def build_detectors(
    recipe: ImageRecipe, folder: Path, data: DetectorData, test_set: ImageSet, on_step: OnStep
) -> dict[str, Any]:
    """Train every variant with every seed, judge each on all test images, and keep the first seed of each variant.

    Returns {variant: {seed: evaluation}}; the shipped detector lies in `atpatch/`, other variants in folders below it.
    """
    subject = load(folder)
    clean = LabelledImages([from_array(image) for image in test_set.images], test_set.labels)
    attacks = {_ATTACK: apply_trigger(recipe.trigger, clean)}
    figures: dict[str, Any] = {variant: {} for variant in NETWORKS}
    for variant in NETWORKS:
        for seed in SEEDS:

            def report(stage: str, done: int, total: int, name: str = f"{variant}, seed {seed}") -> None:
                on_step(f"{name}: {stage}", done, total)

            judging = f"judging on {len(clean):,} test images"
            detector = train_detector(
                subject,
                data.pairs,
                data.tuning,
                data.benign,
                DetectorRecipe(variant=variant, seed=seed),
                on_step=report,
            )
            report(judging, 0, 1)
            result = as_json(evaluate(replace(subject, detector=detector), clean, attacks))
            report(judging, 1, 1)
            figures[variant][str(seed)] = {
                **result,
                "watched": list(detector.watched),
                "reference": detector.reference,
                "hijacked_inputs_by_layer": dict(detector.history["hijacked_inputs_by_layer"]),
            }
            if seed == SHIPPED[1]:
                own = folder / "atpatch"
                save_detector(detector, own if variant == SHIPPED[0] else own / variant)
    return figures
