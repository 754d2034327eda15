"""Enter in the name field hands the keys over to the sheet."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.components import mount

_AROUND = '<div class="st-key-label_annotator"><input aria-label=name></div><input aria-label=other>'


def test_enter_hands_over_and_other_keys_and_fields_do_not(page: Page) -> None:
    mounted = mount(page, "annotator_name", "<span></span>", {}, around=_AROUND)
    page.evaluate("window.given = 0; window.addEventListener('atpatch-name-given', () => { window.given += 1; })")
    page.get_by_label("other").press("Enter")
    page.get_by_label("name").press("a")
    assert page.evaluate("window.given") == 0
    page.get_by_label("name").press("Enter")
    assert page.evaluate("window.given") == 1
    expect(page.get_by_label("name")).not_to_be_focused()
    mounted.leave()
    page.get_by_label("name").press("Enter")
    assert page.evaluate("window.given") == 1
