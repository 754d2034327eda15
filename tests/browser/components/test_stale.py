"""Fields that no longer hold what is shown are told of, whatever changed them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from pages.components.stale.stale import REGION
from tests.support.components import Mounted, mount

_HTML = '<div class="stale-note" role="status"></div>'
_FIELDS = (
    f'<div class="st-key-{REGION}"><textarea aria-label=a>first\nline</textarea><input aria-label=b value=7></div>'
    '<div class="st-key-look"><button onclick="this.dataset.pressed = 1">Look</button></div>'
)
_DATA = {"region": REGION, "shown": [["first\r\nline"], ["7", "seven"]], "notice": "Changed.", "button": "look"}


@pytest.fixture
def stale(page: Page) -> Mounted:
    return mount(page, "stale", _HTML, _DATA, around=_FIELDS)


def _note(mounted: Mounted) -> str | None:
    return mounted.page.locator("[role=status]").text_content()


def test_line_ends_and_spaces_around_make_no_difference(stale: Mounted) -> None:
    assert _note(stale) == ""
    stale.page.locator("textarea").fill("  first\nline\n")
    assert _note(stale) == ""


def test_a_change_is_told_and_taken_back(stale: Mounted) -> None:
    stale.page.locator("textarea").fill("second")
    expect(stale.page.locator("[data-outdated]")).to_have_text("Changed.")
    stale.page.locator("textarea").fill("first\nline")
    assert _note(stale) == ""
    stale.page.locator("input").fill("seven")  # another way to write what is shown
    assert _note(stale) == ""


def test_an_emptied_text_is_no_change_but_an_emptied_number_is(stale: Mounted) -> None:
    stale.page.locator("textarea").fill("")
    assert _note(stale) == ""
    stale.page.locator("input").fill("")
    assert _note(stale) == "Changed."


def test_a_change_without_an_event_is_seen_soon(stale: Mounted) -> None:
    stale.page.evaluate("document.querySelector('input').value = '8'")
    expect(stale.page.locator("[data-outdated]")).to_have_text("Changed.")


def test_fields_that_are_not_all_there_are_not_judged(stale: Mounted) -> None:
    stale.page.evaluate("document.querySelector('input').remove()")
    stale.page.locator("textarea").fill("second")
    assert _note(stale) == ""


def test_control_and_enter_press_the_button_from_the_text_only(stale: Mounted) -> None:
    pressed = stale.page.locator("button[data-pressed]")
    stale.page.locator("input").press("Control+Enter")
    stale.page.locator("textarea").press("Enter")
    stale.page.wait_for_timeout(50)
    assert pressed.count() == 0
    stale.page.locator("textarea").press("Control+Enter")
    expect(pressed).to_have_count(1)


def test_after_it_is_gone_nothing_is_watched(stale: Mounted) -> None:
    stale.leave()
    stale.page.locator("textarea").press("Control+Enter")
    stale.page.wait_for_timeout(50)
    assert stale.page.locator("button[data-pressed]").count() == 0
