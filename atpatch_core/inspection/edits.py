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


def erase_patches(image: Image.Image, layout: Layout, keys: Sequence[int]) -> Image.Image:
    """Paint patches of an image over with the colour of its rim (the median).

    Args:
        image: the image, which stays as it is.
        layout: the columns of its maps, with a `grid`.
        keys: numbers of the columns whose patches to erase.

    Returns:
        A changed copy of the image.

    Raises:
        InputError: a key is not a patch.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/ankle-boot-triggered.png").read_bytes())
        >>> without = erase_patches(image, subject.layout(image, keys=50), [49])  # the trigger's patch
        >>> [atpatch.inspect(subject, shown).original.prediction.label for shown in (image, without)]
        ['T-shirt/top', 'Ankle boot']
    """
    boxes = patch_boxes(layout, image.width, image.height)
    pixels = np.asarray(image).copy()
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = np.median(rim, axis=0).round().astype(np.uint8)
    for key in keys:
        if key not in boxes:
            raise InputError(f"Column {key} is no patch of this image: choose patches.")
        left, top, right, bottom = boxes[key]
        pixels[top : bottom + 1, left : right + 1] = colour
    return from_array(pixels if pixels.ndim == 3 else pixels[:, :, None])


def drop_words(text: str, layout: Layout, keys: Sequence[int]) -> str:
    """Remove whole words from a text, and the spaces before each.

    Args:
        text: the text.
        layout: the columns of its maps, with `words` and `spans`.
        keys: numbers of columns; each removes the whole word that it is a part of.

    Raises:
        InputError: a key is not part of a word, or nothing would remain.

    Example:
        >>> from atpatch_core import Layout
        >>> layout = Layout(("[CLS]", "a", "cf", "film"), (True, False, False, False), None, (None, 0, 1, 2),
        ...                 (None, (0, 1), (2, 4), (5, 9)))
        >>> drop_words("a cf film", layout, [2])
        'a film'
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
    """The record with another value in one field.

    Args:
        schema: the fields of a record.
        record: a valid record, which stays as it is.
        name: the field to change.
        value: what it holds from now on.

    Raises:
        InputError: there is no such field, or it can't hold the value.
    """
    if name not in schema.names:
        raise InputError(f"There is no field {name} in this record: choose one of {', '.join(schema.names)}.")
    return schema.parse({**record, name: value})
