"""The trade-off chart and the detection curves."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.figures.detection_curves import curve, roc, threshold_curves
from atpatch_core.figures.tradeoff import Place, tradeoff


def test_a_mark_stands_where_its_defence_does_and_grows_with_its_cost() -> None:
    figure = tradeoff(
        [
            Place("no-fix", "none", 0.9, 0.0, 1.0),
            Place("atpatch", "atpatch", 0.001, 0.0, 1.2),
            Place("oracle", "bound", 0.0, 0.0, None),
            Place("strip", "peer", 0.2, 0.1, 16.0),
        ]
    )
    traces = {trace.name: trace for trace in figure.data}
    assert (traces["other methods"].x, traces["other methods"].y) == ((10.0,), (20.0,))
    assert traces["other methods"].marker.size[0] > traces["AtPatch"].marker.size[0]
    assert figure.data[-1].name == "AtPatch"
    assert len({trace.marker.symbol for trace in figure.data}) == 4
    # Too close to be told apart: one label for both.
    assert "atpatch, oracle" in traces["AtPatch"].text[0]
    assert traces["bound (knows the trigger)"].text[0] == ""
    assert "needs the truth" in traces["bound (knows the trigger)"].customdata[0]


def test_names_are_never_html() -> None:
    figure = tradeoff([Place("<b>x</b>", "peer", 0.1, 0.0, 1.0)])
    assert "<b>" not in figure.to_json().replace("\\u003c", "<")


def test_rates_at_every_threshold() -> None:
    one = curve(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.3, 0.9]))
    assert one.thresholds.tolist() == [0.9, 0.4, 0.3, 0.2, 0.1]
    assert one.true_positives.tolist() == [0.5, 0.5, 1.0, 1.0, 1.0]
    assert one.false_positives.tolist() == [0, 0.25, 0.5, 0.75, 1.0]
    rng = np.random.default_rng(0)
    many = curve(rng.random(3_000), rng.random(3_000) + 0.5)
    assert len(many.thresholds) == 400
    assert (np.diff(many.false_positives) >= 0).all()


def test_curves_are_drawn_in_per_cent_from_corner_to_corner() -> None:
    one = curve(np.array([0.0, 1.0]), np.array([2.0, 3.0]))
    (line,) = roc({"a<b": one}).data
    assert (line.x[0], line.y[0], line.x[-1], line.y[-1]) == (0, 0, 100, 100)
    assert line.name == "a&lt;b"
    figure = threshold_curves(one, 0.5)
    assert [trace.name[-4:-1] for trace in figure.data] == ["TPR", "FPR"]
    assert figure.layout.shapes[0].x0 == pytest.approx(0.5)
    assert not threshold_curves(one, None).layout.shapes
