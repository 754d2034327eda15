"""The figures of the Detector page show what they are given, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from atpatch_core.detector.learning_curve import Epoch
from atpatch_core.figures.column_embedding import column_embedding
from atpatch_core.figures.learning_curves import auroc_curves, loss_curves
from atpatch_core.figures.precision_recall import precision_recall
from atpatch_core.figures.score_pairs import score_pairs
from atpatch_core.versions.embedding import ColumnEmbedding

EPOCHS = [
    Epoch("layer 0, without part 1 of 3", 1, 2, 3.0, 0.4),
    Epoch("layer 0, without part 1 of 3", 2, 2, 2.0, 0.9),
    Epoch("layer 0", 1, 2, 3.5, None),
    Epoch("layer 1", 1, 2, 2.5, None),
]


def test_every_network_has_its_own_line() -> None:
    lines = {one.name: list(one.y) for one in loss_curves(EPOCHS).data}
    assert lines == {"layer 0, without part 1 of 3": [3.0, 2.0], "layer 0": [3.5], "layer 1": [2.5]}
    first, second, third = loss_curves(EPOCHS).data
    assert first.line.color == second.line.color != third.line.color
    assert first.line.dash != second.line.dash
    (measured,) = auroc_curves(EPOCHS).data
    assert (list(measured.x), list(measured.y)) == ([1, 2], [0.4, 0.9])
    assert auroc_curves(EPOCHS).layout.yaxis.range[0] < 0.4
    assert not loss_curves([]).data


def test_precision_and_recall_are_in_per_cent() -> None:
    figure = precision_recall(np.array([1.0, 0.5]), np.array([0.25, 1.0]), 0.3)
    (line,) = figure.data
    assert (list(line.x), list(line.y)) == ([25, 100], [100, 50])
    assert figure.layout.shapes[0].y0 == pytest.approx(30)


def test_kinds_of_columns_differ_in_shape_and_colour() -> None:
    embedding = ColumnEmbedding(
        points=np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]),
        over_attended=np.array([False, True, False]),
        scores=np.array([0.1, 0.9, 0.2]),
        inputs=np.array([0, 1, 2]),
        heads=np.array([0, 1, -1]),
        keys=np.array([3, 49, 5]),
        kept=0.8,
    )
    benign, bad = column_embedding(embedding).data
    assert (benign.name, bad.name) == ("benign (2)", "over-attended (1)")
    assert (list(bad.x), list(bad.y)) == ([2.0], [3.0])
    assert benign.marker.symbol != bad.marker.symbol
    assert "head 1, column 49: score 0.900" in bad.customdata[0]
    assert "all heads" in benign.customdata[1]


def test_scores_of_two_versions_keep_markup_out() -> None:
    scores = np.array([[0.0, 0.5, 1.0], [0.9, 0.5, 0.1]])
    figure = score_pairs(scores, np.array([False, True, True]), ["a", "<b>", "c"], ("<i>x</i>", "y"), (0.5, 0.9))
    clean, bad = figure.data
    assert len(clean.x) == 1
    assert bad.x[0] == pytest.approx(0)
    assert np.isfinite([*clean.x, *bad.x, *clean.y, *bad.y]).all()
    assert bad.customdata[0][0] == "&lt;b&gt;"
    assert "<i>" not in figure.layout.xaxis.title.text
    assert figure.layout.shapes[0].x0 == pytest.approx(0)
    assert figure.layout.shapes[1].y0 == pytest.approx(np.log(9))
