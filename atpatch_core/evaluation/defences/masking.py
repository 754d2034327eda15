"""Repair the input instead of the attention: what AtPatch flags is painted over in the image.

Purification in input space, as Februus does with Grad-CAM (Doan et al., ACSAC 2020, arXiv 1908.03369), with AtPatch's
detector to say where. The patch is filled with the mean colour of the clean images; what was under it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...attention import FLAG_NOTHING, hotfix
from ...debugging.pixel_space import PixelSpace, pixel_space
from ...detector.contract import ColumnDetector
from ...subjects.subject import Subject
from .column_fix import own_detector
from .contract import Answers, DefenderData, Suspects
from .patch_drop import over_pixels


@dataclass(frozen=True)
class PaintedOver:
    """Fills flagged patches with one colour and asks the model again.

    Attributes:
        detector: flags columns.
        space: the pixels behind the model's values.
        colour: float32 `[channels, 1, 1]`, pixels in 0..1.
    """

    detector: ColumnDetector
    space: PixelSpace
    colour: Tensor

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The untouched model's answers to the images, where need be to the ones painted over."""
        values = subject.encode(list(suspects.inputs))["pixel_values"]
        with torch.no_grad(), hotfix(subject.model, self.detector, threshold=FLAG_NOTHING) as fix:
            labels = subject.model(pixel_values=values).logits.argmax(-1)
        keys = self.space.special + self.space.grid[0] * self.space.grid[1]
        highest = torch.zeros(len(values), keys)
        for scores in fix.scores:
            if scores is not None:
                highest = torch.maximum(highest, scores.amax(1).float())
        patches = (highest >= self.detector.threshold)[:, self.space.special :].reshape(-1, 1, *self.space.grid)
        hit = patches.flatten(1).any(1)
        if bool(hit.any()):
            painted = torch.where(over_pixels(patches[hit], self.space), self.space.values(self.colour), values[hit])
            with torch.no_grad():
                labels[hit] = subject.model(pixel_values=painted).logits.argmax(-1)
        flagged: np.ndarray = (highest >= self.detector.threshold).any(1).numpy()
        return Answers(labels.numpy(), flagged, highest.amax(1).double().numpy())


def painted_over(subject: Subject, have: DefenderData) -> PaintedOver:
    """Paint with the mean colour of the clean images.

    Args:
        subject: a model for images.
        have: what the defender has beside it.

    Raises:
        DetectorError: there is no detector.
        SubjectError: the model's pixels can't be reached.
    """
    detector = own_detector(subject)
    space = pixel_space(subject, have.clean.inputs[0])
    colour = space.as_seen(subject, have.clean.inputs).mean(axis=(0, 1, 2)) / 255
    return PaintedOver(detector, space, torch.from_numpy(colour).float()[:, None, None])
