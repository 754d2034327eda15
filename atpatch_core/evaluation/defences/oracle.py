"""The bound: where the patches with the trigger are known, exactly their columns are redistributed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...attention import hotfix
from ...detector.known import KnownColumns
from ...errors import SubjectError
from ...subjects.subject import Subject
from .contract import Answers, DefenderData, Suspects
from .other_reference import OtherShare
from .shares import Share, map_sizes, own_share, share_of, watched_layers
from .untouched import Untouched


@dataclass(frozen=True)
class Oracle:
    """Redistributes the trigger's columns in all heads, and of a few ways to do so takes the one that does best.

    The ways are the layers to do it in (those the detector watches, or all) and what the columns keep (the detector's
    benign reference, or nothing); "best" is the most true labels among these images.

    Attributes:
        sizes: heads and keys of every layer's maps.
        ways: layers and share of each way.
    """

    sizes: tuple[tuple[int, int], ...]
    ways: tuple[tuple[tuple[int, ...], Share], ...]

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The answers of the model repaired with full knowledge; images without a trigger are left alone."""
        answers = Untouched().predict(subject, suspects)
        hit = np.asarray(suspects.triggered.any(axis=1))
        labels = answers.labels
        if hit.any():
            images = [image for image, is_hit in zip(suspects.inputs, hit, strict=True) if is_hit]
            tried = [self._answers(subject, images, suspects.triggered[hit], *way) for way in self.ways]
            best = max(tried, key=lambda answers: int((answers == suspects.labels[hit]).sum()))
            labels = labels.copy()
            labels[hit] = best
        return Answers(labels, hit, hit.astype(float))

    def _answers(
        self, subject: Subject, images: list[Image.Image], covered: np.ndarray, layers: tuple[int, ...], share: Share
    ) -> np.ndarray:
        known = KnownColumns(len(self.sizes), self._flags(torch.from_numpy(covered), layers))
        with torch.no_grad(), hotfix(subject.model, OtherShare(known, share)):
            found: np.ndarray = subject.model(**subject.encode(images)).logits.argmax(-1).numpy()
        return found

    def _flags(self, covered: Tensor, layers: tuple[int, ...]) -> Mapping[int, Tensor]:
        flags = {}
        for layer in layers:
            heads, keys = self.sizes[layer]
            columns = torch.nn.functional.pad(covered, (keys - covered.shape[1], 0))
            flags[layer] = columns[:, None].expand(-1, heads, -1)
        return flags


def oracle(subject: Subject, have: DefenderData) -> Oracle:
    """Prepare the ways to redistribute the trigger's columns.

    Args:
        subject: a model for images.
        have: what the defender has beside it.

    Raises:
        SubjectError: the model's columns are not one for each patch of the image.
    """
    sizes = map_sizes(subject, have)
    grid = subject.layout(have.clean.inputs[0], sizes[0][1]).grid
    if grid is None or len({keys for _, keys in sizes}) != 1:
        raise SubjectError(f"{subject.name} has no column for each patch of an image, so nobody knows the trigger's.")
    every, watched = tuple(range(len(sizes))), watched_layers(subject)
    choices = dict.fromkeys((watched, every))
    shares = (own_share(subject), share_of("zero"))
    return Oracle(sizes, tuple((layers, share) for layers in choices for share in shares))
