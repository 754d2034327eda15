"""Edits take away what was asked for, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from atpatch_core import InputError, Layout
from atpatch_core.inspection.edits import drop_words, erase_patches, with_field
from atpatch_core.subjects.record_schema import CategoryField, NumberField, RecordSchema

_GRID = Layout(("[CLS]", "a", "b", "c", "d"), (True, False, False, False, False), grid=(2, 2))
_TEXT = "It was won\u2026derful, cf really"


def _layout(text: str) -> Layout:
    """[CLS], then It, was, two parts of one word, the comma, cf, really."""
    pieces = ["It", "was", "won", "\u2026derful", ",", "cf", "really"]
    spans, read = [], 0
    for piece in pieces:
        start = text.index(piece, read)
        read = start + len(piece)
        spans.append((start, read))
    words = (None, 0, 1, 2, 2, 3, 4, 5)
    return Layout(("[CLS]", *pieces), (True,) + (False,) * 7, words=words, spans=(None, *spans), unit="word")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_an_erased_patch_has_the_colour_of_the_rim(mode: str) -> None:
    pixels = np.full((8, 8, 3), 30, dtype=np.uint8)
    pixels[2:4, 5:7] = 200
    image = Image.fromarray(pixels).convert(mode)
    edited = erase_patches(image, _GRID, [2])
    assert edited.mode == mode
    assert set(np.asarray(edited).ravel().tolist()) == {30}
    assert 200 in np.asarray(image)


def test_the_other_patches_stay() -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8))
    edited = np.asarray(erase_patches(image, _GRID, [1, 4])) == np.asarray(image)
    assert edited[:4, 4:].all()
    assert edited[4:, :4].all()


@pytest.mark.parametrize("key", [0, 5, -1])
def test_what_is_no_patch_is_refused(key: int) -> None:
    with pytest.raises(InputError, match="no patch"):
        erase_patches(Image.new("L", (8, 8)), _GRID, [key])


def test_a_word_goes_as_a_whole_with_the_space_before_it() -> None:
    layout = _layout(_TEXT)
    assert drop_words(_TEXT, layout, [6]) == "It was won\u2026derful, really"
    assert drop_words(_TEXT, layout, [4]) == "It was, cf really"
    assert drop_words(_TEXT, layout, [1]) == "was won\u2026derful, cf really"
    assert drop_words(_TEXT, layout, [7, 2]) == "It won\u2026derful, cf"


def test_no_word_and_nothing_left_are_refused() -> None:
    layout = _layout(_TEXT)
    with pytest.raises(InputError, match="no word"):
        drop_words(_TEXT, layout, [0])
    with pytest.raises(InputError, match="Nothing would be left"):
        drop_words(_TEXT, layout, range(1, 8))


def test_one_field_is_set_and_checked() -> None:
    schema = RecordSchema((NumberField("age", 17, 90, (30,), 40), CategoryField("sex", ("F", "M"), "F")), (), "yes")
    record = schema.typical()
    assert with_field(schema, record, "sex", "M") == {"age": 40, "sex": "M"}
    assert record["sex"] == "F"
    with pytest.raises(InputError, match="no field"):
        with_field(schema, record, "height", 2)
    with pytest.raises(InputError, match="17 to 90"):
        with_field(schema, record, "age", 200)
