"""Where one head looks, on the image itself."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

from ..column import Column
from ..layout import Layout, patch_boxes
from .colours import FLAGGED
from .image import outlined_image

_MOST_OPAQUE = 0.85  # the image still shows through where all attention goes to one patch


def attended_image(
    image: Image.Image, layout: Layout, shares: Tensor, columns: tuple[Column, ...] = (), smallest: int = 336
) -> Image.Image:
    """Tint each patch of an image orange by its share of one row of a map.

    The tint goes by square root from 0 to 1, so that it means the same in every image.

    Args:
        image: the image.
        layout: the columns of its maps, with a `grid`.
        shares: the row, `[keys]`, 0 to 1.
        columns: columns whose patches are outlined; none by default.
        smallest: the least length of the longer side of the result, in pixels; 336 by default.

    Returns:
        An enlarged RGB copy.
    """
    shown = outlined_image(image, layout, (), smallest)
    pixels = np.asarray(shown, dtype=np.float32).copy()
    boxes = patch_boxes(layout, shown.width, shown.height)
    for key, (left, top, right, bottom) in boxes.items():
        opacity = _MOST_OPAQUE * float(shares[key]) ** 0.5
        box = pixels[top : bottom + 1, left : right + 1]
        box[:] = (1 - opacity) * box + opacity * np.array(FLAGGED, dtype=np.float32)
    return outlined_image(Image.fromarray(pixels.round().astype(np.uint8)), layout, columns, smallest)
