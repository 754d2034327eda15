"""Two inspections side by side: the difference is this minus the reference, and what can't be matched is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from atpatch_core import AttentionTrace, Column, Flags, Inspection, Layout, Pass, Prediction
from atpatch_core.figures.comparison import comparable, compared_maps, comparison_sentence, largest_shifts, maps_apart


def _inspection(probability: float, moved: float = 0.0, names: tuple[str, ...] = ("a", "b", "c")) -> Inspection:
    one = torch.full((2, 3, 3), 1 / 3)
    one[1, :, 2] += moved
    one[1, :, 0] -= moved
    flagged = torch.zeros(2, 3, dtype=torch.bool)
    flagged[1, 2] = moved > 0
    maps = AttentionTrace((one,))
    before = Pass(Prediction(torch.tensor([probability, 1 - probability]), ("yes", "no")), maps)
    after = replace(before, prediction=Prediction(torch.tensor([0.2, 0.8]), ("yes", "no")))
    return Inspection(before, after, Flags((None,), (flagged,), 0.5), Layout(names, (False,) * 3))


def test_the_sentence_names_both_answers_and_counts() -> None:
    calm, odd = _inspection(0.1), _inspection(0.9, 0.2)
    text = comparison_sentence(calm, odd, False)
    assert "The reference answers no 90.0\u00a0%, this one yes 90.0\u00a0% without AtPatch." in text
    assert "0 columns in the reference, 1 column here" in text
    assert comparison_sentence(calm, odd, True).startswith("Both answer no with AtPatch")


def test_the_largest_shift_comes_first() -> None:
    shifts = largest_shifts(_inspection(0.5), _inspection(0.5, 0.2), most=2)
    assert {shift.column for shift in shifts} == {Column(0, 1, 0), Column(0, 1, 2)}
    gained = next(shift for shift in shifts if shift.column.key == 2)
    assert gained.change == "33.3\u00a0% \u2192 53.3\u00a0%"


def test_the_difference_is_this_minus_the_reference() -> None:
    detail = compared_maps(_inspection(0.5), _inspection(0.5, 0.2), 0, 1, False)
    assert np.allclose(detail.difference.data[0].z[:, 2], 0.2)
    assert detail.original.data[0].zmax == detail.redistributed.data[0].zmax
    assert detail.original.layout.title.text == "Reference"


def test_other_columns_or_other_shapes_are_not_comparable() -> None:
    one = _inspection(0.5)
    assert comparable(one, _inspection(0.9, 0.2))
    assert not comparable(one, _inspection(0.5, names=("a", "b", "d")))
    larger = Pass(one.original.prediction, AttentionTrace((torch.rand(4, 3, 3),)))
    assert not comparable(one, replace(one, original=larger))


def test_maps_that_can_not_be_compared_one_by_one_still_share_their_colours() -> None:
    first, second = maps_apart((_inspection(0.5), _inspection(0.5, 0.2)), 0, 1, False, ("Reference", "This view"))
    assert (first.layout.title.text, second.layout.title.text) == ("Reference", "This view")
    assert first.data[0].zmax == second.data[0].zmax > 0.5
