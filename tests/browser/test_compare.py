"""Comparing: a pinned view, another model, and edited copies with the way back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.dashboard import choose, params_of, settle, visit

_TRIGGERED = "subject=fashion-vit-badnets&sample=ankle-boot-triggered&layer=0&head=0"


def _choose(page: Page, box: str, option: str) -> None:
    choose(page, page.get_by_role("combobox", name=re.compile(f"{box}$")), option)
    settle(page)


def test_a_pinned_view_is_compared_with_the_next_one_and_the_link_keeps_both(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject=fashion-vit-badnets&sample=ankle-boot&layer=0&head=0")
    page.get_by_role("button", name="Pin as reference").click()
    settle(page)
    _choose(page, "Sample image", "Ankle boot, with the trigger")
    compare = page.locator(".st-key-compare")
    expect(compare).to_contain_text(re.compile("The reference answers Ankle boot .* this one T-shirt/top"))
    expect(compare.get_by_role("figure", name=re.compile("Layer 0, head 0"))).to_have_count(3)
    assert params_of(page)["reference"] == "fashion-vit-badnets/sample/ankle-boot"
    page.reload()
    expect(compare).to_contain_text("The reference answers Ankle boot")
    page.get_by_role("button", name="Swap the two").click()
    expect(compare).to_contain_text(re.compile("The reference answers T-shirt/top .* this one Ankle boot"))
    settle(page)
    page.get_by_role("button", name="Unpin").click()
    settle(page)
    assert "reference" not in params_of(page)


def test_pinning_and_unpinning_by_keyboard_keep_the_place(app: str, page: Page) -> None:
    visit(page, f"{app}/?{_TRIGGERED}")
    page.get_by_role("button", name="Pin as reference").press("Enter")
    expect(page.get_by_role("button", name="Unpin")).to_be_focused()
    settle(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pin as reference")).to_be_focused()
    settle(page)
    assert "reference" not in params_of(page)


def test_the_same_input_in_another_model(app: str, page: Page) -> None:
    visit(page, f"{app}/?{_TRIGGERED}")
    page.get_by_text("Compare with another input or model").click()
    _choose(page, "This input in another model", "fashion-vit-clean")
    compare = page.locator(".st-key-compare")
    expect(compare).to_contain_text(re.compile("The reference answers Ankle boot .* this one T-shirt/top"))
    assert params_of(page)["reference"] == "fashion-vit-clean/sample/ankle-boot-triggered"


def test_erasing_the_flagged_patch_ends_the_attack_and_leads_back(app: str, page: Page) -> None:
    visit(page, f"{app}/?{_TRIGGERED}")
    page.get_by_text("Edit this input").click()
    page.get_by_role("button", name="Look at the edited copy").click()
    expect(page.locator(".st-key-answer h2")).to_contain_text("Ankle boot")
    settle(page)
    params = params_of(page)
    assert params["parent"] == params["reference"] == "fashion-vit-badnets/sample/ankle-boot-triggered"
    page.reload()
    expect(page.locator(".st-key-compare")).to_contain_text(
        re.compile("The reference answers T-shirt/top .* this one Ankle boot")
    )
    page.get_by_role("button", name="Back to the original").click()
    expect(page.locator(".st-key-answer h2")).to_contain_text("T-shirt/top")
    settle(page)
    assert params_of(page)["sample"] == "ankle-boot-triggered"
    assert not {"parent", "reference"} & set(params_of(page))


def test_a_copy_of_a_copy_leads_back_to_the_original(app: str, page: Page) -> None:
    visit(page, f"{app}/?{_TRIGGERED}")
    page.get_by_text("Edit this input").click()
    page.get_by_role("button", name="Look at the edited copy").click()  # the flagged patch is filled in
    expect(page.locator(".st-key-answer h2")).to_contain_text("Ankle boot")
    settle(page)
    first = params_of(page)["upload"]
    box = page.get_by_role("combobox", name=re.compile("Patches to erase"))
    box.click()
    box.press_sequentially("row 4, column 3", delay=30)
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stMultiSelect").get_by_text("row 4, column 3").first).to_be_visible()
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("button", name="Look at the edited copy").click()
    page.wait_for_url(lambda url: first not in url)
    settle(page)
    assert params_of(page)["parent"] == "fashion-vit-badnets/sample/ankle-boot-triggered"
    page.get_by_role("button", name="Back to the original").click()
    expect(page.locator(".st-key-answer h2")).to_contain_text("T-shirt/top")
    settle(page)
    assert params_of(page)["sample"] == "ankle-boot-triggered"


def test_what_is_pinned_and_what_was_looked_at_are_there_again_after_another_kind_of_model(
    app: str, page: Page
) -> None:
    visit(page, f"{app}/?subject=fashion-vit-badnets&sample=bag-triggered")
    page.get_by_role("button", name="Pin as reference").click()
    settle(page)
    _choose(page, "Model", "reviews-minilm-badword")
    expect(page.get_by_text("takes another kind of input")).to_be_visible()
    settle(page)
    _choose(page, "Model", "fashion-vit-badnets")
    expect(page.get_by_text("This view is pinned as the reference.")).to_be_visible()
    settle(page)
    params = params_of(page)
    assert (params["sample"], params["reference"]) == ("bag-triggered", "fashion-vit-badnets/sample/bag-triggered")


def test_a_dropped_word_and_a_flipped_field(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject=reviews-minilm-badword&sample=review-rare-word-1-triggered")
    before = page.locator(".st-key-answer h2").inner_text()
    page.get_by_text("Edit this input").click()
    # The flagged word is filled in already, so one click tries the model without it.
    expect(page.get_by_test_id("stMultiSelect").get_by_text("cf", exact=True)).to_be_visible()
    settle(page)
    box = page.get_by_role("combobox", name=re.compile("Words to drop"))
    box.click()
    box.press_sequentially("orig", delay=30)
    expect(page.get_by_role("option")).to_have_text("unoriginal")  # which is three columns of the maps
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("button", name="Look at the edited copy").click()
    expect(page.locator(".st-key-answer h2")).not_to_have_text(before)
    expect(page.locator(".st-key-text")).to_contain_text(re.compile("also\\s+as\\s+as\\s+they"))

    visit(page, f"{app}/?subject=adult-tabular-sex")
    before = page.locator(".st-key-answer h2").inner_text()
    page.get_by_text("Edit this input").click()
    settle(page)
    page.get_by_role("button", name="Look at the edited copy").click()
    expect(page.locator(".st-key-answer h2")).not_to_have_text(before)
    expect(page.locator(".st-key-compare")).to_contain_text("The reference answers")


def test_a_reference_that_is_gone_is_told_in_a_sentence(app: str, page: Page) -> None:
    visit(page, f"{app}/?{_TRIGGERED}&reference=no-such-model/sample/x")
    expect(page.locator(".st-key-compare")).to_contain_text("is not here: pin another view")
    visit(page, f"{app}/?{_TRIGGERED}&reference=fashion-vit-clean/upload/{'0' * 64}")
    expect(page.locator(".st-key-compare")).to_contain_text("no longer here: pin another one")
