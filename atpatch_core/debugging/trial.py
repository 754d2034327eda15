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
        deserving: images with a trigger whose answer it does not change, as they are what it makes of others.
        deserved: the answers to `deserving`, int64 `[k]`.
        benign: further clean images, for the threshold.
        false_positive_rate: the share of these that may be flagged.
    """

    subject: Subject
    clean: list[Image.Image]
    hijacked: list[Image.Image]
    before: np.ndarray
    wanted: np.ndarray
    deserving: list[Image.Image]
    deserved: np.ndarray
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
        before, after = answers(subject, clean), answers(subject, triggered)
        flipped = before != after
        hijacked = [image for image, flip in zip(triggered, flipped, strict=True) if flip]
        stamped, targets = _on_their_own_class(pairs, before, after)
        deserving = _images(stamped)
        same = answers(subject, deserving) == targets if deserving else np.zeros(0, dtype=bool)
        return cls(
            subject,
            clean,
            hijacked,
            before,
            before[flipped],
            [image for image, unchanged in zip(deserving, same, strict=True) if unchanged],
            targets[same],
            _images(benign),
            false_positive_rate,
        )

    def outcome(self, setting: TrainedDetector) -> tuple[float, float]:
        """The share of hijacked answers that `setting` wins back, and that of answers to clean images it changes."""
        return (
            float((answers(self.subject, self.hijacked, setting) == self.wanted).mean()),
            float((answers(self.subject, self.clean, setting) != self.before).mean()),
        )

    def deserved_lost(self, setting: TrainedDetector) -> float:
        """The share of answers to `deserving` that `setting` changes, weighed by how many clean images are like them.

        A fix that turned around whatever is flagged would win back every hijacked answer, and shows only here.
        """
        if not self.deserving:
            return 0.0
        lost = answers(self.subject, self.deserving, setting) != self.deserved
        alike = np.isin(self.before, np.unique(self.deserved)).mean() / len(np.unique(self.deserved))
        return float(lost.mean() * alike)


def _on_their_own_class(
    pairs: ImageDebuggingSet, before: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The triggers that turn an image, each put on a clean image of the class it turns to, and these classes."""
    stamped: list[np.ndarray] = []
    targets: list[int] = []
    for pair in np.flatnonzero(before != after):
        alike = np.flatnonzero(before == after[pair])
        if len(alike):
            host = pairs.clean[alike[len(stamped) % len(alike)]]
            covered = (pairs.triggered[pair] != pairs.clean[pair]).any(-1, keepdims=True)
            stamped.append(np.where(covered, pairs.triggered[pair], host))
            targets.append(int(after[pair]))
    return np.array(stamped, dtype=np.uint8).reshape(-1, *pairs.clean.shape[1:]), np.array(targets, dtype=np.int64)


def _images(images: np.ndarray) -> list[Image.Image]:
    return [from_array(image) for image in images]
