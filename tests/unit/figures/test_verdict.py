"""The sentence above everything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atpatch_core.figures.verdict import split_columns, verdict
from atpatch_core.inspection import Column


def _said(inspection, has_detector: bool = True) -> str:
    return verdict(inspection, has_detector).replace("\u00a0", " ")


def test_two_heads_of_one_layer(make_inspection) -> None:
    assert _said(make_inspection()) == (
        "The patch at row 6, column 6 (bottom right) draws far too much attention: "
        "2 map columns flagged in layer 0 \u00b7 heads 0 and 1. "
        "With AtPatch the prediction goes from T-shirt/top 99.9 % to Sneaker 96.1 %."
    )


def test_one_column(make_inspection) -> None:
    assert _said(make_inspection(flagged=(Column(2, 3, 1),))).startswith(
        "The patch at row 0, column 0 (top left) draws far too much attention: "
        "1 map column flagged in layer 2 \u00b7 head 3. With"
    )


def test_several_layers_and_patches_and_a_special_column(make_inspection) -> None:
    flagged = (Column(0, 0, 49), Column(0, 1, 0), Column(2, 1, 8))
    assert _said(make_inspection(flagged=flagged)).startswith(
        "The patches at row 1, column 0 and at row 6, column 6 and [CLS] draw far too much attention: "
        "3 map columns flagged in layer 0 \u00b7 heads 0 and 1 and layer 2 \u00b7 head 1. With"
    )


def test_many_columns_are_counted_not_listed(make_inspection) -> None:
    flagged = tuple(Column(layer, head, key) for layer in range(4) for head in range(4) for key in range(1, 11))
    assert _said(make_inspection(flagged=flagged)).startswith(
        "10 different patches draw far too much attention: 160 map columns flagged in 4 layers. With AtPatch"
    )
    flagged = tuple(Column(1, head, 5) for head in range(12))
    assert "flagged in layer 1 \u00b7 12 heads. With" in _said(make_inspection(flagged=flagged, heads=12))


def test_marks_that_the_model_added_are_not_counted_as_patches_or_words(make_inspection) -> None:
    everything = tuple(Column(0, 0, key) for key in range(50))
    assert _said(make_inspection(flagged=everything)).startswith("49 different patches and [CLS] draw")
    text = make_inspection(flagged=everything[:7])
    names = ("[CLS]", "a", "b", "c", "d", "e", "[SEP]", *("x",) * 43)
    special = tuple(name.startswith("[") for name in names)
    layout = replace(
        text.layout, grid=None, key_names=names, special=special, words=(None, 0, 0, 1, 2, 3, *[None] * 44), unit="word"
    )
    assert _said(replace(text, layout=layout)).startswith("4 different words, [CLS] and [SEP] draw")


def test_of_fields_the_one_that_scores_highest_is_named_first(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 0, 1), Column(0, 0, 2)), names=("[CLS]", "race", "sex", "age"))
    inspection.flags.scores[0][0, 2] = 0.99
    layout = replace(inspection.layout, unit="field")
    assert _said(replace(inspection, layout=layout)).startswith("The fields \u201csex\u201d and \u201crace\u201d draw")


def test_all_heads_of_several_layers_are_not_listed(make_inspection) -> None:
    flagged = tuple(Column(layer, head, 49) for layer in (0, 2) for head in range(4))
    assert "attention: 8 map columns flagged in all heads of layers 0 and 2. With" in _said(
        make_inspection(flagged=flagged)
    )


@pytest.mark.parametrize(("key", "where"), [(1, "top left"), (4, "top"), (25, "middle"), (28, "right"), (46, "bottom")])
def test_where_a_patch_lies_is_also_said_in_everyday_words(make_inspection, key: int, where: str) -> None:
    assert f" ({where}) draws" in _said(make_inspection(flagged=(Column(0, 0, key),)))


def test_nothing_flagged(make_inspection) -> None:
    inspection = make_inspection(flagged=(), before=(0.02, 0.019, 0.961))
    assert (
        _said(inspection)
        == "Nothing flagged: AtPatch leaves this input untouched; the prediction stays Sneaker 96.1 %. "
        "That is no proof that the input is clean."
    )


def test_flagged_but_the_same_answer(make_inspection) -> None:
    inspection = make_inspection(after=(0.98, 0.01, 0.01))
    assert _said(inspection).endswith("With AtPatch the prediction stays T-shirt/top (99.9 % before, 98.0 % after).")


def test_no_detector(make_inspection) -> None:
    inspection = make_inspection(flagged=(), watched=())
    assert _said(inspection, has_detector=False) == (
        "There is no detector for this model, so nothing is flagged: choose columns by hand to see what "
        "redistributing them does. The prediction is T-shirt/top 99.9 %."
    )


def test_columns_chosen_by_hand(make_inspection) -> None:
    alone = make_inspection(flagged=(), by_hand=(Column(0, 0, 49),), watched=())
    assert _said(alone, has_detector=False).startswith(
        "1 map column chosen by hand in layer 0 \u00b7 head 0: the patch at row 6, column 6 (bottom right). With"
    )
    both = make_inspection(flagged=(Column(0, 0, 49),), by_hand=(Column(1, 0, 49), Column(1, 2, 49)))
    assert _said(both).startswith(
        "1 map column flagged in layer 0 \u00b7 head 0, and 2 chosen by hand in layer 1 \u00b7 heads 0 and 2: the patch"
    )
    assert split_columns(both.flags) == ((Column(0, 0, 49),), (Column(1, 0, 49), Column(1, 2, 49)))


def test_words_instead_of_patches(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 0, 2),), names=("[CLS]", "good", "cf"))
    assert _said(inspection).startswith("The column \u201ccf\u201d draws far too much attention: 1 map column flagged")


def test_what_a_flag_leads_to_counts_as_flagged(make_inspection) -> None:
    chosen, led = Column(0, 1, 49), Column(1, 3, 49)
    inspection = make_inspection(flagged=(), by_hand=(Column(0, 0, 49), chosen, led), watched=())
    inspection = replace(inspection, flags=replace(inspection.flags, followed=frozenset({Column(0, 0, 49), led})))
    assert split_columns(inspection.flags) == ((Column(0, 0, 49), led), (chosen,))
    assert "2 map columns flagged in" in _said(inspection)
    assert "1 chosen by hand" in _said(inspection)


def test_neighbouring_words_are_spelt_out_as_a_phrase(make_inspection) -> None:
    inspection = make_inspection(flagged=tuple(Column(0, 0, key) for key in range(2, 7)))
    names = ("[CLS]", "dull", "I", "saw", "it", "twice", ".", *("x",) * 43)
    layout = replace(inspection.layout, grid=None, key_names=names, words=(None, *range(49)), unit="word")
    said = "The words \u201cI saw it twice{}.\u201d draw far too much attention: 5 map columns"
    assert _said(replace(inspection, layout=layout)).startswith(said.format(" "))
    spans = (None, (0, 4), (5, 6), (7, 10), (11, 13), (14, 19), (19, 20), *[(30, 31)] * 43)
    assert _said(replace(inspection, layout=replace(layout, spans=spans))).startswith(said.format(""))
    apart = make_inspection(flagged=(Column(0, 0, 2), Column(0, 0, 4)))
    assert "The words \u201cI\u201d and \u201cit\u201d draw" in _said(replace(apart, layout=layout))
