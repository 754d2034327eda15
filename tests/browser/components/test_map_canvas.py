"""A map in pixels: the packed numbers come out as they went in, and each can be read with the keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from atpatch_core.figures.colours import attention_colours, difference_colours
from atpatch_core.figures.map_bytes import pack_maps
from pages.components.map_canvas.map_canvas import _HTML
from tests.support.components import Mounted, mount

_BEFORE = np.array([[0.1, 0.9, 0.0], [0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
_AFTER = np.array([[0.5, 0.0, 0.5], [0.5, 0.25, 0.25], [0.4, 0.2, 0.4]])


@pytest.fixture
def canvas(page: Page) -> Mounted:
    before, change_of = pack_maps(_BEFORE, _AFTER, 1.0)
    data = {
        "titles": ["Original", "Redistributed", "Difference"],
        "names": ["[CLS]", "<i>word</i>", "end"],
        "size": 3,
        "ticks": [[0, "0"], [2, "2"]],
        "marked": [1],
        "marked_text": "one column",
        "strongest": 1.0,
        "change": 0.9,
        "before": before,
        "change_of": change_of,
        "attention": attention_colours().reshape(-1).tolist(),
        "difference": difference_colours().reshape(-1).tolist(),
        "alt": "a map",
    }
    mounted = mount(page, "map_canvas", _HTML, data)
    expect(page.locator("canvas[data-drawn]")).to_have_count(3)
    return mounted


def test_every_value_is_read_as_it_was_packed(canvas: Mounted) -> None:
    canvas.page.locator("canvas").first.focus()
    readout = canvas.page.locator(".readout")
    canvas.page.keyboard.press("ArrowRight")
    expect(readout).to_have_text(
        "from (query): [CLS] \u00b7 to (key): <i>word</i> \u00b7 before 0.9000 \u2192 after 0.0000"
    )
    for key in ("ArrowDown", "ArrowDown", "ArrowDown"):  # the last one is past the edge
        canvas.page.keyboard.press(key)
    expect(readout).to_have_text(
        "from (query): end \u00b7 to (key): <i>word</i> \u00b7 before 1.0000 \u2192 after 0.2000"
    )


def test_pixels_have_the_colours_of_the_scale(canvas: Mounted) -> None:
    pixels = canvas.page.evaluate(
        "[...document.querySelectorAll('canvas')].map((one) => "
        "[...one.getContext('2d').getImageData(1, 0, 1, 1).data.slice(0, 3)])"
    )
    attention, difference = attention_colours(), difference_colours()
    assert pixels[0] == attention[round(255 * 0.9**0.5)].tolist()
    assert pixels[1] == attention[0].tolist()
    assert pixels[2] == difference[0].tolist()  # the largest loss


def test_colours_of_differences_are_even_on_both_sides_and_bounded(canvas: Mounted) -> None:
    assert canvas.call("differenceShare", 0, 1) == 0.5
    assert canvas.call("differenceShare", 0.25, 1) + canvas.call("differenceShare", -0.25, 1) == 1
    assert [canvas.call("differenceShare", value, 1) for value in (-7, 7)] == [0, 1]
    assert [canvas.call("attentionShare", value, 1) for value in (-1, 0.25, 9)] == [0, 0.5, 1]


def test_small_numbers_keep_their_size(canvas: Mounted) -> None:
    assert [canvas.call("exact", value) for value in (0, 0.5, 0.00002)] == ["0.0000", "0.5000", "2.0e-5"]


def test_names_are_text(canvas: Mounted) -> None:
    assert canvas.page.locator("i i, .readout i").count() == 0
