"""What the style sheet reaches by names of Streamlit's own is still there: a new version may call it otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.dashboard import ROOT, settle, visit

_FILE = ROOT / "pages" / "shared" / "streamlit_internals.css"
# Not in a page until somebody presses a key or points at it, or inside what is excluded.
_PASSING = re.compile(r"::after|:focus-visible|:not\(\.hoverlayer \*\)")


def _selectors() -> set[str]:
    """Every selector of the file, without what says when it applies."""
    sheet = re.sub(r"/\*.*?\*/|@media [^{]*\{", "", _FILE.read_text(encoding="utf-8"), flags=re.DOTALL)
    lists = re.findall(r"([^{}]+)\{[^{}]*\}", sheet)
    return {_PASSING.sub("", selector.strip()) for names in lists for selector in names.split(",\n")}


def test_every_name_of_streamlit_that_is_styled_is_on_some_page(
    app: str, page: Page, new_page: Callable[..., Page]
) -> None:
    unseen = _selectors()
    assert len(unseen) > 10

    def look(at: Page) -> None:
        seen = "(selectors) => selectors.filter((selector) => document.querySelector(selector))"
        unseen.difference_update(at.evaluate(seen, sorted(unseen)))

    visit(page, app)
    page.get_by_text("Upload", exact=True).click()
    settle(page)
    look(page)
    visit(page, f"{app}/?subject=adult-tabular-sex")
    look(page)
    visit(page, f"{app}/evaluate", "Evaluate")
    look(page)
    visit(page, f"{app}/learn?step=2", "Learn")
    look(page)
    visit(page, f"{app}/label", "Label")
    look(page)
    visit(page, f"{app}/detector", "Detector")
    page.get_by_test_id("stDataFrame").first.hover()
    look(page)
    phone = new_page(390, 844)
    visit(phone, app)
    look(phone)
    assert not unseen
