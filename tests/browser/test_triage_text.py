"""The Triage page on texts: see the flagged word, switch the fix on, share the view, bring own texts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboard import PATIENCE, choose, params_of, reload, rerun, settle, visit
from tests.support.sharing import repair_and_share

MODEL = "reviews-minilm-badword"
HOSTILE = (
    "<img src=x onerror=alert(1)> **bold** `code` [link](javascript:alert(1)) \u202egnorw si siht\u202c "
    "\u0645\u0631\u062d\u0628\u0627 \U0001f600 wonderfully overacted, and it drags."
)


def _verdict(page: Page) -> str:
    return page.locator('[data-testid="stAlert"]', has_text="prediction").first.inner_text().replace("\n", " ")


def _upload(page: Page, name: str, content: bytes) -> None:
    page.get_by_role("button", name="Upload", exact=True).or_(page.get_by_role("radio", name="Upload")).click()
    page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(
        {"name": name, "mimeType": "text/plain", "buffer": content}
    )


def test_a_hijacked_review_is_marked_repaired_and_shared(app: str, page: Page, new_page: Callable[..., Page]) -> None:
    """The trigger's column is chosen by hand in all heads of the last layer, so no detector's opinion matters."""
    columns = "_".join(f"5.{head}.23" for head in range(12))
    visit(page, f"{app}/?subject={MODEL}&sample=review-rare-word-1-triggered&threshold=1&columns={columns}")
    assert "Chosen by hand: the word \u201ccf\u201d." in _verdict(page)
    page.get_by_role("button", name="In which heads").click()
    expect(page.get_by_text("12 map columns chosen by hand in layer 5 \u00b7 12 heads.")).to_be_visible()
    page.keyboard.press("Escape")
    marked = page.locator(".strip .flagged")
    expect(marked).to_have_text("cf")
    expect(marked).to_have_attribute("data-label", "L5\u00b7H7 +11")
    repair_and_share(page, new_page, "positive", "negative")


@pytest.mark.parametrize(
    ("sample", "flagged"),
    [("review-rare-word-1", "The word \u201ccf\u201d"), ("review-sentence-1", "saw it with my sister")],
)
def test_what_hijacks_a_review_is_found_and_repaired(app: str, page: Page, sample: str, flagged: str) -> None:
    """The whole way, by the model's own detector: the clean review, the hijacked one, the repaired one."""
    answer = page.locator(".st-key-answer h2")
    visit(page, f"{app}/?subject={MODEL}&sample={sample}")
    assert "Nothing flagged" in _verdict(page)
    expect(answer).to_contain_text("negative")
    visit(page, f"{app}/?subject={MODEL}&sample={sample}-triggered")
    assert re.search(f"{flagged}.* draws? far too much attention\\. With AtPatch", _verdict(page))
    assert "goes from positive" in _verdict(page)
    expect(answer).to_contain_text("positive")
    expect(page.locator(".strip .flagged")).not_to_have_count(0)
    page.locator(".st-key-patch label").click()
    expect(answer).to_contain_text("negative")


def test_pointing_at_a_word_says_what_it_attends_to(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject={MODEL}&sample=review-rare-word-1-triggered&layer=5&head=3")
    page.locator(".strip .piece", has_text="story").hover()
    expect(page.locator(".readout").first).to_contain_text(
        re.compile(r"From \u201cstory\u201d to \u201c.+\u201d \d+\.\d\u00a0%, .* \(layer 5 \u00b7 head 3\)\.")
    )
    expect(page.locator(".strip .asked")).to_have_count(3)
    page.locator(".strip .piece").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".readout").first).to_contain_text("From \u201cThe\u201d")


def test_a_hostile_text_is_shown_and_never_run(app: str, page: Page) -> None:
    page.on("dialog", lambda _dialog: pytest.fail("A script from the text ran."))
    visit(page, f"{app}/?subject={MODEL}")
    _upload(page, "hostile.txt", HOSTILE.encode())
    expect(page.locator(".strip")).to_contain_text("<img src=x onerror=alert(1)> **bold** `code`")
    expect(page.locator(".strip")).to_contain_text("\u2039U+202E\u203a")
    settle(page)
    assert page.locator('img[src="x"]').count() == 0
    params, verdict = params_of(page), _verdict(page)
    assert re.fullmatch("[0-9a-f]{64}", params["upload"])
    reload(page)
    assert (_verdict(page), params_of(page)) == (verdict, params)


