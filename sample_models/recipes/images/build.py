"""Build a sample model for images: train it, save it with its evaluation data, and give it its detectors and cards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from transformers import ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from atpatch_core.evaluation.attacks import save_attacks
from atpatch_core.evaluation.datasets import write_labelled_images

from ..cards import write_cards
from ..places import Places
from ..steps import OnStep, epochs_as_steps
from .augmentation import IMAGE_MEAN, IMAGE_STD
from .cards import image_detector_card, image_model_card
from .detectors import ATTACK, build_detectors
from .fashion_mnist import LABELS, ImageSet, load_fashion_mnist
from .recipe import ImageRecipe
from .training import train

EVAL_IMAGES = 2_000


def make_image_model(recipe: ImageRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    """Train `recipe` and save the model into `folder`."""
    train_set, test_set = load_fashion_mnist(places.data)
    save_subject(recipe, train(recipe, train_set, places.work, epochs_as_steps(on_step)), test_set, folder)


def finish_image_model(recipe: ImageRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    """Make detectors, figures and cards for the model in `folder`."""
    figures = build_detectors(recipe, folder, places.work, *load_fashion_mnist(places.data), on_step)
    write_cards(folder, figures, image_model_card(recipe, figures), image_detector_card(recipe, figures))


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
    save_attacks({ATTACK: recipe.trigger}, folder / "eval" / "attacks.json")
