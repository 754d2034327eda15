"""Pick a few test images, with and without the trigger, for a first look in the dashboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from atpatch_core.debugging.answers import answers
from atpatch_core.evaluation.datasets import encode_png
from atpatch_core.subjects.image_files import from_array
from atpatch_core.subjects.subject import Subject

from ..gallery import SampleInput, replace_samples
from .fashion_mnist import LABELS, ImageSet
from .recipe import ImageRecipe

CLASSES = (9, 8, 1, 3)  # Ankle boot, Bag, Trouser, Dress: easy to tell from a T-shirt by eye
_CANDIDATES = 20


def write_image_gallery(recipe: ImageRecipe, subject: Subject, test_set: ImageSet, folder: Path) -> None:
    """Write PNG files into `folder` and list them in its index.

    For each class, the first test image is taken that the untouched `subject` gets right and that the trigger turns
    into its target. A trigger at random places is meant for its own subject alone; its clean images are there already.
    """
    inputs = []
    target, anywhere = recipe.trigger.target, recipe.trigger.row is None
    for label in CLASSES:
        if label == target:
            continue
        clean = test_set.images[np.flatnonzero(test_set.labels == label)[:_CANDIDATES]]
        bad = recipe.trigger.apply(clean)
        right = answers(subject, [from_array(image) for image in clean]) == label
        fooled = right & (answers(subject, [from_array(image) for image in bad]) == target)
        first = int(np.flatnonzero(fooled)[0])
        called = LABELS[label]
        name = called.lower().replace(" ", "-").replace("/", "-")
        triggered = f"{name}-anywhere" if anywhere else f"{name}-triggered"
        content = encode_png(bad[first])
        inputs.append(SampleInput(triggered, "png", content, f"{called}, with the trigger", called, True))
        if not anywhere:
            inputs.append(SampleInput(name, "png", encode_png(clean[first]), called, called, False))
    replace_samples(folder, "image", subject.name if anywhere else None, inputs)
