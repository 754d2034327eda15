"""What is suggested to an annotator, from inspections whose scores are known."""

from __future__ import annotations

import pytest
import torch

from atpatch_core import AttentionTrace, Column, Flags, Inspection, Layout, Pass, Prediction
from atpatch_core.labels.suggestion import NO_DETECTOR, suggest, trace_fingerprint

LAYOUT = Layout(("[CLS]", "a", "b", "c"), (True, False, False, False))


def _inspection(scores: torch.Tensor | None, threshold: float = 0.5) -> Inspection:
    maps = torch.full((2, 4, 4), 0.1)
    maps[1, :, 2] = 0.7
    maps[:, :, 0] = 0.9
    one = Pass(Prediction(torch.tensor([0.5, 0.5]), ("x", "y")), AttentionTrace((maps, maps.flip(0))))
    flags = Flags((scores, None), (torch.zeros(2, 4, dtype=torch.bool),) * 2, threshold)
    return Inspection(one, one, flags, LAYOUT)


def test_the_highest_scores_come_first() -> None:
    scores = torch.tensor([[0.0, 0.1, 0.2, 0.3], [0.0, 0.9, 0.5, 0.4]])
    found = suggest(_inspection(scores), "v1", most=3)
    assert [(one.column, one.score) for one in found.columns] == [
        (Column(0, 1, 1), pytest.approx(0.9)),
        (Column(0, 1, 2), 0.5),
        (Column(0, 1, 3), pytest.approx(0.4)),
    ]
    assert (found.detector, found.threshold) == ("v1", 0.5)
    assert found.uncertainty == pytest.approx(1 / 9)


def test_what_the_model_added_itself_comes_only_above_the_threshold() -> None:
    below, above = torch.zeros(2, 4), torch.zeros(2, 4)
    below[0, 0], above[0, 0] = 0.4, 0.6
    assert Column(0, 0, 0) not in [one.column for one in suggest(_inspection(below), "v1").columns]
    assert suggest(_inspection(above), "v1").columns[0].column == Column(0, 0, 0)


def test_what_the_model_added_itself_leaves_room_for_others_however_many_heads_it_has() -> None:
    whole = _inspection(None)
    maps = torch.full((24, 4, 4), 0.01)
    maps[:, :, 0] = 0.9
    maps[3, :, 1] = 0.2
    one = Pass(whole.original.prediction, AttentionTrace((maps,)))
    inspection = Inspection(one, one, Flags((None,), (torch.zeros(24, 4, dtype=torch.bool),), 0.5), LAYOUT)
    columns = [found.column for found in suggest(inspection, None, most=5).columns]
    assert columns[0] == Column(0, 3, 1)
    assert len(columns) == 5
    assert all(column.key > 0 for column in columns)


def test_without_scores_the_columns_that_draw_most_are_suggested() -> None:
    for found in (suggest(_inspection(None), None, most=2), suggest(_inspection(None), "v1", most=2)):
        assert [(one.column, one.score) for one in found.columns] == [(Column(0, 1, 2), None), (Column(1, 0, 2), None)]
        assert found.uncertainty == pytest.approx(0.7)  # what the first query gives to column 2
    assert suggest(_inspection(None), None).detector == NO_DETECTOR


def test_a_trace_is_recognised_by_its_maps() -> None:
    maps = torch.rand(2, 3, 3).round(decimals=2)
    trace = trace_fingerprint(AttentionTrace((maps,)))
    assert trace == trace_fingerprint(AttentionTrace((maps + 1e-4,)))
    assert trace != trace_fingerprint(AttentionTrace((maps, maps)))
    assert trace != trace_fingerprint(AttentionTrace((maps.flip(0),)))
    assert trace != trace_fingerprint(AttentionTrace((maps.reshape(3, 2, 3),)))
