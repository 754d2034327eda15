"""A text in pieces: every character is there, flagged pieces say where, and attention is what the map says."""

from __future__ import annotations

from dataclasses import replace

import torch

from atpatch_core.column import Column
from atpatch_core.figures.text import attends_sentence, direction, text_pieces
from atpatch_core.inspection.results import Inspection
from tests.support.inspections import MakeInspection

TEXT = "Won\u202eder,\nfilm"
NAMES = ("[CLS]", "Won\u2026", "\u2026der", ",", "film", "[SEP]")
SPANS = (None, (0, 3), (4, 7), (7, 8), (9, 13), None)


def _text(make_inspection: MakeInspection) -> Inspection:
    flagged = (Column(1, 0, 4), Column(1, 1, 4))
    inspection = make_inspection(names=NAMES, flagged=flagged, layers=2, heads=2, watched=(0, 1))
    return replace(inspection, layout=replace(inspection.layout, words=(None, 0, 0, 1, 2, None), spans=SPANS))


def test_pieces_and_gaps_are_the_text_with_hidden_characters_spelled_out(make_inspection: MakeInspection) -> None:
    pieces = text_pieces(TEXT, _text(make_inspection), 0, 0, patched=False)
    assert [piece.text for piece in pieces] == ["[CLS]", "Won", "der", ",", "film", "[SEP]"]
    assert [piece.before for piece in pieces] == [" ", " ", "\u2039U+202E\u203a", "", "\n", " "]
    assert [piece.special for piece in pieces] == [True, False, False, False, False, True]
    assert [piece.word for piece in pieces] == [None, 0, 0, 1, 2, None]


def test_flagged_pieces_say_in_which_heads(make_inspection: MakeInspection) -> None:
    pieces = text_pieces(TEXT, _text(make_inspection), 0, 0, patched=False)
    assert pieces[4].heads == ((1, 0), (1, 1))
    assert pieces[4].label == "L1\u00b7H0 +1"
    assert all(piece.label == "" for piece in pieces if piece.key != 4)


def test_a_label_names_the_place_where_the_column_scores_highest(make_inspection: MakeInspection) -> None:
    inspection = _text(make_inspection)
    scores = inspection.flags.scores[1]
    assert scores is not None
    scores[1, 4] = 0.99
    assert text_pieces(TEXT, inspection, 0, 0, patched=False)[4].label == "L1\u00b7H1 +1"


def test_what_a_piece_attends_to_is_read_from_the_map_in_use(make_inspection: MakeInspection) -> None:
    inspection = _text(make_inspection)
    for patched, one in ((False, inspection.original), (True, inspection.patched)):
        row = one.trace.maps[1][0][2]
        piece = text_pieces(TEXT, inspection, 1, 0, patched)[2]
        assert [key for key, _ in piece.attends] == row.topk(3).indices.tolist()
        assert torch.allclose(torch.tensor([share for _, share in piece.attends]), row.topk(3).values)
    piece = text_pieces(TEXT, inspection, 1, 0, patched=False)[2]
    assert attends_sentence(piece, NAMES).startswith("From \u201c\u2026der\u201d to \u201cfilm\u201d 60.0\u00a0%, ")


def test_the_direction_is_that_of_most_letters() -> None:
    assert direction("a film") == "ltr"
    assert direction("\u0645\u0631\u062d\u0628\u0627 film") == "rtl"
    assert direction("1 2 3") == "ltr"
