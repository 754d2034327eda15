"""What the verdict says on the page: the parts of the input by name, and everything within which it holds."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.support.dashboard import choose, params_of, settle, visit

IMAGES, TEXTS, RECORDS = "fashion-vit-badnets", "reviews-minilm-badword", "adult-tabular-sex"


def _source(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("radio", name=name)).click()
    settle(page)


def _upload(page: Page, name: str, content: bytes) -> None:
    if not page.locator('[data-testid="stFileUploader"]').count():
        _source(page, "Upload")
    page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    page.wait_for_url(re.compile("upload=[0-9a-f]{64}"))
    settle(page)


def _image() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (28, 28), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("view", "part"),
    [
        (f"subject={IMAGES}", "the patch at row 6, column 6 (bottom right)"),
        (f"subject={TEXTS}&sample=review-rare-word-1-triggered", "the word \u201ccf\u201d"),
        (f"subject={RECORDS}&sample=record-female-decided-1", "the fields \u201csex\u201d and \u201crace\u201d"),
    ],
)
def test_a_link_with_another_threshold_says_so_and_one_click_leads_back(
    app: str, page: Page, view: str, part: str
) -> None:
    verdict = page.locator(".st-key-verdict")
    visit(page, f"{app}/?{view}&threshold=0")
    expect(verdict).to_contain_text(re.compile(r"holds for a threshold of 0; the calibrated one is 0\.\d+, which"))
    expect(verdict).to_contain_text(re.compile(r"(\d more|\d\d words.*) are flagged\."))
    expect(verdict).not_to_contain_text("far too much attention")
    visit(page, f"{app}/?{view}&threshold=1")
    expect(verdict).to_contain_text("Nothing flagged")
    expect(verdict).to_contain_text(re.compile(rf"a threshold of 1; .*{re.escape(part)} would be flagged"))
    page.get_by_role("button", name="Use the calibrated threshold").click()
    expect(verdict).to_contain_text(re.compile(f"{re.escape(part[1:])} draws? "))
    expect(verdict).not_to_contain_text("threshold")
    settle(page)
    assert "threshold" not in params_of(page)


def test_two_triggers_in_one_text_are_both_named_and_their_heads_told_on_a_click(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject={TEXTS}")
    words = [f"5.{head}.{key}" for head in range(12) for key in (2, 5)]
    _source(page, "Paste")
    page.get_by_label("Paste or type a text").fill("dull cf and tame mn was slow")
    page.get_by_role("button", name="Look at this text").click()
    expect(page.locator(".strip")).to_contain_text("tame mn")
    settle(page)
    page.goto(f"{page.evaluate('location.href')}&threshold=1&columns={'_'.join(words)}")
    expect(page.locator(".st-key-verdict")).to_contain_text(
        "hosen by hand: the words \u201ccf\u201d and \u201cmn\u201d."
    )
    page.get_by_role("button", name="In which heads").click()
    expect(page.get_by_role("row").filter(has_text="layer 5 \u00b7 heads 0 to 11")).to_have_count(2)


def test_a_text_that_was_cut_says_so_in_the_verdict(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject={TEXTS}")
    _upload(page, "long.txt", b"A film like any other. " * 300)
    expect(page.locator(".st-key-verdict")).to_contain_text(
        re.compile(r"longer than the 512 tokens .* only its first [\d,]+ of 6,900 characters are read")
    )


def test_a_link_keeps_the_name_of_the_file_for_others(app: str, page: Page, new_page: Callable[..., Page]) -> None:
    name = "<b>*boot*</b> [1](2).png"
    visit(page, f"{app}/?subject={IMAGES}")
    _upload(page, name, _image())
    expect(page.locator(".st-key-image")).to_contain_text(name)
    colleague = new_page()
    visit(colleague, page.evaluate("location.href"))
    expect(colleague.locator(".st-key-image")).to_contain_text(name)
    expect(colleague.locator(".st-key-choices")).to_contain_text(f"Shown below: {name}.")
    assert colleague.locator(".st-key-image b, .st-key-image em").count() == 0
    # The same content under another name: that one for who brought it, the first for who opens a link.
    _upload(colleague, "another.png", _image())
    expect(colleague.locator(".st-key-image")).to_contain_text("another.png")
    page.reload()
    expect(page.locator(".st-key-image")).to_contain_text(name)


def test_what_is_typed_marks_the_verdict_as_the_one_before_until_it_is_looked_at(app: str, page: Page) -> None:
    mark = page.locator(".stale-note[data-outdated]")
    visit(page, f"{app}/?subject={TEXTS}")
    _source(page, "Paste")
    field = page.get_by_label("Paste or type a text")
    expect(mark).to_have_count(0)
    field.press_sequentially("A dull film")
    expect(mark).to_contain_text("For the text before your change")
    expect(page.locator(".st-key-verdict")).to_have_css("opacity", "0.5")
    _source(page, "Upload")
    expect(mark).to_have_count(0)
    _source(page, "Paste")
    expect(mark).to_be_visible()  # the text is there again, and was not looked at
    field.press("End")
    field.press_sequentially(" that drags.")
    field.press("Control+Enter")
    expect(page.locator(".strip")).to_contain_text("A dull film that drags.")
    expect(mark).to_have_count(0)
    expect(page.locator(".st-key-verdict")).to_have_css("opacity", "1")
    field.press_sequentially("More")
    expect(mark).to_be_visible()
    for _ in "More":
        field.press("Backspace")
    expect(mark).to_have_count(0)
    field.press_sequentially("And more")
    page.get_by_role("button", name="Look at this text").click()
    expect(page.locator(".strip")).to_contain_text("And more")
    expect(mark).to_have_count(0)


def test_a_changed_record_marks_the_verdict_as_the_one_before(app: str, page: Page) -> None:
    mark = page.locator(".stale-note[data-outdated]")
    visit(page, f"{app}/?subject={RECORDS}&sample=record-female-decided-1")
    _source(page, "Form")
    expect(mark).to_have_count(0)
    age = page.get_by_label("age, 17 to 90", exact=True)
    before = age.input_value()
    age.fill("55")
    expect(mark).to_contain_text("For the record before your change")
    age.fill(before)
    expect(mark).to_have_count(0)
    choose(page, page.get_by_role("combobox", name="sex", exact=True), "Male")
    expect(mark).to_be_visible()
    page.get_by_role("button", name="Look at this record").click()
    page.wait_for_url(re.compile("upload=[0-9a-f]{64}"))
    expect(mark).to_have_count(0)


def test_a_row_that_was_not_looked_at_marks_the_verdict_as_the_one_before(app: str, page: Page) -> None:
    mark = page.locator(".stale-note[data-outdated]")
    visit(page, f"{app}/?subject={RECORDS}&sample=record-female-decided-1")
    _source(page, "Form")
    names = [label.split(",")[0] for label in _labels(page)]
    values = _values(page)
    other = [*values]
    other[names.index("sex")] = "Male"
    table = "\n".join(",".join(row) for row in (names, values, other))
    _source(page, "Upload")
    page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": table.encode()}
    )
    row = page.get_by_label("Row, 1 to 2")
    expect(row).to_have_value("1")
    expect(mark).to_have_count(0)  # the first row is the record that is shown
    row.fill("2")
    expect(mark).to_contain_text("Look at this row")
    page.get_by_role("button", name="Look at this row").click()
    expect(page.locator(".st-key-findings")).to_contain_text("people.csv, row 2")
    expect(mark).to_have_count(0)


def _labels(page: Page) -> list[str]:
    fields = page.locator(".st-key-typed input[aria-label]")
    labels: list[str] = fields.evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
    return labels


def _values(page: Page) -> list[str]:
    values: list[str] = page.locator(".st-key-typed input[aria-label]").evaluate_all(
        "all => all.map((one) => one.value)"
    )
    return values
