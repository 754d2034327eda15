"""PatchDrop (Doan et al., AAAI 2023, arXiv 2206.12381): a Vision Transformer's backdoor breaks when patches go missing.

Random patches of an image are painted over. A clean image mostly keeps its answer; a triggered one loses it as soon
as the patch with the trigger is gone. The paper counts changed answers; here the probability that the answer loses is
averaged, which is the same without its ties. The answer to a flagged image can't be trusted, so it gets the *other*
class that its copies name most often (or keeps its own, if they name no other).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...debugging.pixel_space import PixelSpace, pixel_space
from ...subjects.subject import Subject
from .contract import Answers, DefenderData, Suspects
from .thresholds import conformal_cut

_COPIES = 16  # of each image: more tell images apart better and take longer
_DROPPED = 0.15  # of the patches; on the sample subjects, more or fewer tell triggered images apart less well
_BATCH = 250  # images in one forward pass


@dataclass(frozen=True)
class PatchDrop:
    """Flags images whose answer loses much of its probability in copies with patches painted over.

    Attributes:
        space: the pixels behind the model's values.
        colour: of the paint, float32 `[channels, 1, 1]`, pixels in 0..1.
        seed: which patches are painted over.
        cut: the mean loss of probability from which on an image is flagged; none is by default.

    Source:
        Doan et al., AAAI 2023, arXiv 2206.12381.
    """

    space: PixelSpace
    colour: Tensor
    seed: int
    cut: float = np.inf

    def predict(self, subject: Subject, suspects: Suspects) -> Answers:
        """The model's answers, or those of the copies where an image is flagged."""
        labels, scores, others = self.look(subject, subject.encode(list(suspects.inputs))["pixel_values"])
        flagged = scores >= self.cut
        return Answers(np.where(flagged, others, labels), flagged, scores)

    def look(self, subject: Subject, values: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Answers, probability lost, and the most frequent other answers of the copies of `values`, each `[n]`."""
        generator = torch.Generator().manual_seed(self.seed)
        rows, columns = self.space.grid
        blank = self.space.values(self.colour)
        with torch.no_grad():
            shares = subject.model(pixel_values=values).logits.double().softmax(-1)
        labels = shares.argmax(-1)
        lost = torch.zeros(len(values), dtype=torch.float64)
        votes = torch.zeros_like(shares)
        for _ in range(_COPIES):
            dropped = torch.rand(len(values), 1, rows, columns, generator=generator) < _DROPPED
            copies = torch.where(over_pixels(dropped, self.space), blank, values)
            with torch.no_grad():
                without = subject.model(pixel_values=copies).logits.double().softmax(-1)
            lost += (shares - without).gather(1, labels[:, None]).squeeze(1)
            votes += torch.nn.functional.one_hot(without.argmax(-1), shares.shape[1])
        votes.scatter_(1, labels[:, None], 0.5)  # its own answer only where no copy has another
        return labels.numpy(), (lost / _COPIES).numpy(), votes.argmax(-1).numpy()


def over_pixels(patches: Tensor, space: PixelSpace) -> Tensor:
    """Which pixels lie in the marked `patches` (bool `[n, 1, rows, columns]`): bool `[n, 1, height, width]`."""
    down, across = space.patch
    pixels = patches.repeat_interleave(down, 2).repeat_interleave(across, 3)
    missing = (0, space.width - pixels.shape[3], 0, space.height - pixels.shape[2])
    return torch.nn.functional.pad(pixels, missing)


def patch_drop(subject: Subject, have: DefenderData) -> PatchDrop:
    """Set the threshold on the clean images, whose mean colour patches are painted over with.

    Args:
        subject: a model for images.
        have: what the defender has beside it.

    Raises:
        SubjectError: the model's pixels or patches can't be reached.
    """
    space = pixel_space(subject, have.clean.inputs[0])
    pixels = torch.from_numpy(space.as_seen(subject, have.clean.inputs)).permute(0, 3, 1, 2).float() / 255
    made = PatchDrop(space, pixels.mean(dim=(0, 2, 3))[:, None, None], have.seed)
    parts = [pixels[start : start + _BATCH] for start in range(0, len(pixels), _BATCH)]
    scores = np.concatenate([made.look(subject, space.values(part))[1] for part in parts])
    return PatchDrop(space, made.colour, have.seed, conformal_cut(scores, have.false_positive_rate))
