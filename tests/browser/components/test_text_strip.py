"""A text in pieces: what each attends to is told, with the mouse and with the keyboard, and nothing is HTML."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from pages.components.text_strip.text_strip import _HTML
from tests.support.components import Mounted, mount


def _piece(text: str, word: int | None, **changes: Any) -> dict[str, Any]:
    usual = {"text": text, "word": word, "before": "", "label": "", "special": False, "title": text, "attends": []}
    return {**usual, "readout": f"told of {text}", **changes}


_PIECES = [
    _piece("[CLS]", None, special=True),
    _piece("play", 0, attends=[2, 3]),
    _piece("ing", 0, label="L0H1"),
    _piece("<b>bold</b>", 1, before="\n", label="L0H1"),
]


@pytest.fixture
def strip(page: Page) -> Mounted:
    return mount(page, "text_strip", _HTML, {"pieces": _PIECES, "direction": "rtl"})


def test_pieces_of_a_word_stand_together_and_markup_is_text(strip: Mounted) -> None:
    assert strip.page.locator("bdi").all_inner_texts() == ["[CLS]", "playing", "<b>bold</b>"]
    assert strip.page.locator("b").count() == 0
    assert strip.page.locator("br").count() == 1
    assert strip.page.locator(".strip").get_attribute("dir") == "rtl"


def test_neighbours_with_one_label_are_labelled_once_and_flagged_each(strip: Mounted) -> None:
    assert strip.page.locator(".flagged").all_inner_texts() == ["ing", "<b>bold</b>"]
    assert strip.page.locator(".labelled").all_inner_texts() == ["ing"]


def test_pointing_at_a_piece_tells_what_it_attends_to(strip: Mounted) -> None:
    strip.page.get_by_label("play").hover()
    expect(strip.page.locator(".readout")).to_have_text("told of play")
    assert strip.page.locator(".asked").all_inner_texts() == ["ing", "<b>bold</b>"]
    strip.page.get_by_label("ing", exact=True).hover()
    assert strip.page.locator(".asked").count() == 0


def test_arrow_keys_walk_through_the_pieces_and_stop_at_the_ends(strip: Mounted) -> None:
    strip.page.get_by_label("[CLS]").focus()
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        strip.page.keyboard.press(key)
    expect(strip.page.get_by_label("<b>bold</b>")).to_be_focused()
    assert strip.page.locator("[tabindex='0']").count() == 1


def test_new_data_replace_what_was_told(strip: Mounted) -> None:
    strip.page.get_by_label("play").hover()
    strip.update({"pieces": _PIECES[:1], "direction": "ltr"})
    assert strip.page.locator(".piece").count() == 1
    assert strip.page.locator(".readout").text_content() == ""
