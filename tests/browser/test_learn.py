"""The tour as a lecturer and a learner use it: step by step, with keys, sliders and questions."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboard import PATIENCE, params_of, rerun, settle, visit

_STEPS = 7


def _text(page: Page) -> str:
    return page.locator(".st-key-lesson").inner_text().replace("\u00a0", " ")


def _open(page: Page, address: str) -> None:
    """Open the tour and wait for its buttons: with them come the keys."""
    visit(page, address, "Learn")
    page.get_by_role("button", name=re.compile("^Step 1:")).wait_for(timeout=PATIENCE)


def _set(page: Page, slider: str, key: str) -> None:
    """Move a slider to its start ("Home") or end ("End") with the keyboard."""
    page.get_by_role("slider", name=slider).focus()
    with rerun(page):
        page.keyboard.press(key)


def test_every_step_fits_the_screen_of_a_lecture_and_runs_without_a_fault(
    app: str, new_page: Callable[..., Page]
) -> None:
    page = new_page(1280, 720)
    for step in range(1, _STEPS + 1):
        visit(page, f"{app}/learn?step={step}", "Learn")
        expect(page.locator(".st-key-lesson .stException, .st-key-lesson [data-testid=stAlert]")).to_have_count(0)
        page.locator(".st-key-lesson img, .st-key-lesson .js-plotly-plot, .st-key-lesson table").first.wait_for()
        settle(page)
        tall, seen = page.locator("[data-testid=stMain]").evaluate("one => [one.scrollHeight, one.clientHeight]")
        assert tall <= seen, f"Step {step} is {tall} pixels tall."


def test_arrow_keys_and_buttons_go_through_the_steps_and_the_address_follows(app: str, page: Page) -> None:
    _open(page, f"{app}/learn")
    heading = page.locator(".st-key-lesson_title h2")
    titles = [heading.inner_text()]
    for step in range(2, 4):
        page.keyboard.press("ArrowRight")
        expect(heading).not_to_have_text(titles[-1])
        titles.append(heading.inner_text())
        settle(page)
        assert params_of(page)["step"] == str(step)
    page.keyboard.press("PageUp")
    expect(heading).to_have_text(titles[1])
    page.get_by_role("button", name="Next step").click()
    expect(heading).to_have_text(titles[2])
    page.get_by_role("button", name=re.compile("^Step 7:")).click()
    expect(page.get_by_role("button", name="Next step")).to_be_disabled()
    page.go_back()
    expect(heading).to_have_text(titles[2])
    page.reload()
    expect(heading).to_have_text(titles[2])


@pytest.mark.parametrize("pause", [0, 40, 150, 400], ids="{} ms".format)
def test_keys_that_come_faster_than_pages_are_all_counted(app: str, page: Page, pause: int) -> None:
    _open(page, f"{app}/learn?step=7")
    for key in ["ArrowLeft"] * 5 + ["ArrowRight"] * 3 + ["ArrowLeft"]:
        page.keyboard.press(key)
        page.wait_for_timeout(pause)
    expect(page.get_by_text("Step 4 of 7.")).to_be_visible()
    settle(page)
    assert params_of(page)["step"] == "4"


def test_arrow_keys_in_a_slider_move_the_slider(app: str, page: Page) -> None:
    visit(page, f"{app}/learn?step=3", "Learn")
    slider = page.get_by_role("slider", name="Strength of the trigger")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value("95")
    settle(page)
    assert params_of(page)["step"] == "3"


def test_rows_sum_to_one_whatever_is_moved(app: str, page: Page) -> None:
    visit(page, f"{app}/learn?step=1", "Learn")
    image = page.get_by_alt_text(re.compile("Attention map of five words"))
    before = image.get_attribute("alt") or ""
    _set(page, "good", "End")
    expect(image).not_to_have_attribute("alt", before)
    rows = [
        [float(one) for one in re.findall(r"\d\.\d\d", row)] for row in (image.get_attribute("alt") or "").split(". ")
    ]
    rows = [row for row in rows if row]
    assert [len(row) for row in rows] == [5] * 5
    assert all(abs(sum(row) - 1) < 0.03 for row in rows)


def test_the_trigger_hijacks_by_strength_and_place(app: str, page: Page) -> None:
    visit(page, f"{app}/learn?step=3", "Learn")
    assert "now T-shirt/top" in _text(page)
    _set(page, "Strength of the trigger", "Home")
    expect(page.locator(".st-key-lesson")).to_contain_text(re.compile("now Ankle boot"))
    _set(page, "Strength of the trigger", "End")
    _set(page, "Pixels from the left", "Home")
    expect(page.locator(".st-key-lesson")).to_contain_text(re.compile("now Ankle boot"))
    page.get_by_role("button", name=re.compile("^Step 2:")).click()
    settle(page)
    page.get_by_role("button", name=re.compile("^Step 3:")).click()
    expect(page.get_by_role("slider", name="Pixels from the left")).to_have_value("0")


def test_the_base_rate_is_computed_from_the_sliders(app: str, page: Page) -> None:
    visit(page, f"{app}/learn?step=4", "Learn")
    assert "33.5 % of the alarms are real" in _text(page)
    assert "Flagged: 100.0 % of the triggered, 0.0 % of the clean images." in _text(page)
    _set(page, "Clean inputs flagged", "Home")
    assert "100.0 % of the alarms are real" in _text(page)
    _set(page, "Threshold", "Home")
    assert "100.0 % of the clean images." in _text(page)


def test_the_switch_repairs_the_model_and_the_limits_are_told(app: str, page: Page) -> None:
    visit(page, f"{app}/learn?step=5", "Learn")
    assert "The model answers T-shirt/top" in _text(page)
    page.get_by_text("AtPatch on", exact=False).first.click()
    expect(page.locator(".st-key-lesson")).to_contain_text("The model answers Ankle boot")
    visit(page, f"{app}/learn?step=6", "Learn")
    assert re.search(r"answers T-shirt/top .* Flagged: 0\. With AtPatch: T-shirt/top", _text(page).replace("\n", " "))
    assert "of all 200 in this layer, 0 change the answer" in _text(page)


def test_a_flipped_sex_changes_the_answer_only_without_the_fix(app: str, page: Page) -> None:
    visit(page, f"{app}/learn?step=7", "Learn")
    rows = page.locator(".st-key-lesson table tbody tr")
    cells = [row.locator("td, th").all_inner_texts() for row in rows.all()]
    labels = [[cell.split()[0] for cell in row[1:]] for row in cells]
    assert labels[0][0] != labels[1][0]
    assert labels[0][1] == labels[1][1]
    page.get_by_text("Flip the sex in this record").click()
    expect(rows.first).not_to_contain_text(cells[0][0])


def test_questions_tell_right_from_wrong(app: str, page: Page) -> None:
    visit(page, f"{app}/learn?step=4", "Learn")
    page.get_by_role("button", name="Check yourself").click()
    page.get_by_text("About two.").click()
    expect(page.get_by_text("Not quite")).to_be_visible()
    page.get_by_text("About one.").click()
    expect(page.get_by_text(re.compile("^Right. Of 10,000 inputs"))).to_be_visible()


def test_a_step_that_does_not_exist_shows_the_first(app: str, page: Page) -> None:
    visit(page, f"{app}/learn?step=99", "Learn")
    expect(page.get_by_role("heading", name="Attention: who looks at whom")).to_be_visible()


def test_without_models_the_tour_says_what_is_missing(empty_app: str, page: Page) -> None:
    visit(page, f"{empty_app}/learn?step=3", "Learn")
    expect(page.locator(".st-key-lesson")).to_contain_text("sample_models build fashion-vit-badnets")
