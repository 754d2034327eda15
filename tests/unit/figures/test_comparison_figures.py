"""The detection curves."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.figures.detection_curves import curve, roc, threshold_curves


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
