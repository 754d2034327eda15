"""Steps are asked for with buttons and keys; keys that mean something elsewhere are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from pages.components.lesson_navigation.lesson_navigation import _HTML
from tests.support.components import Mounted, mount

_AROUND = "<input aria-label=field><div role=slider tabindex=0 aria-label=slider>0</div>"


def _data(step: int, answered: int = 0) -> dict[str, Any]:
    return {"titles": ["One", "Two", "Three"], "step": step, "answered": answered}


def _mounted(page: Page, step: int) -> Mounted:
    return mount(page, "lesson_navigation", _HTML, _data(step), around=_AROUND)


def test_every_step_is_a_button_and_the_open_one_is_marked(page: Page) -> None:
    mounted = _mounted(page, 2)
    page.get_by_role("button", name="Step 3: Three").click()
    assert mounted.sent == [["asked", {"step": 3, "number": 1}]]
    assert page.locator("[aria-current=step]").get_attribute("aria-label") == "Step 2: Two"
    mounted.update(_data(3, answered=1))
    assert page.locator("[aria-current=step]").get_attribute("aria-label") == "Step 3: Three"
    assert page.get_by_role("button", name="Next step").is_disabled()
    assert page.get_by_role("button", name="Previous step").is_enabled()


@pytest.mark.parametrize(("key", "step"), [("ArrowRight", 3), ("PageDown", 3), ("ArrowLeft", 1), ("PageUp", 1)])
def test_keys_go_to_the_next_and_the_one_before(page: Page, key: str, step: int) -> None:
    mounted = _mounted(page, 2)
    page.keyboard.press(key)
    assert mounted.sent == [["asked", {"step": step, "number": 1}]]


def test_keys_faster_than_pages_go_on_from_what_was_asked_last_and_not_past_the_end(page: Page) -> None:
    mounted = _mounted(page, 1)
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert [value["step"] for _, value in mounted.sent] == [2, 3]
    mounted.update(_data(2, answered=1))  # the page answers the first of the two
    page.keyboard.press("ArrowLeft")
    assert mounted.sent[-1][1] == {"step": 2, "number": 3}


def test_arrows_in_fields_and_sliders_are_theirs_but_a_clicker_always_works(page: Page) -> None:
    mounted = _mounted(page, 1)
    for name in ("field", "slider"):
        page.get_by_label(name).focus()
        page.keyboard.press("ArrowRight")
    assert mounted.sent == []
    page.keyboard.press("PageDown")
    assert [value["step"] for _, value in mounted.sent] == [2]


def test_keys_with_a_modifier_belong_to_the_browser(page: Page) -> None:
    mounted = _mounted(page, 1)
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    assert mounted.sent == []


def test_after_it_is_gone_keys_do_nothing(page: Page) -> None:
    mounted = _mounted(page, 1)
    mounted.leave()
    page.keyboard.press("ArrowRight")
    assert mounted.sent == []
