"""The label sheet alone: what keys say about an input is shown at once, and sent until it is confirmed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.components import Mounted, mount

_HTML = '<div class="sheet"></div>'


def _item(digest: str, title: str, **more: Any) -> dict[str, Any]:
    """A text of three tokens with two listed columns, the first of which the detector marks."""
    columns = [{"layer": 0, "head": 1, "key": 1, "score": 0.9}, {"layer": 1, "head": 0, "key": 2, "score": 0.1}]
    item = {
        "digest": digest,
        "title": title,
        "source": "a file",
        "names": ["[CLS]", "good", "film"],
        "values": [],
        "special": [True, False, False],
        "image": None,
        "grid": None,
        "first": 0,
        "heads": [2, 2],
        "maps": {},
        "columns": columns,
        "threshold": 0.5,
        "detector": "v1",
        "state": None,
        "rest": "unjudged",
        "seen": None,
        "verdicts": [],
    }
    return item | more


def _data(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    data = {
        "owner": "model Ada",
        "annotator": "Ada",
        "typed": "Ada",
        "hide": False,
        "opened": "",
        "items": list(items),
        "open": len(items),
        "done": "Everything here is answered.",
        "acked": [],
        "refused": [],
    }
    return data | more


@pytest.fixture
def sheet(page: Page) -> Mounted:
    return mount(page, "label_sheet", _HTML, _data(_item("one", "<b>first</b>"), _item("two", "second")))


def _press(sheet: Mounted, *keys: str) -> None:
    for key in keys:
        sheet.page.keyboard.press(key)


def _answers(sheet: Mounted) -> list[dict[str, Any]]:
    """The answers of the last batch."""
    sheet.page.wait_for_function("window.sent.length > 0")
    answers: list[dict[str, Any]] = sheet.sent[-1][1]["answers"]
    return answers


def test_keys_judge_column_by_column_and_enter_goes_on(sheet: Mounted) -> None:
    title = sheet.page.locator(".title")
    expect(title).to_have_text("<b>first</b>")
    assert title.locator("b").count() == 0
    _press(sheet, "a", "x")
    expect(sheet.page.locator(".list .said")).to_have_text(["\u25b2 over-attended", "\u25cb benign"])
    _press(sheet, "Enter")
    expect(title).to_have_text("second")
    (answer,) = _answers(sheet)
    assert (answer["digest"], answer["state"], answer["rest"], answer["seen"]) == ("one", "submitted", "unjudged", True)
    assert answer["verdicts"] == [[0, 1, 1, "over-attended", 0.9], [1, 0, 2, "benign", 0.1]]


def test_what_is_not_confirmed_is_sent_again_with_the_same_token_and_then_no_more(sheet: Mounted) -> None:
    _press(sheet, "a", "x", "Enter")
    (first,) = _answers(sheet)
    sheet.page.wait_for_function("window.sent.length > 1")
    (again,) = _answers(sheet)
    assert again["token"] == first["token"]
    expect(sheet.page.locator(".saved")).to_have_text("\u2026 saving")
    sheet.update(_data(_item("two", "second"), acked=[first["token"]]))
    expect(sheet.page.locator(".saved")).to_have_text("\u2713 all answers saved")
    assert sheet.page.evaluate("localStorage.length") == 0


def test_what_is_refused_is_said_and_sent_no_more(sheet: Mounted) -> None:
    _press(sheet, "a", "x", "Enter")
    (answer,) = _answers(sheet)
    sheet.update(_data(_item("two", "second"), refused=[[answer["token"], "No such <i>column</i>."]]))
    expect(sheet.page.locator(".problem")).to_have_text("No such <i>column</i>.")
    expect(sheet.page.locator(".saved")).to_have_text("\u2713 all answers saved")


def test_a_marked_column_that_is_left_is_asked_about_once(sheet: Mounted) -> None:
    _press(sheet, "ArrowRight", "x", "Enter")
    question = sheet.page.get_by_role("alert")
    expect(question).to_contain_text("1 flagged column is not judged: L0\u00b7H1 good")
    _press(sheet, "Enter")
    expect(sheet.page.locator(".title")).to_have_text("second")


def test_the_rest_is_benign_stops_at_what_the_detector_marks(sheet: Mounted) -> None:
    _press(sheet, "b")
    expect(sheet.page.locator(".problem")).to_contain_text("look at each")
    expect(sheet.page.locator(".list .said")).to_have_text(["not judged", "\u25cb benign"])
    expect(sheet.page.locator(".others")).to_have_text("All other columns: not judged")


def test_undo_takes_back_a_verdict_and_then_goes_back_an_input(sheet: Mounted) -> None:
    _press(sheet, "a", "z")
    expect(sheet.page.locator(".list .said:not(.none)")).to_have_count(0)
    _press(sheet, "d")
    expect(sheet.page.locator(".title")).to_have_text("second")
    _press(sheet, "z")
    expect(sheet.page.locator(".title")).to_have_text("<b>first</b>")


def test_an_input_that_is_skipped_comes_back_once_the_skip_is_confirmed(sheet: Mounted) -> None:
    _press(sheet, "s", "s")
    expect(sheet.page.locator(".title")).to_have_text("")
    sheet.page.wait_for_function("window.sent.length > 1")
    skipped = sheet.sent[-1][1]["skipped"]
    assert [skip["digest"] for skip in skipped] == ["one", "two"]
    items = _item("one", "<b>first</b>"), _item("two", "second")
    sheet.update(_data(*items, acked=[skip["token"] for skip in skipped]))
    expect(sheet.page.locator(".title")).to_have_text("<b>first</b>")


def test_hidden_suggestions_show_neither_scores_nor_marks(sheet: Mounted) -> None:
    sheet.update(_data(_item("one", "first"), _item("two", "second"), owner="model Bo", hide=True))
    expect(sheet.page.locator(".machine")).to_contain_text("hidden until you have answered")
    expect(sheet.page.locator(".list .score")).to_have_text(["", ""])
    _press(sheet, "a", "x", "Enter")
    (answer,) = _answers(sheet)
    assert answer["seen"] is False


def test_nothing_is_taken_down_while_another_name_is_typed(page: Page) -> None:
    field = '<div class="st-key-label_annotator"><input value="Ada"></div>'
    sheet = mount(page, "label_sheet", _HTML, _data(_item("one", "first")), around=field)
    page.evaluate("document.querySelector('.st-key-label_annotator input').value = 'Ada B'")
    _press(sheet, "a")
    expect(page.locator(".list .said:not(.none)")).to_have_count(0)


def test_another_annotator_begins_with_an_empty_sheet(sheet: Mounted) -> None:
    _press(sheet, "a")
    sheet.update(_data(_item("one", "first"), owner="model Bo", annotator="Bo", typed="Bo"))
    expect(sheet.page.locator(".person")).to_contain_text("Bo says")
    expect(sheet.page.locator(".list .said:not(.none)")).to_have_count(0)


def test_without_anything_open_it_says_so(page: Page) -> None:
    mount(page, "label_sheet", _HTML, _data())
    expect(page.locator(".sheet")).to_contain_text("Everything here is answered.")
