"""The trade-off chart: marks where their defences stand, and names that can be read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atpatch_core.figures.label_places import Mark, label_places, text_size
from atpatch_core.figures.tradeoff import Place, tradeoff

# A biased model for records, with all that could be done about it: many defences in few places.
_CROWDED = (
    ("no fix", "none", 0.243, 0.0),
    ("atpatch", "atpatch", 0.0, -0.023),
    ("sex imputed by Male", "peer", 0.0, -0.005),
    ("race imputed by White", "peer", 0.243, 0.001),
    ("all protected imputed", "peer", 0.0, -0.004),
    ("fine-tuned on flips", "peer", 0.019, -0.009),
    ("flagged to mean", "variant", 0.199, -0.012),
    ("flagged to uniform", "variant", 0.093, -0.024),
    ("flagged to low-quantile", "variant", 0.048, -0.023),
    ("not rescaled", "variant", 0.049, -0.014),
    ("z-score", "columns", 0.244, 0.001),
    ("always on", "peer", 0.0, -0.023),
    ("random columns", "columns", 0.497, 0.105),
    ("oracle", "bound", 0.0, -0.023),
)


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
    assert sorted(one.text for one in figure.layout.annotations) == ["atpatch<br>oracle", "no-fix", "strip"]
    assert "needs the truth" in traces["bound (knows the trigger)"].customdata[0]


def test_names_are_never_html() -> None:
    figure = tradeoff([Place("<b>x</b>", "peer", 0.1, 0.0, 1.0)])
    assert "<b>" not in figure.to_json().replace("\\u003c", "<")
    assert figure.layout.annotations[0].text == "&lt;b&gt;x&lt;/b&gt;"


def test_the_axes_hold_every_mark_and_zero() -> None:
    figure = tradeoff([Place(name, family, left, lost, None) for name, family, left, lost in _CROWDED])
    for axis, values in ((figure.layout.xaxis, [0.0, -2.4, 10.5]), (figure.layout.yaxis, [0.0, 49.7])):
        assert axis.range[0] < min(values)
        assert max(values) < axis.range[1]
    assert tradeoff([]).layout.xaxis.range[0] < 0


_Box = tuple[float, float, float, float]


def _overlap(one: _Box, other: _Box) -> bool:
    """Whether two boxes (middle and size) overlap by more than a pixel, which letters do not fill."""
    across, down = abs(one[0] - other[0]), abs(one[1] - other[1])
    return across < (one[2] + other[2]) / 2 - 1 and down < (one[3] + other[3]) / 2 - 1


@pytest.mark.parametrize("size", [(270, 265), (460, 320)])
def test_names_in_a_crowd_lie_neither_on_marks_nor_on_each_other(size: tuple[float, float]) -> None:
    marks = [Mark(name, 6.7 * (lost + 0.034), 1.73 * (0.537 - left), 6.0) for name, _, left, lost in _CROWDED]
    labels = label_places(tuple(marks), ((270, 265), (460, 320)))
    assert sorted(name for one in labels for name in one.names) == sorted(one.name for one in marks)
    boxes = [
        (one.mark.x * size[0] + one.right, one.mark.y * size[1] + one.down, *text_size(one.names)) for one in labels
    ]
    assert not [pair for pair in itertools.combinations(boxes, 2) if _overlap(*pair)]
    solid = [(one.x * size[0], one.y * size[1], 12.0, 12.0) for one in marks]
    assert not [(box, mark) for box in boxes for mark in solid if _overlap(box, mark)]
    # Hardly anything is outside.
    assert all(-3 <= x - w / 2 <= x + w / 2 <= size[0] + 3 for x, _, w, _ in boxes)
    assert all(-3 <= y - h / 2 <= y + h / 2 <= size[1] + 3 for _, y, _, h in boxes)


_MARKS = st.lists(
    st.builds(Mark, st.text(min_size=1, max_size=12), st.floats(0, 1), st.floats(0, 1), st.floats(6, 22)), max_size=12
)


@settings(max_examples=50, deadline=None)
@given(_MARKS)
def test_every_mark_is_named_once_and_never_on_itself(marks: list[Mark]) -> None:
    labels = label_places(tuple(marks), ((270, 265),))
    assert sorted(name for one in labels for name in one.names) == sorted(one.name for one in marks)
    for one in labels:
        width, height = text_size(one.names)
        assert not _overlap((one.right, one.down, width, height), (0, 0, one.mark.radius, one.mark.radius))
