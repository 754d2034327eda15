"""A patch trigger in the address of the Evaluate page: read back, or left out if it makes no sense."""

from __future__ import annotations

import pytest

from atpatch_core.triggers.patch import PatchTrigger
from pages.evaluate.own_trigger import parse_trigger


def test_a_patch_at_a_place_and_one_anywhere_are_read() -> None:
    assert parse_trigger("cross:5:3,17:8", classes=10, side=28) == PatchTrigger(8, 5, "cross", 3, 17)
    assert parse_trigger("noise:6:any:0", classes=10, side=28) == PatchTrigger(0, 6, "noise")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cross",
        "magic:5:3,17:8",
        "cross:x:3,17:8",
        "cross:5:3:8",
        "cross:5:24,0:8",  # beyond the edge
        "cross:5:-1,0:8",
        "cross:99:any:8",
        "cross:5:any:10",  # no such class
        "cross:5:any:-1",
    ],
)
def test_nonsense_is_left_out(text: str) -> None:
    assert parse_trigger(text, classes=10, side=28) is None
