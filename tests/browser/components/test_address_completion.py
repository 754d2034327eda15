"""The address is completed in place, and left alone once a person has gone on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.support.components import ADDRESS, mount

_HTML = "<span></span>"


def test_the_address_is_completed_without_an_entry_in_the_history(page: Page) -> None:
    before = page.evaluate("history.length")
    data = {"before": {"layer": "1"}, "after": {"layer": "1", "patch": "on"}}
    mount(page, "address_completion", _HTML, data, search="?layer=1")
    assert page.url == f"{ADDRESS}?layer=1&patch=on"
    assert page.evaluate("history.length") == before + 1  # the visit itself
    assert page.locator("span[data-completed]").count() == 1


def test_what_is_empty_afterwards_goes_and_what_streamlit_needs_stays(page: Page) -> None:
    data = {"before": {"layer": "1", "head": "2"}, "after": {"layer": "3"}}
    mount(page, "address_completion", _HTML, data, search="?embed=true&layer=1&head=2&embed_options=dark_theme")
    assert page.url == f"{ADDRESS}?embed=true&embed_options=dark_theme&layer=3"


@pytest.mark.parametrize("now", ["?layer=2", "?layer=1&head=0", ""])
def test_whoever_went_on_meanwhile_is_left_alone(page: Page, now: str) -> None:
    data = {"before": {"layer": "1"}, "after": {"layer": "1", "patch": "on"}}
    mount(page, "address_completion", _HTML, data, search=now)
    assert page.url == ADDRESS + now
    assert page.locator("span[data-completed]").count() == 1
