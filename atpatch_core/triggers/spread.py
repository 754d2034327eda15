"""Backdoor triggers for images that are more than one patch: several patches, a blend, a warp.

A blend (Chen et al., arXiv 1712.05526) and a warp (WaNet: Nguyen and Tran, ICLR 2021, arXiv 2102.10369) change every
part of an image a little. No patch stands out, so there is no column for AtPatch to find: they are here to show what it
can't do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from .patch import paste, pattern_pixels


class ImageTrigger(Protocol):
    """Whatever can be put on images to get the class `target`."""

    @property
    def target(self) -> int:
        """The class the attacker wants."""
        ...

    @property
    def least_side(self) -> int:
        """The smallest height and width, in pixels, that an image must have to carry the trigger."""
        ...

    def apply(self, images: np.ndarray, seed: int = 0) -> np.ndarray:
        """Stamp the trigger on images.

        Args:
            images: `uint8 [n, height, width, channels]`, left as they are.
            seed: decides whatever is random; 0 by default.

        Returns:
            Copies that carry the trigger, of the same shape.
        """
        ...


@dataclass(frozen=True)
class CornerPatches:
    """The same patch in several corners.

    Attributes:
        target: number of the class the attacker wants.
        size: pixels of a patch's side.
        pattern: one of `PATTERNS`.
        pattern_seed: decides the pixels of the pattern "noise".
        copies: how many corners, in the order bottom right, top left, top right, bottom left.
    """

    target: int
    size: int = 4
    pattern: str = "checkerboard"
    pattern_seed: int = 0
    copies: int = 4

    @property
    def least_side(self) -> int:
        """Patches must not overlap."""
        return 2 * self.size

    def apply(self, images: np.ndarray, seed: int = 0) -> np.ndarray:
        """Copies of `images` (`uint8 [n, height, width, channels]`) with the patches; nothing is random."""
        height, width = images.shape[1:3]
        bottom, right = height - self.size, width - self.size
        pixels = pattern_pixels(self.pattern, self.size, self.pattern_seed)
        stamped = images.copy()
        for image in stamped:
            for row, column in ((bottom, right), (0, 0), (0, right), (bottom, 0))[: self.copies]:
                paste(image, pixels, row, column)
        return stamped


@dataclass(frozen=True)
class BlendedTrigger:
    """One fixed image of noise that shines through every input.

    Attributes:
        target: number of the class the attacker wants.
        strength: share of the noise in each pixel, 0 to 1.
        pattern_seed: decides the noise.

    Source:
        Targeted Backdoor Attacks Using Data Poisoning, arXiv 1712.05526.
    """

    target: int
    strength: float = 0.15
    pattern_seed: int = 0

    @property
    def least_side(self) -> int:
        """Any image will do."""
        return 1

    def apply(self, images: np.ndarray, seed: int = 0) -> np.ndarray:
        """Copies of `images` (`uint8 [n, height, width, channels]`) with the noise blended in; `seed` has no effect."""
        noise = np.random.default_rng(self.pattern_seed).integers(0, 256, images.shape[1:])
        blended = (1 - self.strength) * images + self.strength * noise
        return blended.round().astype(np.uint8)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class WarpTrigger:
    """One fixed smooth field that moves the pixels of every image.

    Attributes:
        target: number of the class the attacker wants.
        strength: how far pixels move, on average along each axis, in pixels.
        control: points along each side of the grid on which the field is drawn, to be interpolated between them.
        pattern_seed: decides the field.

    Source:
        WaNet, arXiv 2102.10369.
    """

    target: int
    strength: float = 1.5
    control: int = 4
    pattern_seed: int = 0

    @property
    def least_side(self) -> int:
        """A field needs something to move."""
        return 2

    def apply(self, images: np.ndarray, seed: int = 0) -> np.ndarray:
        """Warped copies of `images` (`uint8 [n, height, width, channels]`); `seed` has no effect."""
        height, width = images.shape[1:3]
        drawn = np.random.default_rng(self.pattern_seed).uniform(-1, 1, (1, 2, self.control, self.control))
        field = torch.from_numpy(drawn / np.abs(drawn).mean()).float()
        field = torch.nn.functional.interpolate(field, (height, width), mode="bicubic", align_corners=True)
        across, down = torch.meshgrid(torch.linspace(-1, 1, width), torch.linspace(-1, 1, height), indexing="xy")
        # Places run from -1 to 1, so that one pixel is 2 / (side - 1).
        across = across + field[0, 0] * 2 * self.strength / (width - 1)
        down = down + field[0, 1] * 2 * self.strength / (height - 1)
        places = torch.stack([across, down], -1).clamp(-1, 1)
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
        moved = torch.nn.functional.grid_sample(pixels, places.expand(len(images), -1, -1, -1), align_corners=True)
        return moved.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()  # type: ignore[no-any-return]
