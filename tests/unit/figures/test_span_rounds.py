"""The rows that tell how a span was grown."""

from __future__ import annotations

from dataclasses import replace

from atpatch_core.column import Column
from atpatch_core.detector.following import Following
from atpatch_core.detector.growth import Round
from atpatch_core.figures.span_rounds import span_caption, span_rows
from atpatch_core.wording.phrases import percent

_NAMES = ("[CLS]", "a", "b", "c", "d", "e", "f")


def test_each_round_says_what_joined_and_how_probable_the_answer_was_then(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 0, 1),), names=_NAMES, watched=(0,))
    following = Following(
        9,
        66,
        True,
        0.1,
        entry=(1,),
        entry_probability=0.98,
        rounds=(
            Round(((), (2,), (3,)), (0.97, 0.5, 0.96), 1),
            Round(((3,), (2, 3, 4, 5, 6)), (0.49, 0.01), 1),
            Round(((6,), (4,)), (0.01, 0.009), None),
        ),
    )
    rows = span_rows(replace(inspection, following=following))
    assert [(row.step, row.joined, row.probability, row.trials) for row in rows] == [
        ("Flagged", "a", percent(0.98), 0),
        ("Round 1", "b", percent(0.5), 3),
        ("Round 2", "b; c; d; e; 1 more", percent(0.01), 2),
        ("Round 3", "nothing lowers it by enough; most of all d", percent(0.009), 2),
    ]
    assert inspection.original.prediction.label in span_caption(inspection)


def test_the_entry_in_all_heads_is_told_from_further_columns(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 0, 1),), names=_NAMES, watched=(0,))
    following = Following(
        4, 66, True, 0.1, entry=(1,), entry_probability=0.9, rounds=(Round(((), (2,)), (0.1, 0.8), 0),)
    )
    assert span_rows(replace(inspection, following=following))[1].joined == "the same columns, in all heads"


def test_where_no_span_was_grown_or_nothing_tried_there_is_nothing_to_tell(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 0, 1),), names=_NAMES, watched=(0,))
    at_once = Following(1, 66, True, 0.1, entry=(1,), entry_probability=0.02)
    assert span_rows(replace(inspection, following=at_once)) == ()
    assert span_rows(inspection) == ()
    assert span_rows(replace(inspection, following=Following(3, 100, True, 0.2))) == ()