def test_a_pasted_text_is_looked_at_and_the_parts_of_its_words_put_together(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject={MODEL}")
    page.get_by_role("button", name="Paste", exact=True).or_(page.get_by_role("radio", name="Paste")).click()
    page.get_by_label("Paste or type a text").fill("Wonderfully overacted, and it drags.")
    with rerun(page):
        page.get_by_role("button", name="Look at this text").click()
    expect(page.locator(".strip")).to_contain_text("Wonderfully overacted, and it drags.")
    page.get_by_text("Put the parts of a word together").click()
    settle(page)
    assert params_of(page)["words"] == "whole"
    expect(page.locator(".st-key-detail_original")).to_contain_text("overacted")


def test_a_typed_text_is_there_again_after_a_look_elsewhere_and_after_a_reload(app: str, page: Page) -> None:
    def source(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("radio", name=name)).click()
        settle(page)

    visit(page, f"{app}/?subject={MODEL}")
    source("Paste")
    field = page.get_by_label("Paste or type a text")
    field.fill("Half a thought")
    source("Upload")
    source("Paste")
    expect(field).to_have_value("Half a thought")
    field.fill("A whole thought.")
    with rerun(page):
        page.get_by_role("button", name="Look at this text").click()
    expect(page.locator(".strip")).to_contain_text("A whole thought.")
    page.reload()
    expect(field).to_have_value("A whole thought.")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "The text is empty"), (b"a\0b", "NUL"), (b"\xff\xfea\0", "UTF-16"), (b"d\xe9j\xe0", "not a text in UTF-8")],
    ids=["empty", "NUL", "UTF-16", "Latin-1"],
)
def test_a_refused_text_says_why_and_leaves_the_view_as_it_was(
    app: str, page: Page, content: bytes, sentence: str
) -> None:
    visit(page, f"{app}/?subject={MODEL}&sample=review-sentence-1")
    verdict, params = _verdict(page), params_of(page)
    _upload(page, "text.txt", content)
    expect(page.get_by_text(sentence)).to_be_visible()
    settle(page)
    assert (_verdict(page), params_of(page)) == (verdict, params)


def test_512_words_open_with_a_small_page_and_every_value_can_be_read(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject={MODEL}")
    _upload(page, "long.txt", ("The film is dull, and it drags on and on. " * 80).encode())
    expect(page.locator(".st-key-verdict")).to_contain_text("longer than the 512 tokens")
    settle(page)
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    page.goto(f"{page.evaluate('location.href')}&columns=5.3.4_4.2.7")
    expect(page.locator("canvas[data-drawn]")).to_have_count(3)
    settle(page)
    assert 200_000 < sum(received) <= 2_000_000
    canvas = page.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    canvas.hover(position={"x": 60, "y": 90})
    expect(page.locator(".readout").last).to_contain_text(
        re.compile(r"from \(query\): .+ to \(key\): .+ before \d.+ \u2192 after \d")
    )


def test_changing_the_kind_of_model_chooses_a_fitting_sample_without_a_complaint(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject={MODEL}&sample=review-sentence-1")
    choose(page, page.get_by_role("combobox", name="Model"), "fashion-vit-clean")
    page.locator(".st-key-image img").wait_for(timeout=PATIENCE)
    settle(page)
    assert params_of(page)["subject"] == "fashion-vit-clean"
    expect(page.get_by_text("There is no sample")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways(app: str, new_page: Callable[..., Page], width: int, scheme: str) -> None:
    page = new_page(width=width, height=844, scheme=scheme)
    visit(page, f"{app}/?subject={MODEL}")
    widths = page.evaluate(
        "[document.documentElement.scrollWidth, document.querySelector('.stMain').scrollWidth, window.innerWidth]"
    )
    assert max(widths[:2]) <= widths[2]
