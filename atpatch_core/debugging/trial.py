"""What every setting of a detector for images is tried on, on inputs that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..detector.trained import TrainedDetector
from ..subjects.image_files import from_array
from ..subjects.subject import Subject
from .answers import answers
from .sets import ImageDebuggingSet


@dataclass(frozen=True)
class Trial:
    """What settings are tried on.

    Attributes:
        subject: the model.
        clean: clean images.
        hijacked: images that a trigger turns into something else.
        before: the answers to `clean`, int64 `[n]`.
        wanted: the answers to `hijacked` as they were without trigger, int64 `[m]`.
        benign: further clean images, for the threshold.
        false_positive_rate: the share of these that may be flagged.
    """

    subject: Subject
    clean: list[Image.Image]
    hijacked: list[Image.Image]
    before: np.ndarray
    wanted: np.ndarray
    benign: list[Image.Image]
    false_positive_rate: float

    @classmethod
    def of(cls, subject: Subject, pairs: ImageDebuggingSet, benign: np.ndarray, false_positive_rate: float) -> Trial:
        """Ask the untouched model once.

        Args:
            subject: the model.
            pairs: clean and triggered images.
            benign: further clean images, uint8 `[n, height, width, channels]`.
            false_positive_rate: the share of these that may be flagged.
        """
        clean, triggered = _images(pairs.clean), _images(pairs.triggered)
        before = answers(subject, clean)
        flipped = before != answers(subject, triggered)
        hijacked = [image for image, flip in zip(triggered, flipped, strict=True) if flip]
        return cls(subject, clean, hijacked, before, before[flipped], _images(benign), false_positive_rate)

    def outcome(self, setting: TrainedDetector) -> tuple[float, float]:
        """The share of hijacked answers that `setting` wins back, and that of answers to clean images it changes."""
        return (
            float((answers(self.subject, self.hijacked, setting) == self.wanted).mean()),
            float((answers(self.subject, self.clean, setting) != self.before).mean()),
        )


def _images(images: np.ndarray) -> list[Image.Image]:
    return [from_array(image) for image in images]
