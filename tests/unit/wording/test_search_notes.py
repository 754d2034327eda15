"""What the verdict says of a bounded search, a cleared flag and a text of unusual length."""

from __future__ import annotations

from dataclasses import replace

from atpatch_core.column import Column
from atpatch_core.detector.following import Following
from atpatch_core.detector.growth import Round
from atpatch_core.inspection.results import Inspection
from atpatch_core.wording.verdict import verdict

_WORDS = ("[CLS]", "formula", "cheap", "formula", "[SEP]")


def _text(
    make_inspection, redistributed: bool, following: Following | None, calibrated: int | None = None
) -> Inspection:
    """A text in which "formula" is flagged, with or without being redistributed."""
    made: Inspection = make_inspection(flagged=(Column(0, 0, 1), Column(0, 0, 3)), names=_WORDS, watched=(0,))
    special = tuple(name.startswith("[") for name in _WORDS)
    words = tuple(None if one else number for number, one in enumerate(special))
    made = replace(made, layout=replace(made.layout, words=words, special=special, unit="word"))
    if not redistributed:
        flags = replace(made.flags, flagged=tuple(one & False for one in made.flags.flagged))
        made = replace(made, flags=flags, patched=made.original)
    return replace(made, following=following, calibrated_keys=calibrated)


def test_a_cleared_flag_is_no_hijack_and_names_the_word(make_inspection) -> None:
    said = verdict(_text(make_inspection, False, Following(3, 100, True, 0.26, cleared=(1, 3))), 0.9)
    assert said.startswith(
        "The word \u201cformula\u201d (2 times) draws unusual attention, but the answer does not depend on it"
    )
    assert "AtPatch leaves this input untouched; the prediction stays" in said
    assert "far too much" not in said
    assert "Nothing flagged" not in said


def test_following_says_what_it_took(make_inspection) -> None:
    assert "took 3 more forward passes (0.3 s)." in verdict(
        _text(make_inspection, True, Following(3, 100, True, 0.26)), 0.9
    )
    assert "took 1 more forward pass (12.0 s)." in verdict(
        _text(make_inspection, True, Following(1, 100, True, 12.0)), 0.9
    )


def test_a_search_that_ended_early_says_so(make_inspection) -> None:
    said = verdict(_text(make_inspection, True, Following(55, 55, False, 4.0)), 0.9)
    assert "took 55 more forward passes (4.0 s); 55 is the most for a text of this length" in said
    assert "repaired as far as looked" in said
    assert "more of a trigger may be left" in said


def test_a_span_that_is_no_more_than_its_entry_needs_no_word_and_one_that_ended_early_does(make_inspection) -> None:
    alone = Following(1, 66, True, 0.1, entry=(1, 3), entry_probability=0.02)
    assert "forward pass" not in verdict(_text(make_inspection, True, alone), 0.9)
    found = Round(((2,),), (0.9,), None)
    early = Following(66, 66, False, 0.2, entry=(1, 3), entry_probability=0.95, rounds=(found,))
    said = verdict(_text(make_inspection, True, early), 0.9)
    assert "took 66 more forward passes (0.2 s); 66 is the most that is allowed" in said
    assert "repaired as far as looked" in said


def test_a_longer_text_than_any_calibrated_one_is_said_to_be(make_inspection) -> None:
    said = verdict(_text(make_inspection, True, None, calibrated=4), 0.9)
    assert "This text has 5 tokens; the longest that the detector was calibrated on has 4" in said
    for calibrated in (5, None):
        assert "calibrated on" not in verdict(_text(make_inspection, True, None, calibrated), 0.9)
