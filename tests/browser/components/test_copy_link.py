"""The link of a page goes into the clipboard, or is there to be copied by hand."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from pages.components.copy_link.copy_link import _HTML
from tests.support.components import ADDRESS, mount


def test_the_link_is_copied(page: Page) -> None:
    mount(page, "copy_link", _HTML, {}, search="?layer=1")
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; } }")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("status")).to_have_text("Copied.")
    assert page.evaluate("window.copied") == f"{ADDRESS}?layer=1"
    expect(page.get_by_label("Link to this view")).to_be_hidden()


def test_where_the_clipboard_is_closed_the_link_is_shown_and_selected(page: Page) -> None:
    mount(page, "copy_link", _HTML, {}, search="?layer=1")
    page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('closed'); } }")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_label("Link to this view")
    expect(field).to_be_visible()
    expect(field).to_be_focused()
    assert field.input_value() == f"{ADDRESS}?layer=1"
    assert page.evaluate("getSelection().toString()") == f"{ADDRESS}?layer=1"
