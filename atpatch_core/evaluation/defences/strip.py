"""STRIP (Gao et al., ACSAC 2019, arXiv 1902.06531): a trigger's answer survives whatever else is laid over the image.

Every image is superimposed with a few clean ones. If the model's answers to these copies hardly differ (low entropy),
something in the image forces them. STRIP only detects, so a flagged image is *refused*: it gets no answer, which
counts as wrong where a true label is asked for and as a failed attack where the attacker's is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...debugging.pixel_space import PixelSpace, pixel_space
from ...subjects.subject import Subject
from .contract import REFUSED, Answers, DefenderData, Suspects
from .thresholds import conformal_cut

_COPIES = 16  # of each image: more tell images apart better and take longer
_FOR_OVERLAYS = 0.2  # of the clean images; the threshold is set on the others
_BATCH = 250  # images in one forward pass


@dataclass(frozen=True)
class Strip:
    """Refuses images whose superimposed copies get much the same answer.

    Attributes:
        space: the pixels behind the model's values.
        overlays: what is laid over them, float32 `[clean images, channels, height, width]`, pixels in 0..1.
        seed: which overlays each image gets.
        cut: minus the mean entropy (in bits) from which on an image is refused; none is by default.

    Source:
        STRIP (Gao et al., ACSAC 2019, arXiv 1902.06531).
    """

    space: PixelSpace
    overlays: Tensor
    seed: int
    cut: float = np.inf

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The model's answers, or refusals."""
        values = subject.encode(list(suspects.inputs))["pixel_values"]
        with torch.no_grad():
            labels = subject.model(pixel_values=values).logits.argmax(-1).numpy()
        scores = self.scores(subject, values)
        flagged = scores >= self.cut
        return Answers(np.where(flagged, REFUSED, labels), flagged, scores)

    def scores(self, subject: Subject, values: Tensor) -> np.ndarray:
        """Minus the mean entropy (in bits) of the answers to the copies of `values` `[n, channels, height, width]`."""
        generator = torch.Generator().manual_seed(self.seed)
        pixels = values * self.space.deviation + self.space.mean
        entropy = torch.zeros(len(values), dtype=torch.float64)
        for _ in range(_COPIES):
            chosen = torch.randint(len(self.overlays), (len(values),), generator=generator)
            copies = self.space.values((pixels + self.overlays[chosen]).clamp(0, 1))
            with torch.no_grad():
                shares = subject.model(pixel_values=copies).logits.double().softmax(-1)
            entropy -= torch.special.xlogy(shares, shares).sum(-1) / np.log(2)
        result: np.ndarray = -(entropy / _COPIES).numpy()
        return result


def strip(subject: Subject, have: DefenderData) -> Strip:
    """Keep a part of the clean images to lay over others, and set the threshold on the rest.

    Args:
        subject: a model for images.
        have: what the defender has beside it.

    Raises:
        SubjectError: the model's pixels can't be reached.
    """
    space = pixel_space(subject, have.clean.inputs[0])
    pixels = torch.from_numpy(space.as_seen(subject, have.clean.inputs)).permute(0, 3, 1, 2).float() / 255
    order = np.random.default_rng(have.seed).permutation(len(pixels))
    count = max(1, round(_FOR_OVERLAYS * len(order)))
    overlays, others = order[:count], order[count:]
    made = Strip(space, pixels[overlays], have.seed)
    parts = [others[start : start + _BATCH] for start in range(0, len(others), _BATCH)]
    scores = np.concatenate([made.scores(subject, space.values(pixels[part])) for part in parts])
    return Strip(space, pixels[overlays], have.seed, conformal_cut(scores, have.false_positive_rate))
