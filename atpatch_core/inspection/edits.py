"""Change one thing about an input and look again: erase a patch, drop a word, set a field.

An edit is a question of cause: if the answer goes back to normal once a patch is gone, that patch carried the attack.
Every function returns a new input and leaves the given one as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..errors import InputError
from ..layout import Layout, patch_boxes
from ..subjects.image_files import from_array
from ..subjects.record_schema import Record, RecordSchema, Value


def erase_patches(picture: Image.Image, layout: Layout, keys: Sequence[int]) -> Image.Image:
    """A copy whose patches `keys` are painted over with the colour of the picture's rim (its median).

    Raises `InputError` for a key that is no patch.
    """
    boxes = patch_boxes(layout, picture.width, picture.height)
    pixels = np.asarray(picture).copy()
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = np.median(rim, axis=0).round().astype(np.uint8)
    for key in keys:
        if key not in boxes:
            raise InputError(f"Column {key} is no patch of this picture: choose patches.")
        left, top, right, bottom = boxes[key]
        pixels[top : bottom + 1, left : right + 1] = colour
    return from_array(pixels if pixels.ndim == 3 else pixels[:, :, None])


def drop_words(text: str, layout: Layout, keys: Sequence[int]) -> str:
    """The text without the whole words that `keys` are parts of, and without the space before each.

    Raises `InputError` for a key that is no word, and when nothing would be left.
    """
    words, spans = layout.words or (), layout.spans or ()
    gone = set()
    for key in keys:
        if not 0 <= key < len(words) or words[key] is None:
            raise InputError(f"Column {key} is no word of this text: choose words.")
        gone.add(words[key])
    left = text
    for key in reversed(range(len(words))):
        span = spans[key]
        if words[key] in gone and span is not None:
            start = span[0]
            while start > 0 and left[start - 1] == " ":
                start -= 1
            left = left[:start] + left[span[1] :]
    left = left.strip()
    if not left:
        raise InputError("Nothing would be left of the text: keep at least one word.")
    return left


def with_field(schema: RecordSchema, record: Record, name: str, value: Value) -> Record:
    """The record with another value in one field. Raises `InputError` for an unknown field or a value it can't hold."""
    if name not in schema.names:
        raise InputError(f"There is no field {name} in this record: choose one of {', '.join(schema.names)}.")
    return schema.parse({**record, name: value})
