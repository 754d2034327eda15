"""The detector's scores in one head."""

from __future__ import annotations

import pytest

from atpatch_core.column import Column
from atpatch_core.figures.scores import clear_of, ranked_columns, score_bars


def test_the_ten_highest_scores_with_the_flagged_one_named(make_inspection) -> None:
    figure = score_bars(make_inspection(), 0, 1, calibrated=0.9)
    assert figure is not None
    bars = figure.data[0]
    assert len(bars.x) == 10
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert bars.text[0] == "0.950 \u25c0 flagged"
    assert figure.layout.yaxis.ticktext[0] == "row 6, column 6"
    assert bars.text[1] == "0.100"


def test_a_column_chosen_by_hand_says_so(make_inspection) -> None:
    figure = score_bars(make_inspection(flagged=(), by_hand=(Column(0, 1, 0),)), 0, 1, calibrated=0.9)
    assert figure is not None
    assert "0.100 \u25c0 chosen by hand" in figure.data[0].text


def test_a_layer_that_is_not_watched_has_no_bars(make_inspection) -> None:
    assert score_bars(make_inspection(watched=(0,)), 2, 0, calibrated=0.9) is None


@pytest.mark.parametrize(("calibrated", "lines"), [(0.9, 1), (0.5, 2)])
def test_the_calibrated_threshold_is_drawn_where_another_is_in_use(make_inspection, calibrated, lines) -> None:
    figure = score_bars(make_inspection(threshold=0.9), 0, 0, calibrated=calibrated)
    assert figure is not None
    assert len(figure.layout.shapes) == lines
    assert [annotation.text for annotation in figure.layout.annotations] == ["threshold 0.900"]


def test_columns_are_ranked_by_score_and_those_without_come_last(make_inspection) -> None:
    by_hand = (Column(0, 0, 3), Column(2, 0, 3))
    inspection = make_inspection(flagged=(Column(0, 1, 49),), by_hand=by_hand, watched=(0,))
    assert ranked_columns(inspection.flags) == (Column(0, 1, 49), Column(0, 0, 3), Column(2, 0, 3))


@pytest.mark.parametrize(
    ("start", "lines", "expected"),
    [
        (0.005, [0.02], 0.02),
        (0.02, [0.02], 0.02),
        (0.3, [0.02], 0.3),
        (0.3, [0.5], 0.3),
        (0.3, [0.45, 0.4], 0.45),
        (0.3, [0.55, 0.4], 0.55),
    ],
)
def test_a_number_beside_a_bar_starts_where_no_line_cuts_it(start: float, lines: list[float], expected: float) -> None:
    assert clear_of(start, 0.2, lines) == expected


def test_no_number_lies_on_the_threshold(make_inspection) -> None:
    figure = score_bars(make_inspection(threshold=0.2), 0, 1, calibrated=0.12)
    assert figure is not None
    bars, numbers = figure.data
    assert numbers.text == bars.text
    assert list(numbers.y) == list(bars.y)
    assert numbers.x == pytest.approx([0.95, *[0.2] * 9], abs=0.02)
    assert min(numbers.x) > 0.2
