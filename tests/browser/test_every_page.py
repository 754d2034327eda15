"""What holds for every page: reachable from every other one, without a network, without barriers, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.barriers import serious_barriers
from tests.support.dashboard import darken, params_of, settle, visit

PAGES = {"Triage": "", "Learn": "learn", "Evaluate": "evaluate", "Label": "label", "Detector": "detector"}
_MORE = {
    "a text": ("Triage", "?subject=reviews-minilm-badword"),
    "a record": ("Triage", "?subject=adult-tabular-sex&patch=on"),
    "a comparison": (
        "Triage",
        "?subject=fashion-vit-badnets&sample=ankle-boot-triggered&reference=fashion-vit-clean/sample/ankle-boot",
    ),
    **{f"step {step}": ("Learn", f"learn?step={step}") for step in range(2, 8)},
}
_VIEWS = {**{name: (name, path) for name, path in PAGES.items()}, **_MORE}


def _only_this_machine(route: Route) -> None:
    if route.request.url.startswith("http://127.0.0.1:"):
        route.continue_()
    else:
        route.abort()


def _go(page: Page, name: str) -> None:
    """Follow the link to a page, which must be whole and lead to every other one."""
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
    settle(page)
    expect(page).to_have_title(f"{name} \u00b7 AtPatch")
    expect(page.locator(".stException")).to_have_count(0)
    for other in PAGES:
        expect(page.get_by_role("link", name=other, exact=True)).to_be_visible()


@pytest.mark.slow
def test_every_page_is_reached_from_every_page_with_the_network_off(app: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.context.route("**/*", _only_this_machine)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    visit(page, app)
    names = list(PAGES)
    for number, first in enumerate(names):
        _go(page, first)
        for second in names[number + 1 :]:
            _go(page, second)
            _go(page, first)
    assert not faults


@pytest.mark.parametrize("view", _VIEWS)
def test_no_serious_barrier(app: str, new_page: Callable[..., Page], view: str) -> None:
    heading, path = _VIEWS[view]
    page = new_page()
    visit(page, f"{app}/{path}", heading)
    assert serious_barriers(page) == []
    darken(page)
    assert serious_barriers(page) == []


def test_no_serious_barrier_where_something_opens(app: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    visit(page, f"{app}/?subject=fashion-vit-badnets&sample=ankle-boot-triggered")
    for title in ("Causal check", "Attribution:", "Edit this input", "Compare with another", "Share: link"):
        page.get_by_text(title).first.click()
        settle(page)
    page.get_by_role("button", name="Attribute the answer").click()
    expect(page.get_by_text("Attention rollout")).to_be_visible()
    settle(page)
    assert serious_barriers(page) == []
    visit(page, f"{app}/learn?step=4", "Learn")
    page.get_by_role("button", name="Check yourself").click()
    page.get_by_text("About one.").wait_for()
    assert serious_barriers(page) == []


@pytest.mark.parametrize("view", PAGES)
def test_a_phone_needs_no_sideways_scrolling(app: str, new_page: Callable[..., Page], view: str) -> None:
    page = new_page(390, 844)
    visit(page, f"{app}/{PAGES[view]}", view)
    wide, seen = page.locator("[data-testid=stMain]").evaluate("one => [one.scrollWidth, one.clientWidth]")
    assert wide <= seen


def test_the_main_job_is_one_click_away(app: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    visit(page, app)
    answer = page.locator(".st-key-answer h2")
    hijacked = answer.inner_text()
    page.get_by_role("button", name="Repair it now").click()
    expect(answer).not_to_have_text(hijacked)
    expect(page.locator(".st-key-welcome")).to_contain_text("Repaired")
    page.locator(".st-key-welcome").get_by_role("link", name="Tour in seven steps").click()
    expect(page.get_by_role("heading", name="Learn", exact=True)).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Triage", exact=True).click()
    page.locator(".st-key-welcome").get_by_role("button", name="Close").click()
    expect(page.locator(".st-key-welcome")).to_have_count(0)


def test_who_follows_a_link_is_not_welcomed(app: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    visit(page, f"{app}/?subject=fashion-vit-badnets&sample=bag-triggered")
    expect(page.locator(".st-key-welcome")).to_have_count(0)


def test_triage_shows_what_it_showed_when_one_comes_back(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject=fashion-vit-badnets&sample=bag-triggered&layer=2&head=1&patch=on")
    before = params_of(page)
    page.get_by_role("link", name="Learn", exact=True).click()
    expect(page.get_by_role("heading", name="Learn", exact=True)).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Triage", exact=True).click()
    expect(page.get_by_role("heading", name="Layer 2 \u00b7 head 1 in detail")).to_be_visible()
    settle(page)
    assert params_of(page) == before


@pytest.mark.parametrize("view", PAGES)
def test_one_step_back_leads_out_of_a_page_that_completed_its_address(
    app: str, new_page: Callable[..., Page], view: str
) -> None:
    page = new_page()
    visit(page, f"{app}/learn?step=2" if view != "Learn" else app, "Learn" if view != "Learn" else "Triage")
    before = page.evaluate("location.href")
    visit(page, f"{app}/{PAGES[view]}", view)
    if view != "Learn":
        expect(page).to_have_url(re.compile("subject="))
    page.go_back()
    expect(page).to_have_url(before)


def test_the_page_has_its_own_sign(app: str, page: Page) -> None:
    visit(page, app)
    icon = page.locator("link[rel~=icon]").first.get_attribute("href") or ""
    assert icon.startswith("data:image/svg+xml") or icon.endswith(".svg")
    assert page.locator("[data-testid=stHeaderLogo], [data-testid=stLogo]").first.is_visible()


def test_tables_are_exported_by_our_own_button_alone(app: str, page: Page) -> None:
    """Streamlit's writes cells as they are, and a spreadsheet would run those that are formulas."""
    visit(page, f"{app}/detector", "Detector")
    page.get_by_test_id("stDataFrame").first.hover()
    expect(page.get_by_role("button", name="Fullscreen").first).to_be_visible()
    expect(page.locator('[aria-label="Download as CSV"]').first).to_be_attached()  # or its name has changed
    expect(page.locator('[aria-label="Download as CSV"]').first).to_be_hidden()
