"""Why columns are redistributed, and many of them put together."""

from __future__ import annotations

from dataclasses import replace

from atpatch_core.column import Column
from atpatch_core.figures.redistributed import (
    RedistributedPart,
    redistributed_parts,
    why_redistributed,
)
from atpatch_core.figures.scores import score_bars


def test_a_column_is_flagged_follows_a_flagged_one_or_was_chosen(make_inspection) -> None:
    followed, chosen, unwatched = Column(0, 1, 3), Column(0, 1, 4), Column(2, 0, 4)
    inspection = make_inspection(
        flagged=(Column(0, 0, 49),), by_hand=(followed, chosen, unwatched), watched=(0,), threshold=0.9
    )
    flags = replace(inspection.flags, followed=frozenset({followed}))
    assert why_redistributed(flags, Column(0, 0, 49)) == "flagged"
    assert why_redistributed(flags, followed) == "follows a flagged one"
    assert why_redistributed(flags, chosen) == "chosen by hand"
    assert why_redistributed(flags, unwatched) == "chosen by hand"
    assert flags.score(unwatched) is None
    figure = score_bars(replace(inspection, flags=flags), 0, 1, calibrated=0.9)
    assert figure is not None
    assert "0.100 \u25c0 follows a flagged one" in figure.data[0].text


def test_columns_of_the_same_part_are_put_together_in_the_order_of_the_input(make_inspection) -> None:
    inspection = make_inspection(
        flagged=(Column(0, 0, 2), Column(0, 1, 2)), by_hand=(Column(0, 2, 1), Column(3, 2, 2)), watched=(0,)
    )
    first, second = redistributed_parts(inspection)
    assert first == RedistributedPart(
        "row 0, column 0", places=((0, (2,)),), highest=inspection.flags.score(Column(0, 2, 1))
    )
    assert (first.heads, first.layers) == (1, 1)
    assert (second.name, second.heads, second.layers) == ("row 0, column 1", 3, 2)
    assert second.places == ((0, (0, 1)), (3, (2,)))
    assert second.highest == inspection.flags.score(Column(0, 0, 2))


def test_without_a_detector_nothing_has_a_score(make_inspection) -> None:
    inspection = make_inspection(flagged=(), by_hand=(Column(0, 0, 1),), watched=())
    assert [part.highest for part in redistributed_parts(inspection)] == [None]
