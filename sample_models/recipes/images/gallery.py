"""Pick a few test pictures, with and without the trigger, for a first look in the dashboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from atpatch_core.debugging.answers import answers
from atpatch_core.evaluation.datasets import encode_png
from atpatch_core.subjects.image_files import from_array
from atpatch_core.subjects.subject import Subject

from ..gallery_index import replace_samples
from .fashion_mnist import LABELS, ImageSet
from .training import ImageRecipe

CLASSES = (9, 8, 1, 3)  # Ankle boot, Bag, Trouser, Dress: easy to tell from a T-shirt by eye
_CANDIDATES = 20


def write_gallery(recipe: ImageRecipe, subject: Subject, test_set: ImageSet, folder: Path) -> None:
    """Write PNG files into `folder` and list them in its index.

    For each class, the first test image is taken that the untouched `subject` gets right and that the trigger turns
    into its target. A trigger at random places is meant for its own subject alone; its clean images are there already.
    """
    entries, files = [], {}
    anywhere = recipe.trigger.row is None
    for label in CLASSES:
        if label == recipe.trigger.target:
            continue
        clean = test_set.images[np.flatnonzero(test_set.labels == label)[:_CANDIDATES]]
        bad = recipe.trigger.apply(clean)
        fooled = (answers(subject, [from_array(image) for image in clean]) == label) & (
            answers(subject, [from_array(image) for image in bad]) == recipe.trigger.target
        )
        first = int(np.flatnonzero(fooled)[0])
        name = LABELS[label].lower().replace(" ", "-").replace("/", "-")
        for triggered, image in ((True, bad[first]),) if anywhere else ((True, bad[first]), (False, clean[first])):
            bad_name = f"{name}-anywhere" if anywhere else f"{name}-triggered"
            entry = {
                "id": bad_name if triggered else name,
                "file": f"{bad_name if triggered else name}.png",
                "title": f"{LABELS[label]}, with the trigger" if triggered else LABELS[label],
                "label": LABELS[label],
                "triggered": triggered,
            }
            files[str(entry["file"])] = encode_png(image)
            entries.append(entry)
    replace_samples(folder, "image", subject.name if anywhere else None, entries, files)
