"""Putting the parts of a word together keeps maps, flags and names in step."""

from __future__ import annotations

from dataclasses import replace

import torch

from atpatch_core.column import Column
from atpatch_core.inspection.results import Inspection
from atpatch_core.inspection.words import group_words, has_parts
from tests.support.inspections import MakeInspection

NAMES = ("[CLS]", "won\u2026", "\u2026der\u2026", "\u2026ful", "film", "[SEP]")
WORDS = (None, 0, 0, 0, 1, None)
SPANS = (None, (0, 3), (3, 6), (6, 9), (10, 14), None)


def _text(make_inspection: MakeInspection) -> Inspection:
    inspection = make_inspection(names=NAMES, flagged=(Column(0, 0, 2),), layers=2, heads=2, watched=(0,))
    return replace(inspection, layout=replace(inspection.layout, words=WORDS, spans=SPANS))


def test_attention_to_a_word_is_summed_and_from_it_averaged(make_inspection: MakeInspection) -> None:
    inspection = _text(make_inspection)
    before = inspection.original.trace.maps[1][1]
    after = group_words(inspection).original.trace.maps[1][1]
    assert after.shape == (4, 4)
    assert torch.allclose(after.sum(-1), torch.ones(4))
    assert torch.allclose(after[0, 1], before[0, 1:4].sum())
    assert torch.allclose(after[1, 2], before[1:4, 4].mean())
    assert torch.allclose(after[3, 3], before[5, 5])


def test_names_flags_and_scores_follow(make_inspection: MakeInspection) -> None:
    grouped = group_words(_text(make_inspection))
    assert grouped.layout.key_names == ("[CLS]", "wonderful", "film", "[SEP]")
    assert grouped.layout.special == (True, False, False, True)
    assert grouped.layout.spans == (None, (0, 9), (10, 14), None)
    assert grouped.flags.columns == (Column(0, 0, 1),)
    assert grouped.flags.scores[0] is not None
    assert float(grouped.flags.scores[0][0, 1]) == float(torch.tensor(0.95))
    assert grouped.flags.scores[1] is None


def test_what_was_followed_from_a_flag_stays_followed(make_inspection: MakeInspection) -> None:
    inspection = _text(make_inspection)
    marks = (inspection.flags.flagged[0].clone(), inspection.flags.flagged[1])
    marks[0][1, 4] = True
    followed = replace(inspection.flags, flagged=marks, followed=frozenset({Column(0, 1, 4)}))
    grouped = group_words(replace(inspection, flags=followed))
    assert grouped.flags.columns == (Column(0, 0, 1), Column(0, 1, 2))
    assert grouped.flags.followed == {Column(0, 1, 2)}


def test_a_text_without_parts_stays_the_same_object(make_inspection: MakeInspection) -> None:
    inspection = make_inspection(names=("[CLS]", "fine", "film"), flagged=())
    assert not has_parts(inspection.layout)
    assert group_words(inspection) is inspection
    numbered = replace(inspection, layout=replace(inspection.layout, words=(None, 0, 1)))
    assert group_words(numbered) is numbered


def test_two_words_side_by_side_stay_apart(make_inspection: MakeInspection) -> None:
    inspection = make_inspection(names=("a", "b", "c"), flagged=(), layers=1, watched=())
    inspection = replace(inspection, layout=replace(inspection.layout, words=(0, 1, 1)))
    assert group_words(inspection).layout.key_names == ("a", "bc")
