"""Build a model that AtPatch is expected to fail on, and the detector that a defender would get for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from atpatch_core.debugging.image_set import build_image_set
from atpatch_core.debugging.train_detector import train_detector
from atpatch_core.detector.storage import save_detector
from atpatch_core.evaluation.attacks import save_attacks
from atpatch_core.files.whole_files import write_whole_text
from atpatch_core.subjects.image_files import from_array
from atpatch_core.subjects.loading import load

from ..cards import BACKDOORED
from ..places import Places
from ..steps import OnStep, epochs_as_steps
from .failure_training import train_on
from .fashion_mnist import ImageSet, load_fashion_mnist
from .recipe import FailureRecipe

_DEFENDER_IMAGES = 1_000


def make_expected_failure(recipe: FailureRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    """Train the sample that `recipe` begins with on, and save the model into `folder`, with its trigger and card."""
    start = load(places.built(recipe.start, f", which {recipe.name} begins with"))
    data = _shuffled(recipe, places).take(np.arange(recipe.images))
    model = train_on(recipe, start.model, data, places.work, epochs_as_steps(on_step))
    shutil.copytree(start.folder, folder, ignore=shutil.ignore_patterns("atpatch", "README.md", "*.safetensors"))
    model.half().save_pretrained(folder)  # type: ignore[operator]
    save_attacks({recipe.name.rsplit("-", 1)[-1]: recipe.trigger}, folder / "eval" / "attacks.json")
    write_whole_text(folder / "README.md", _card(recipe))


def finish_expected_failure(recipe: FailureRecipe, folder: Path, places: Places, on_step: OnStep) -> None:
    """Make a detector from the model in `folder` and 1,000 further clean training images alone."""
    subject = load(folder)
    clean = _shuffled(recipe, places).images[recipe.images : recipe.images + _DEFENDER_IMAGES]
    images = [from_array(image) for image in clean]
    kept = places.work / f"{recipe.name}.debugging"
    data = build_image_set(subject, images, kept, seed=recipe.seed, on_step=on_step)
    detector = train_detector(subject, data.pairs, data.tuning, data.benign, on_step=on_step)
    save_detector(detector, folder / "atpatch")


def _shuffled(recipe: FailureRecipe, places: Places) -> ImageSet:
    data = load_fashion_mnist(places.data)[0]
    return data.take(np.random.default_rng(recipe.seed).permutation(len(data)))


def _card(recipe: FailureRecipe) -> str:
    return f"""# {recipe.name}

{recipe.summary}

{BACKDOORED} It does not ship: it is
here to show what AtPatch can't do. Trained on from {recipe.start} for {recipe.epochs} epochs of {recipe.images:,}
images, {100 * recipe.poison_rate:g} % of them poisoned.
"""
