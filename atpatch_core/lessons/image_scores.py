"""How a detector scores images that it never saw, clean and with the trigger, beside a rule that learnt nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from ..attention import FLAG_NOTHING, capture, hotfix
from ..debugging.answers import BATCH
from ..errors import DetectorError
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from ..triggers.patch import PatchTrigger


@dataclass(frozen=True)
class ImageScores:
    """Scores of the same images, clean and triggered, one number an image, float64 `[n]` each.

    Attributes:
        detector_clean: the detector's highest score of any column, 0 to 1.
        detector_triggered: the same with the trigger.
        largest_clean: the largest column itself: the most attention that any key draws in any head of any layer,
            averaged over the queries, 0 to 1.
        largest_triggered: the same with the trigger.
    """

    detector_clean: np.ndarray
    detector_triggered: np.ndarray
    largest_clean: np.ndarray
    largest_triggered: np.ndarray


def score_images(subject: Subject, images: Sequence[Image.Image], trigger: PatchTrigger) -> ImageScores:
    """Run every image twice, as it is and with the trigger.

    Args:
        subject: a model for images, with a detector.
        images: clean images, as `subject.read` returns them.
        trigger: what to stamp on them.

    Raises:
        DetectorError: there is no detector, or it watches no layer.
    """
    if subject.detector is None or not subject.detector.watched:
        raise DetectorError(f"{subject.name} has no detector that scores columns: choose a model that has one.")
    stamped = [from_array(trigger.apply(_pixels(image))[0]) for image in images]
    clean, largest_clean = _scores(subject, images)
    triggered, largest_triggered = _scores(subject, stamped)
    return ImageScores(clean, triggered, largest_clean, largest_triggered)


def _scores(subject: Subject, images: Sequence[Image.Image]) -> tuple[np.ndarray, np.ndarray]:
    highest, largest = [np.empty(0)], [np.empty(0)]
    for start in range(0, len(images), BATCH):
        inputs = subject.encode(list(images[start : start + BATCH]))
        with torch.no_grad(), hotfix(subject, threshold=FLAG_NOTHING) as fix, capture(subject.model) as maps:
            subject.model(**inputs)
        scored = [layer.flatten(1).amax(1) for layer in fix.scores if layer is not None]
        highest.append(torch.stack(scored).amax(0).double().numpy())
        columns = [layer.mean(2).flatten(1).amax(1) for layer in maps.layers]
        largest.append(torch.stack(columns).amax(0).double().numpy())
    return np.concatenate(highest), np.concatenate(largest)


def _pixels(image: Image.Image) -> np.ndarray:
    """`uint8 [1, height, width, channels]`."""
    pixels = np.asarray(image)
    return (pixels[:, :, None] if pixels.ndim == 2 else pixels)[None]
