"""The input image, large, with the patches outlined whose columns are redistributed."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from ..column import Column
from ..layout import Layout, patch_boxes
from .colours import DARK, FLAGGED, LIGHT

_LARGEST = 896
_MOST_LABELS = 8
_FONT = 15
_LINE = 5


def outlined_image(image: Image.Image, layout: Layout, columns: Sequence[Column], smallest: int = 448) -> Image.Image:
    """Outline and name the patches of some columns on an image.

    Small images are enlarged by a whole factor without smoothing, so that every pixel stays visible.

    Args:
        image: the image.
        layout: the columns of its maps.
        columns: whose patches to outline.
        smallest: the least length of the longer side of the result, in pixels (448 by default); the most is 896.

    Returns:
        An RGB copy.
    """
    shown = _resized(image.convert("RGB"), smallest)
    draw = ImageDraw.Draw(shown)
    boxes = patch_boxes(layout, shown.width, shown.height)
    heads: dict[int, list[Column]] = {}
    for column in columns:
        if column.key in boxes:
            heads.setdefault(column.key, []).append(column)
    for key in heads:
        left, top, right, bottom = boxes[key]
        for inset, colour, width in ((0, DARK, 1), (1, FLAGGED, _LINE), (1 + _LINE, DARK, 1)):
            box = (left + inset, top + inset, right - inset, bottom - inset)
            if box[0] <= box[2] and box[1] <= box[3]:
                draw.rectangle(box, outline=colour, width=width)
    if len(heads) <= _MOST_LABELS:
        for key, hits in heads.items():
            _name(draw, _label(hits), boxes[key], shown.width)
    return shown


def _resized(image: Image.Image, smallest: int) -> Image.Image:
    longer = max(image.size)
    if longer > _LARGEST:
        return image.resize(
            (max(1, image.width * _LARGEST // longer), max(1, image.height * _LARGEST // longer)),
            Image.Resampling.LANCZOS,
        )
    factor = -(-smallest // longer)
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _label(hits: Sequence[Column]) -> str:
    more = f" +{len(hits) - 1}" if len(hits) > 1 else ""
    return f"L{hits[0].layer}\u00b7H{hits[0].head}{more}"


def _name(draw: ImageDraw.ImageDraw, text: str, box: tuple[int, int, int, int], width: int) -> None:
    font = ImageFont.load_default(_FONT)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    across, down = int(right - left) + 8, int(bottom - top) + 8
    x = max(0, min(box[0], width - across))
    y = box[1] - down if box[1] >= down else box[3] + 1
    draw.rectangle((x, y, x + across - 1, y + down - 1), fill=DARK, outline=FLAGGED)
    draw.text((x + 4 - left, y + 4 - top), text, fill=LIGHT, font=font)
