"""Figures of the tour: the printed map tells its numbers, charts mark what is spoken of."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from atpatch_core import Layout
from atpatch_core.figures.attended import attended_image
from atpatch_core.figures.lesson_charts import alarm_bars, lesson_roc, pairs_won, rates_at, row_bars
from atpatch_core.figures.small_map import small_map_svg
from atpatch_core.layout import key_at
from atpatch_core.lessons.base_rate import expected_alarms
from atpatch_core.lessons.image_scores import ImageScores
from atpatch_core.lessons.rows import repair_row

_GRID = Layout(("[CLS]", "a", "b", "c", "d"), (True, False, False, False, False), grid=(2, 2))


def test_the_printed_map_holds_every_share_and_escapes_names() -> None:
    values = np.array([[0.25, 0.75], [0.5, 0.5]])
    svg = small_map_svg(values, ["<b>", "plot"], row=1)
    words = ["".join(one.itertext()) for one in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert words.count("<b>") == 2
    assert {"0.25", "0.75", "0.50", "1.00", "0.38", "0.62"} <= set(words)


def test_the_tint_is_strongest_where_the_share_is() -> None:
    shares = torch.tensor([0.0, 0.9, 0.1, 0.0, 0.0])
    pixels = np.asarray(attended_image(Image.new("L", (8, 8)), _GRID, shares, smallest=8)).astype(int)
    patches = [pixels[:4, :4], pixels[:4, 4:], pixels[4:, :4]]
    brightness = [int(patch.sum()) for patch in patches]
    assert brightness[0] > brightness[1] > brightness[2] == 0


def test_the_key_under_a_pixel() -> None:
    assert [key_at(_GRID, (8, 8), *place) for place in ((0, 0), (3, 4), (7, 3), (4, 7))] == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="No patch"):
        key_at(_GRID, (8, 8), 8, 0)


def test_the_marker_stands_at_the_rates_of_the_threshold() -> None:
    scores = ImageScores(*(np.array(one) for one in ([0.1, 0.6], [0.5, 0.9], [0.3, 0.2], [0.2, 0.3])))
    assert rates_at(scores, 0.55) == (0.5, 0.5)
    assert pairs_won(scores) == (0.75, 0.5)
    marker = lesson_roc(scores, 0.95).data[-1]
    assert (marker.x[0], marker.y[0]) == (0.0, 0.0)


def test_bars_show_the_numbers_that_are_told() -> None:
    bars = alarm_bars(expected_alarms(0.999, 0.02, 0.01)).data
    assert [bar.text[0] for bar in bars] == ["100", "198"]
    row = row_bars(repair_row((0.1, 0.6, 0.3), (False, True, False), 0.2), ["a", "<b>", "c"])
    assert list(row.data[1].y) == pytest.approx([0.2, 0.2, 0.6])
    assert list(row.layout.xaxis.ticktext) == ["a", "\u25bc &lt;b&gt;", "c"]
