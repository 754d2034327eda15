"""The sentences above everything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atpatch_core.column import Column
from atpatch_core.inspection.results import Inspection
from atpatch_core.layout import Layout
from atpatch_core.wording.verdict import found_sentence, heads_in_words, split_columns, verdict

CALIBRATED = 0.9  # what `make_inspection` uses, too


def _said(inspection: Inspection, calibrated: float | None = CALIBRATED) -> str:
    return verdict(inspection, calibrated).replace("\u00a0", " ")


def _text(make_inspection, *names: str, flagged: tuple[int, ...] = (), heads: int = 1) -> Inspection:
    """A text with these words, of which some are flagged in `heads` heads of layer 0."""
    columns = tuple(Column(0, head, key) for head in range(heads) for key in flagged)
    special = tuple(name.startswith("[") for name in names)
    inspection = make_inspection(flagged=columns, names=names)
    return replace(inspection, layout=replace(inspection.layout, words=_numbers(special), special=special, unit="word"))


def _numbers(special: tuple[bool, ...]) -> tuple[int | None, ...]:
    return tuple(None if one else number for number, one in enumerate(special))


def test_two_heads_of_one_layer(make_inspection) -> None:
    assert _said(make_inspection()) == (
        "The patch at row 6, column 6 (bottom right) draws far too much attention. "
        "With AtPatch the prediction goes from T-shirt/top 99.9 % to Sneaker 96.1 %."
    )
    assert found_sentence(make_inspection()) == "2 map columns flagged in layer 0 \u00b7 heads 0 and 1."


def test_one_column(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(2, 3, 1),))
    assert _said(inspection).startswith("The patch at row 0, column 0 (top left) draws far too much attention. With")
    assert found_sentence(inspection) == "1 map column flagged in layer 2 \u00b7 head 3."


def test_several_layers_and_patches_and_a_special_column(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 0, 49), Column(0, 1, 0), Column(2, 1, 8)))
    assert _said(inspection).startswith(
        "The patches at row 1, column 0 and at row 6, column 6 and [CLS] draw far too much attention. With"
    )
    assert found_sentence(inspection) == (
        "3 map columns flagged in layer 0 \u00b7 heads 0 and 1 and layer 2 \u00b7 head 1."
    )


def test_of_many_parts_those_that_score_highest_are_named_and_the_others_counted(make_inspection) -> None:
    flagged = tuple(Column(layer, head, key) for layer in range(4) for head in range(4) for key in range(1, 11))
    inspection = make_inspection(flagged=flagged)
    for key in (2, 4, 6, 8, 10):
        inspection.flags.scores[1][2, key] = 0.99
    assert _said(inspection).startswith(
        "The patches at row 0, column 1, at row 0, column 3, at row 0, column 5, at row 1, column 0, at row 1, "
        "column 2 and 5 more draw far too much attention. With AtPatch"
    )
    assert found_sentence(inspection) == "160 map columns flagged in 4 layers."
    flagged = tuple(Column(1, head, 5) for head in range(12))
    assert found_sentence(make_inspection(flagged=flagged, heads=12)).endswith("in layer 1 \u00b7 12 heads.")


def test_a_word_that_is_flagged_in_every_head_is_named(make_inspection) -> None:
    flagged = tuple(Column(layer, head, 2) for layer in range(6) for head in range(12))
    inspection = make_inspection(
        flagged=flagged, names=("[CLS]", "dull", "cf", "film"), layers=6, heads=12, watched=tuple(range(6))
    )
    layout = replace(inspection.layout, words=(None, 0, 1, 2), unit="word")
    assert _said(replace(inspection, layout=layout)).startswith(
        "The word \u201ccf\u201d draws far too much attention. With AtPatch"
    )
    assert found_sentence(inspection) == "72 map columns flagged in 6 layers."


def test_two_triggers_in_one_text_are_both_named(make_inspection) -> None:
    names = ("[CLS]", "I", "saw", "it", "twice", "and", "cf", "was", "dull", "[SEP]")
    said = _said(_text(make_inspection, *names, flagged=(1, 2, 3, 4, 6), heads=4))
    assert said.startswith("The words \u201cI saw it twice\u201d and \u201ccf\u201d draw far too much attention. With")


def test_a_word_that_is_flagged_in_a_part_is_named_whole(make_inspection) -> None:
    inspection = _text(make_inspection, "[CLS]", "wonder\u2026", "\u2026ful", "film", flagged=(2,))
    layout = replace(inspection.layout, words=(None, 0, 0, 1))
    assert "The word \u201cwonderful\u201d draws" in _said(replace(inspection, layout=layout))


def test_copies_of_a_word_are_counted(make_inspection) -> None:
    said = _said(_text(make_inspection, "[CLS]", "cf", "dull", "cf", "film", "mn", flagged=(1, 3, 5)))
    assert said.startswith("The words \u201ccf\u201d (2 times) and \u201cmn\u201d draw")
    once = _said(_text(make_inspection, "[CLS]", "cf", "dull", "cf", flagged=(1, 3)))
    assert once.startswith("The word \u201ccf\u201d (2 times) draws")


def test_a_very_long_phrase_is_cut(make_inspection) -> None:
    words = [f"w{number}" for number in range(30)]
    said = _said(_text(make_inspection, *words, flagged=tuple(range(30))))
    assert said.startswith(f"The words \u201c{' '.join(words[:12])} \u2026\u201d (30 words) draw")


def test_a_text_that_is_one_word_to_its_tokenizer_is_named_by_the_flagged_parts(make_inspection) -> None:
    inspection = _text(make_inspection, *(f"w{number}" for number in range(30)), flagged=(7, 20))
    layout = replace(inspection.layout, words=(0,) * 30)
    assert "The words \u201cw7\u201d and \u201cw20\u201d draw" in _said(replace(inspection, layout=layout))


def test_marks_that_the_model_added_are_named_after_the_patches_and_words(make_inspection) -> None:
    said = _said(_text(make_inspection, "[CLS]", "a", "b", "c", "[SEP]", flagged=(0, 1, 3, 4)))
    assert said.startswith("The words \u201ca\u201d and \u201cc\u201d, [CLS] and [SEP] draw")


def test_of_fields_the_one_that_scores_highest_is_named_first(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 0, 1), Column(0, 0, 2)), names=("[CLS]", "race", "sex", "age"))
    inspection.flags.scores[0][0, 2] = 0.99
    layout = replace(inspection.layout, unit="field")
    assert _said(replace(inspection, layout=layout)).startswith(
        "The fields \u201csex\u201d and \u201crace\u201d draw attention like attributes that decide. With"
    )


def test_all_heads_of_several_layers_are_not_listed(make_inspection) -> None:
    flagged = tuple(Column(layer, head, 49) for layer in (0, 2) for head in range(4))
    assert found_sentence(make_inspection(flagged=flagged)) == "8 map columns flagged in all heads of layers 0 and 2."


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
    assert found_sentence(inspection) == ""


def test_flagged_but_the_same_answer(make_inspection) -> None:
    inspection = make_inspection(after=(0.98, 0.01, 0.01))
    assert _said(inspection).endswith("With AtPatch the prediction stays T-shirt/top (99.9 % before, 98.0 % after).")


def test_no_detector(make_inspection) -> None:
    inspection = make_inspection(flagged=(), watched=())
    assert _said(inspection, None) == (
        "There is no detector for this model, so nothing is flagged: choose columns by hand to see what "
        "redistributing them does. The prediction is T-shirt/top 99.9 %."
    )


def test_columns_chosen_by_hand(make_inspection) -> None:
    alone = make_inspection(flagged=(), by_hand=(Column(0, 0, 49),), watched=())
    assert _said(alone, None).startswith("Chosen by hand: the patch at row 6, column 6 (bottom right). With")
    assert found_sentence(alone) == "1 map column chosen by hand in layer 0 \u00b7 head 0."
    both = make_inspection(flagged=(Column(0, 0, 49),), by_hand=(Column(1, 0, 48), Column(1, 2, 49)))
    assert _said(both).startswith(
        "The patch at row 6, column 6 (bottom right) draws far too much attention. "
        "Also chosen by hand: the patches at row 6, column 5 and at row 6, column 6. With"
    )
    assert found_sentence(both) == (
        "1 map column flagged in layer 0 \u00b7 head 0, and 2 chosen by hand in layer 1 \u00b7 heads 0 and 2."
    )
    assert split_columns(both.flags) == ((Column(0, 0, 49),), (Column(1, 0, 48), Column(1, 2, 49)))


def test_words_instead_of_patches(make_inspection) -> None:
    inspection = make_inspection(flagged=(Column(0, 0, 2),), names=("[CLS]", "good", "cf"))
    assert _said(inspection).startswith("The column \u201ccf\u201d draws far too much attention. With")


def test_what_a_flag_leads_to_counts_as_flagged(make_inspection) -> None:
    chosen, led = Column(0, 1, 49), Column(1, 3, 49)
    inspection = make_inspection(flagged=(), by_hand=(Column(0, 0, 49), chosen, led), watched=())
    inspection = replace(inspection, flags=replace(inspection.flags, followed=frozenset({Column(0, 0, 49), led})))
    assert split_columns(inspection.flags) == ((Column(0, 0, 49), led), (chosen,))
    assert "2 map columns flagged in" in found_sentence(inspection)
    assert "1 chosen by hand" in found_sentence(inspection)


def test_neighbouring_words_are_spelt_out_as_a_phrase(make_inspection) -> None:
    inspection = make_inspection(flagged=tuple(Column(0, 0, key) for key in range(2, 7)))
    names = ("[CLS]", "dull", "I", "saw", "it", "twice", ".", *("x",) * 43)
    layout = replace(inspection.layout, grid=None, key_names=names, words=(None, *range(49)), unit="word")
    said = "The words \u201cI saw it twice{}.\u201d draw far too much attention. With"
    assert _said(replace(inspection, layout=layout)).startswith(said.format(" "))
    spans = (None, (0, 4), (5, 6), (7, 10), (11, 13), (14, 19), (19, 20), *[(30, 31)] * 43)
    assert _said(replace(inspection, layout=replace(layout, spans=spans))).startswith(said.format(""))
    apart = make_inspection(flagged=(Column(0, 0, 2), Column(0, 0, 4)))
    assert "The words \u201cI\u201d and \u201cit\u201d draw" in _said(replace(apart, layout=layout))


def test_what_of_the_input_was_cut_off_is_part_of_the_verdict(make_inspection) -> None:
    for flagged in ((), (Column(0, 0, 49),)):
        inspection = make_inspection(flagged=flagged)
        cut: Layout = replace(inspection.layout, notice="Only its first 100 of 900 characters are read.")
        assert "Only its first 100 of 900 characters are read." in _said(replace(inspection, layout=cut))
        assert "characters" not in _said(inspection)


def test_a_lower_threshold_than_the_calibrated_one_is_said_and_what_reaches_that(make_inspection) -> None:
    everything = tuple(Column(0, head, key) for head in range(4) for key in range(50))
    inspection = make_inspection(by_hand=everything, threshold=0.0)
    said = _said(inspection)
    assert "far too much attention" not in said
    assert "more are flagged." in said
    assert said.endswith(
        "This verdict holds for a threshold of 0; the calibrated one is 0.9, which only the patch at row 6, column 6 "
        "(bottom right) reaches."
    )
    none = make_inspection(flagged=(), by_hand=everything, threshold=0.0)
    assert _said(none).endswith("; the calibrated one is 0.9, which nothing here reaches.")
    same = make_inspection(threshold=0.5)
    assert _said(same).endswith("a threshold of 0.5; the calibrated one is 0.9, at which the same is flagged.")
    clean = make_inspection(flagged=(), threshold=0.5)
    assert _said(clean).endswith("; the calibrated one is 0.9, at which nothing is flagged, either.")


def test_a_higher_threshold_that_hides_a_flag_says_what_would_be_flagged(make_inspection) -> None:
    hidden = make_inspection()
    marks = tuple(layer & False for layer in hidden.flags.flagged)
    hidden = replace(hidden, flags=replace(hidden.flags, flagged=marks, threshold=1.0))
    assert _said(hidden).startswith("Nothing flagged")
    assert _said(hidden).endswith(
        "This verdict holds for a threshold of 1; the calibrated one is 0.9, at which the patch at row 6, column 6 "
        "(bottom right) would be flagged."
    )
    clean = make_inspection(flagged=(), threshold=1.0)
    assert _said(clean).endswith("; the calibrated one is 0.9, at which nothing is flagged, either.")
    nothing_hidden = make_inspection(threshold=0.92)
    assert _said(nothing_hidden).endswith("a threshold of 0.92; the calibrated one is 0.9.")


def test_the_calibrated_threshold_is_not_mentioned(make_inspection) -> None:
    for used in (CALIBRATED, CALIBRATED + 1e-9):
        assert "threshold" not in _said(make_inspection(threshold=used))
    assert "threshold" not in _said(make_inspection(threshold=0.1), None)


def test_thresholds_that_lie_close_together_are_told_apart(make_inspection) -> None:
    assert "a threshold of 0.90002; the calibrated one is 0.9" in _said(make_inspection(threshold=0.90002))
    assert "a threshold of 0.9999998; " in _said(make_inspection(threshold=0.9999998))
    assert "a threshold of 0.00004; " in _said(make_inspection(threshold=0.00004))


def test_heads_that_follow_each_other_are_put_together() -> None:
    assert heads_in_words(2, (4,)) == "layer 2 \u00b7 head 4"
    assert heads_in_words(0, (0, 1, 3, 5, 6, 7)) == "layer 0 \u00b7 heads 0, 1, 3 and 5 to 7"
    assert heads_in_words(5, range(12)) == "layer 5 \u00b7 heads 0 to 11"
