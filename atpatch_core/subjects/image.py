"""Image classifiers: images in, patches as columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor

from .. import limits
from ..errors import InputError
from ..layout import Layout
from .image_files import read_image

# Of Pillow's modes those whose numbers are colours; in the others the scale is not known, or can't be converted.
_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV")


@dataclass(frozen=True)
class ImageAdapter:
    """Feeds images to a Transformers image classifier through its own image processor.

    Attributes:
        processor: the image processor, which scales and normalises.
        channels: 1 for grey images, 3 for colour.
        grid: (rows, columns) of patches; `None` if the model's config does not say.
    """

    processor: Any
    channels: int
    grid: tuple[int, int] | None

    @property
    def kind(self) -> str:
        """Always "image"."""
        return "image"

    def read(self, content: bytes) -> Image.Image:
        """The image in a PNG, JPEG or WebP file.

        Raises:
            InputError: see `read_image`.
        """
        return read_image(content)

    def write(self, image: Image.Image) -> bytes:
        """The image as a PNG file.

        Raises:
            InputError: `image` is not an image.
        """
        _check(image)
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
        return file.getvalue()

    def encode(self, inputs: Sequence[Image.Image]) -> dict[str, Tensor]:
        """The model's argument `pixel_values` for a batch.

        Args:
            inputs: Pillow images of any size and mode.

        Returns:
            `pixel_values`, float32 `[batch, channels, height, width]`.

        Raises:
            InputError: something in it is not an image, or is too long and narrow to be scaled for this model.
        """
        for image in inputs:
            _check(image)
            self._check_scaled(image)
        mode = "L" if self.channels == 1 else "RGB"
        return {
            "pixel_values": self.processor([image.convert(mode) for image in inputs], return_tensors="pt")[
                "pixel_values"
            ]
        }

    def _check_scaled(self, image: Image.Image) -> None:
        """Raise `InputError` where the processor, which scales the shorter side, makes an image too long."""
        size = getattr(self.processor, "size", None)
        edge = None if size is None or not getattr(self.processor, "do_resize", False) else size.get("shortest_edge")
        long, short = max(image.size), max(1, min(image.size))
        if edge is not None and edge * edge * long > limits.IMAGES.scaled * short:
            raise InputError("The image is too long and narrow for this model: cut out a part of it.")

    def layout(self, image: Image.Image, keys: int) -> Layout:
        """Special tokens first ([CLS], and whatever else the model adds), then the patches row by row.

        Args:
            image: the image; every image has the same columns.
            keys: how many columns its maps have.
        """
        if self.grid is None or not 0 <= keys - self.grid[0] * self.grid[1] <= 16:
            return Layout(tuple(f"column {key}" for key in range(keys)), (False,) * keys)
        rows, columns = self.grid
        special = keys - rows * columns
        names = ("[CLS]", *(f"[special {number}]" for number in range(1, special)))[:special]
        patches = tuple(f"row {row}, column {column}" for row in range(rows) for column in range(columns))
        return Layout(names + patches, (True,) * special + (False,) * (rows * columns), self.grid)


def _check(image: Any) -> None:
    """Raise `InputError` for what is not an image, or one whose numbers are not colours until they are scaled."""
    if not isinstance(image, Image.Image):
        raise InputError("This model takes images: make one of the bytes of a file with `subject.read`.")
    if image.mode not in _MODES or 0 in image.size:
        raise InputError(
            f"An image of mode {image.mode} and {image.width} x {image.height} pixels can't be looked at: convert it "
            "to mode L or RGB, with at least one pixel."
        )


def image_adapter(folder: Path, config: Any) -> ImageAdapter:
    """The adapter of the image classifier in a folder.

    Args:
        folder: the model's folder, with its image processor.
        config: the model's Transformers config.

    Raises:
        OSError, ValueError: there is no image processor.
    """
    processor = AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]
        folder, trust_remote_code=False, local_files_only=True
    )
    return ImageAdapter(processor, int(getattr(config, "num_channels", 3)), _patch_grid(config))


def _patch_grid(config: Any) -> tuple[int, int] | None:
    image, patch = getattr(config, "image_size", None), getattr(config, "patch_size", None)
    if image is None or patch is None:
        return None
    height, width = image if isinstance(image, list | tuple) else (image, image)
    down, across = patch if isinstance(patch, list | tuple) else (patch, patch)
    return int(height) // int(down), int(width) // int(across)
