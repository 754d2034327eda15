"""The causal check in words: each column alone, and all of them together."""

from __future__ import annotations

import torch

from atpatch_core import CausalEffect, Column, Inspection
from atpatch_core.figures.causal_table import causal_table
from atpatch_core.inspection.results import AttentionTrace, Flags, Pass, Prediction
from atpatch_core.layout import Layout

_LABELS = ("bad", "good")


def _inspection(columns: int, after: tuple[float, float]) -> Inspection:
    maps = (torch.full((1, 3, 3), 1 / 3),)
    flagged = torch.zeros(1, 3, dtype=torch.bool)
    flagged[0, :columns] = True
    return Inspection(
        Pass(Prediction(torch.tensor([0.9, 0.1]), _LABELS), AttentionTrace(maps)),
        Pass(Prediction(torch.tensor(after), _LABELS), AttentionTrace(maps)),
        Flags((flagged * 0.75,), (flagged,), 0.5),
        Layout(("a", "b", "c"), (False, False, False), words=(0, 1, 2), spans=(None, None, None), unit="word"),
    )


def _effect(key: int, after: str) -> CausalEffect:
    return CausalEffect(Column(0, 0, key), "bad", 0.9, after, 0.8)


def test_columns_that_only_act_together_are_said_to_back_each_other_up() -> None:
    table = causal_table(_inspection(2, (0.1, 0.9)), [_effect(0, "bad"), _effect(1, "bad")])
    assert [row.changes for row in table.alone] == [False, False]
    assert (table.together.column, table.together.changes) == ("all 2 together", True)
    assert table.notes == ("No single one of these changes the answer, but all together do: they back each other up.",)


def test_where_one_column_decides_there_is_nothing_to_add() -> None:
    table = causal_table(_inspection(2, (0.1, 0.9)), [_effect(0, "good"), _effect(1, "bad")])
    assert [row.changes for row in table.alone] == [True, False]
    assert table.notes == ()


def test_columns_that_were_not_checked_are_counted() -> None:
    table = causal_table(_inspection(3, (0.8, 0.2)), [_effect(0, "bad")])
    assert not table.together.changes
    assert table.notes == ("Of 3 columns, the 1 with the highest scores are checked one by one.",)
