"""Pictures as PNG files, the one form browsers and caches take as it is."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def as_png(picture: Image.Image | np.ndarray) -> bytes:
    """The PNG file of a Pillow image or of `uint8 [height, width, 3]`."""
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    file = io.BytesIO()
    image.save(file, format="PNG", compress_level=3)
    return file.getvalue()
