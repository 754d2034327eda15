"""One map in detail: scales, hover, marks, and what is hidden."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.column import Column
from atpatch_core.figures.map_detail import map_detail


def test_original_and_redistributed_share_a_scale_and_the_difference_has_its_own(make_inspection) -> None:
    inspection = make_inspection()
    detail = map_detail(inspection, 0, 0)
    first, second, third = (figure.data[0] for figure in (detail.original, detail.redistributed, detail.difference))
    assert (first.zmin, first.zmax) == (second.zmin, second.zmax)
    assert first.zmin == 0
    assert first.zmax == pytest.approx(0.6)
    assert first.colorscale == second.colorscale != third.colorscale
    assert third.zmin == -third.zmax
    assert np.allclose(third.z, np.asarray(second.z) - np.asarray(first.z))


def test_hover_names_query_and_key_and_both_values(make_inspection) -> None:
    inspection = make_inspection()
    for figure in vars(map_detail(inspection, 0, 1)).values():
        heatmap = figure.data[0]
        assert "%{y}" in heatmap.hovertemplate
        assert "%{x}" in heatmap.hovertemplate
        assert "%{customdata[0]" in heatmap.hovertemplate
        assert heatmap.x[0] == heatmap.y[0] == "[CLS]"
        assert heatmap.x[49] == "row 6, column 6"
        before, after = heatmap.customdata[3][49]
        assert before == pytest.approx(0.6)
        assert after == pytest.approx(0.02)


def test_a_flagged_column_is_marked_by_text_and_shape(make_inspection) -> None:
    for figure in vars(map_detail(make_inspection(), 0, 0)).values():
        texts = [annotation.text for annotation in figure.layout.annotations]
        assert "\u25bc flagged: row 6, column 6" in texts
        assert "\u25bc" in texts
        assert all(shape.x0 < 49 - 0.5 < 49 + 0.5 < shape.x1 for shape in figure.layout.shapes)
        assert len(figure.layout.shapes) == 2
    untouched = map_detail(make_inspection(), 3, 0).original
    assert not untouched.layout.shapes
    assert not untouched.layout.annotations


def test_a_column_chosen_by_hand_is_not_called_flagged(make_inspection) -> None:
    inspection = make_inspection(flagged=(), by_hand=(Column(0, 0, 49),))
    texts = [annotation.text for annotation in map_detail(inspection, 0, 0).original.layout.annotations]
    assert "\u25bc chosen by hand: row 6, column 6" in texts


def test_many_flagged_columns_get_triangles_but_no_frames(make_inspection) -> None:
    inspection = make_inspection(flagged=tuple(Column(0, 0, key) for key in range(10, 30)))
    figure = map_detail(inspection, 0, 0).original
    assert not figure.layout.shapes
    assert [annotation.text for annotation in figure.layout.annotations].count("\u25bc") == 20
    assert "\u25bc 20 columns redistributed" in [annotation.text for annotation in figure.layout.annotations]


def test_special_keys_can_be_hidden_and_marks_move_along(make_inspection) -> None:
    inspection = make_inspection()
    figure = map_detail(inspection, 0, 0, hide_special=True).original
    heatmap = figure.data[0]
    assert np.asarray(heatmap.z).shape == (49, 49)
    assert "[CLS]" not in heatmap.x
    assert "[CLS]" not in heatmap.y
    assert np.allclose(np.asarray(heatmap.z)[:, 48], 0.6)
    assert all(shape.x0 < 48 < shape.x1 for shape in figure.layout.shapes)


def test_names_that_occur_twice_stay_two_columns_and_markup_is_text(make_inspection) -> None:
    inspection = make_inspection(flagged=(), names=("[CLS]", "the", "the", "<b>bold</b>"))
    heatmap = map_detail(inspection, 0, 0).original.data[0]
    assert list(heatmap.x) == ["[CLS]", "the (1)", "the (2)", "&lt;b&gt;bold&lt;/b&gt;"]


def test_no_difference_still_has_a_scale(make_inspection) -> None:
    inspection = make_inspection(flagged=())
    heatmap = map_detail(inspection, 0, 0).difference.data[0]
    assert heatmap.zmin < 0 < heatmap.zmax
    assert not np.asarray(heatmap.z).any()


def test_colour_scales_rise_from_0_to_1(make_inspection) -> None:
    for figure in vars(map_detail(make_inspection(), 0, 0)).values():
        places = [place for place, _ in figure.data[0].colorscale]
        assert places == sorted(places)
        assert (places[0], places[-1]) == (0, 1)
