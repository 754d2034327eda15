"""The bars of both predictions."""

from __future__ import annotations

import numpy as np
import torch

from atpatch_core.figures.probabilities import probability_bars, shown_classes
from atpatch_core.inspection.results import Prediction


def _pair() -> tuple[Prediction, Prediction]:
    labels = ("Sneaker", "<i>Bag</i>", "Coat")
    return Prediction(torch.tensor([0.9, 0.06, 0.04]), labels), Prediction(torch.tensor([0.1, 0.1, 0.8]), labels)


def test_both_predictions_show_the_same_classes_in_the_same_order_with_numbers() -> None:
    before, after = probability_bars(*_pair(), patched=False).data
    assert list(before.y) == list(after.y) == [0, 1, 2]
    assert [text.replace("\u00a0", " ") for text in before.text] == ["90.0 %", "4.0 %", "6.0 %"]
    assert [text.replace("\u00a0", " ") for text in after.text] == ["10.0 %", "80.0 %", "10.0 %"]


def test_the_answer_that_counts_now_is_named_and_stronger() -> None:
    off = probability_bars(*_pair(), patched=False).data
    on = probability_bars(*_pair(), patched=True).data
    assert [bar.name for bar in off] == ["Without AtPatch (answers now)", "With AtPatch"]
    assert [bar.name for bar in on] == ["Without AtPatch", "With AtPatch (answers now)"]
    assert off[0].marker.opacity > off[1].marker.opacity
    assert on[0].marker.opacity < on[1].marker.opacity


def test_what_is_next_to_nothing_has_no_number_beside_its_bar_but_one_on_hover() -> None:
    before = Prediction(torch.tensor([0.9996, 0.0004]), ("Sneaker", "Bag"))
    bars = probability_bars(before, before, patched=False).data[0]
    assert list(bars.text) == ["100.0\u00a0%", ""]
    assert tuple(bars.customdata[1]) == ("Bag", "0.0\u00a0%")


def test_the_two_differ_by_pattern_and_not_by_colour_alone() -> None:
    before, after = probability_bars(*_pair(), patched=False).data
    assert before.marker.pattern.shape != after.marker.pattern.shape


def test_markup_in_a_label_is_text() -> None:
    figure = probability_bars(*_pair(), patched=False)
    assert figure.layout.yaxis.ticktext[2] == "&lt;i&gt;Bag&lt;/i&gt;"
    assert figure.data[0].customdata[2][0] == "&lt;i&gt;Bag&lt;/i&gt;"


def test_of_many_classes_the_most_probable_in_either_prediction_are_shown() -> None:
    labels = tuple(f"class {number}" for number in range(1000))
    before, after = np.full(1000, 1e-4), np.full(1000, 1e-4)
    before[700], after[3] = 0.9, 0.8
    classes = shown_classes(Prediction(torch.tensor(before), labels), Prediction(torch.tensor(after), labels))
    assert classes[:2] == (700, 3)
    assert len(classes) == 10
