"""Images as files that browsers and caches take as they are."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def as_png(image: Image.Image | np.ndarray) -> bytes:
    """An image as a PNG file.

    Args:
        image: a Pillow image, or `uint8 [height, width, 3]`.
    """
    made = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    file = io.BytesIO()
    made.save(file, format="PNG", compress_level=3)
    return file.getvalue()


def as_webp(image: np.ndarray) -> bytes:
    """The lossless WebP file of `uint8 [height, width, 3]`: half the size of a PNG for noisy maps, twice the time."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="WEBP", lossless=True, quality=50, method=1)
    return file.getvalue()
