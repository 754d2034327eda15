"""Attributions as bars, as heat on the image, and in words."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from atpatch_core.column import Column
from atpatch_core.figures.attribution import (
    agreement_sentence,
    attribution_bars,
    heat_images,
    rollout_rows,
    signed,
    top_keys,
)
from atpatch_core.figures.colours import FLAGGED
from atpatch_core.inspection.attribution import Attribution
from atpatch_core.layout import Layout


def _attribution(*values: float) -> Attribution:
    return Attribution(torch.tensor(values), 0, 1.0, 0.0, 0.0)


_LAYOUT = Layout(("[CLS]", "good", "<b>", "good", "x" * 40), (True, False, False, False, False))
_BEFORE, _AFTER = _attribution(0, 3, -1, 0.5, 0.1), _attribution(0, 0.2, -1, 0.5, 4)


def test_the_strongest_keys_in_either_direction_come_first() -> None:
    assert top_keys(_BEFORE) == (1, 2, 3, 4, 0)
    assert top_keys(_BEFORE, _AFTER, 3) == (4, 1, 2)


def test_each_key_has_a_bar_before_and_one_after_with_signs_in_words() -> None:
    figure = attribution_bars(_BEFORE, _AFTER, _LAYOUT, (Column(0, 0, 2),), most=4)
    assert [bar.name for bar in figure.data] == ["Without AtPatch", "With AtPatch"]
    assert figure.data[0].x == pytest.approx((0.1, 3, -1, 0.5))
    assert figure.data[1].x == pytest.approx((4, 0.2, -1, 0.5))
    assert figure.data[0].text == ("+0.10", "+3.00", "\u22121.00", "+0.50")
    low, high = figure.layout.xaxis.range
    assert low < -1 < 4 < high


def test_equal_names_are_told_apart_flagged_ones_marked_and_nothing_is_taken_for_html() -> None:
    figure = attribution_bars(_BEFORE, None, _LAYOUT, (Column(0, 0, 2),))
    assert len(figure.data) == 1
    first, second, third, fourth, _ = figure.layout.yaxis.ticktext
    assert (first, third) == ("good (1)", "good (3)")
    assert second == "\u25bc &lt;b&gt;"
    assert len(fourth) == 22
    assert figure.data[0].customdata[1][0] == "&lt;b&gt;"


def test_bars_of_nothing_have_an_axis_all_the_same() -> None:
    low, high = attribution_bars(_attribution(0, 0), None, Layout(("a", "b"), (False, False)), ()).layout.xaxis.range
    assert low <= 0 < high


def test_heat_is_red_for_the_class_blue_against_it_and_shares_one_scale(make_inspection) -> None:
    strong, weak = torch.zeros(50), torch.zeros(50)
    strong[1], strong[2], weak[1] = 4.0, -4.0, 0.25
    attributions = [Attribution(values, 0, 1.0, 0.0, 0.0) for values in (strong, weak)]
    before, after = (
        np.asarray(one).astype(int)
        for one in heat_images(Image.new("L", (28, 28), 128), make_inspection(), attributions)
    )
    support, against = before[32, 32], before[32, 96]
    assert support[0] > support[2] + 60
    assert against[2] > against[0] + 60
    assert (before[32, 160] == 128).all()
    faint = after[32, 32]
    assert 0 < abs(faint - 128).max() < abs(support - 128).max() / 2
    assert tuple(before[-3, -3]) == FLAGGED


def test_heat_of_nothing_leaves_the_image_as_it_is(make_inspection) -> None:
    nothing = Attribution(torch.zeros(50), 0, 1.0, 0.0, 0.0)
    (shown,) = heat_images(Image.new("L", (28, 28), 128), make_inspection(flagged=()), [nothing])
    assert (np.asarray(shown) == 128).all()


def test_the_rollout_lists_the_flagged_key_with_its_mark(make_inspection) -> None:
    rows = rollout_rows(make_inspection(), most=3)
    assert len(rows) == 3
    assert "\u25bc row 6, column 6" in [row.name for row in rows]
    marked = next(row for row in rows if row.name.startswith("\u25bc"))
    assert float(marked.before.split("\u00a0")[0]) > float(marked.after.split("\u00a0")[0])


@pytest.mark.parametrize(("value", "text"), [(1.234, "+1.23"), (-0.5, "\u22120.50"), (0.001, "0.00"), (-0.001, "0.00")])
def test_numbers_carry_their_sign(value: float, text: str) -> None:
    assert signed(value) == text


def test_the_sentence_says_yes_perhaps_or_no() -> None:
    assert "agrees: of two patches" in agreement_sentence(0.9, "patch")
    assert "90.0\u00a0%" in agreement_sentence(0.9, "patch")
    assert "not clearly: of two words" in agreement_sentence(0.65, "word")
    assert "does not agree" in agreement_sentence(0.4, "field")
    assert "causal check" in agreement_sentence(0.4, "field")
    assert "none or every patch" in agreement_sentence(None, "patch")
