"""Thresholds to choose from lie closest together where scores crowd."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from atpatch_core.figures.threshold_scale import threshold_scale
from atpatch_core.wording.phrases import score_text


@given(st.floats(0, 1))
def test_the_threshold_in_use_can_be_chosen_as_it_is(used: float) -> None:
    assert used in threshold_scale(used)


@given(st.lists(st.floats(0, 1), max_size=2))
def test_thresholds_rise_from_nothing_to_everything_and_look_different(also: list[float]) -> None:
    scale = threshold_scale(*also)
    texts = [score_text(value) for value in scale]
    assert scale == sorted(scale)
    assert len(set(texts)) == len(texts)
    assert (texts[0], texts[-1]) == ("0.000", "1.000")


def test_a_detector_that_is_nearly_sure_of_everything_can_still_be_set_finely() -> None:
    above = [value for value in threshold_scale() if 0.99 < value < 1]
    assert len(above) > 20


def test_more_digits_are_written_only_where_three_would_say_one() -> None:
    written = [score_text(value) for value in (0.8138, 0.0001, 0.9994, 0.99982, 0.9999996, 1.0)]
    assert written == ["0.814", "0.000", "0.999", "0.9998", "> 0.999999", "1.000"]
