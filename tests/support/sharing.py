"""Repairing an answer in Triage, and handing the view on by its link."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.support.dashboard import params_of, settle, visit


def repair_and_share(page: Page, new_page: Callable[..., Page], before: str, after: str) -> None:
    """Switch AtPatch on, which turns the answer `before` into `after`; a colleague with the link sees the very same."""
    answer, verdict = page.locator(".st-key-answer h2"), page.locator(".st-key-verdict")
    expect(answer).to_contain_text(before)
    page.locator(".st-key-patch label").click()
    expect(answer).to_contain_text(after)
    settle(page)
    params, sentence = params_of(page), verdict.inner_text()
    assert params["patch"] == "on"
    colleague = new_page()
    visit(colleague, page.evaluate("location.href"))
    expect(colleague.locator(".st-key-answer h2")).to_contain_text(after)
    assert (colleague.locator(".st-key-verdict").inner_text(), params_of(colleague)) == (sentence, params)
