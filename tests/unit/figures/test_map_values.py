"""The numbers of a map: nothing lost on the way to a browser, and small enough to get there."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from atpatch_core.column import Column
from atpatch_core.figures.map_bytes import pack_maps, unpack_maps
from atpatch_core.figures.map_values import map_values
from tests.support.inspections import MakeInspection


def _map(size: int) -> np.ndarray:
    logits = torch.randn(size, size, generator=torch.Generator().manual_seed(0)) * 2
    return np.asarray(logits.softmax(-1))


def _repaired(attention: np.ndarray) -> np.ndarray:
    after = attention.copy()
    after[:, 0] = 0.0
    return after / after.sum(-1, keepdims=True)


@pytest.mark.parametrize("size", [2, 3, 100])
def test_packed_maps_come_back_to_four_digits(size: int) -> None:
    before = _map(size)
    after = _repaired(before)
    strongest = float(max(before.max(), after.max()))
    packed = pack_maps(before, after, strongest)
    for original, unpacked in zip((before, after), unpack_maps(packed, (size, size), strongest), strict=True):
        assert np.allclose(unpacked, original, atol=2e-5)


def test_two_maps_of_512_words_stay_well_below_two_megabytes() -> None:
    before = _map(512)
    after = _repaired(before)
    assert sum(map(len, pack_maps(before, after, 1.0))) < 1_300_000
    assert len(pack_maps(before, before, 1.0)[1]) < 2_000


def test_values_names_and_marks_leave_out_the_same_columns(make_inspection: MakeInspection) -> None:
    names = ("[CLS]", "the", "film", "the", "[SEP]")
    inspection = make_inspection(names=names, flagged=(Column(0, 0, 2),), by_hand=(Column(0, 0, 4),))
    values = map_values(inspection, 0, 0)
    assert values.names == ("[CLS]", "the (1)", "film", "the (3)", "[SEP]")
    assert values.marked == {2: "flagged", 4: "chosen by hand"}
    assert values.ticks == ([0, 1, 2, 3, 4], list(names))
    hidden = map_values(inspection, 0, 0, hide_special=True)
    assert hidden.names == ("the (1)", "film", "the (3)")
    assert hidden.marked == {1: "flagged"}
    assert np.array_equal(hidden.before, values.before[1:4, 1:4])


def test_axes_name_at_most_32_of_many_columns(make_inspection: MakeInspection) -> None:
    names = tuple(f"a-rather-long-word-{number}" for number in range(200))
    places, texts = map_values(make_inspection(names=names, flagged=()), 0, 0).ticks
    assert len(places) == len(texts) <= 32
    assert max(map(len, json.loads(json.dumps(texts)))) <= 12
