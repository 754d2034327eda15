"""The Triage page as a person uses it: see the flag, switch the fix on, share the view, bring own images."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, WebSocketRoute, expect

import atpatch_core as atpatch
from atpatch_core.detector.growth import Growth
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.evaluation.attacks import attacks_of
from atpatch_core.evaluation.datasets import read_labelled_images
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.evaluation.image_attacks import with_variations
from tests.support.dashboard import choose, params_of, reload, rerun, serve_quickly, settle, visit
from tests.support.image_files import refused

from .conftest import environment


def _answer(page: Page) -> str:
    return page.locator(".st-key-answer h2").inner_text()


def _verdict(page: Page) -> str:
    return page.locator(".st-key-verdict").inner_text()


def _heads(page: Page) -> str:
    """What is behind "In which heads"."""
    page.get_by_role("button", name="In which heads").click()
    shown = page.locator('[data-testid="stPopoverBody"]')
    expect(shown).to_contain_text("Part of the input")
    text = shown.inner_text()
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    return text


def _expect_as_before(page: Page, verdict: str, answer: str, params: dict[str, str]) -> None:
    """What has run has left these as they were."""
    expect(page.locator(".st-key-verdict")).to_have_text(verdict, use_inner_text=True)
    expect(page.locator(".st-key-answer h2")).to_have_text(answer, use_inner_text=True)
    assert params_of(page) == params


def _switch(page: Page) -> None:
    before = _answer(page)
    page.locator(".st-key-patch label").click()
    expect(page.locator(".st-key-answer h2")).not_to_have_text(before)
    settle(page)


def _image(seed: int = 0) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (28, 28), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def _upload(page: Page, name: str, content: bytes) -> None:
    if not page.locator('[data-testid="stFileUploader"]').count():
        page.get_by_role("button", name="Upload", exact=True).or_(page.get_by_role("radio", name="Upload")).click()
    page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )


def test_the_first_view_shows_a_flagged_image_and_the_switch_repairs_the_answer(
    app: str, page: Page, new_page: Callable[..., Page]
) -> None:
    visit(page, app)
    assert "draws far too much attention" in _verdict(page)
    assert re.search(r"\d map columns? flagged in layer \d", _heads(page))
    hijacked = _answer(page)
    assert hijacked.split("\u00a0")[0] in _verdict(page).replace("\n", " ")
    assert params_of(page)["patch"] == "off"

    _switch(page)
    repaired = _answer(page)
    assert repaired.rsplit(" ", 1)[0] != hijacked.rsplit(" ", 1)[0]
    params, verdict = params_of(page), _verdict(page)
    assert params["patch"] == "on"
    assert {"subject", "sample", "layer", "head"} <= set(params)
    assert "threshold" not in params

    link = page.evaluate("location.href")
    reload(page)
    expect(page.locator(".st-key-answer h2")).to_have_text(repaired)
    assert (_verdict(page), params_of(page)) == (verdict, params)

    colleague = new_page()
    visit(colleague, link)
    expect(colleague.locator(".st-key-answer h2")).to_have_text(repaired)
    assert (_verdict(colleague), params_of(colleague)) == (verdict, params)


def test_a_widget_used_before_the_new_address_has_arrived_does_not_lead_back(app: str, page: Page) -> None:
    held: list[str | bytes] = []
    holds = False

    def answer_of(browser: WebSocketRoute) -> None:
        def pass_on(message: str | bytes) -> None:
            held.append(message)
            if not holds:
                release(browser)

        sockets.append(browser)
        browser.connect_to_server().on_message(pass_on)

    def release(browser: WebSocketRoute) -> None:
        while held:
            browser.send(held.pop(0))

    sockets: list[WebSocketRoute] = []
    page.route_web_socket(re.compile("/_stcore/stream"), answer_of)
    visit(page, app)
    holds = True
    before = _answer(page)
    page.locator(".st-key-patch label").click()
    count = -1
    while count < len(held) or not held:
        count = len(held)
        page.wait_for_timeout(1000)
    page.get_by_text("Causal check").first.click()
    page.wait_for_timeout(500)
    holds = False
    release(sockets[-1])
    section = page.locator(".st-key-causal")
    expect(section.get_by_role("table")).to_be_visible()
    settle(page)
    assert params_of(page)["patch"] == "on"
    assert _answer(page) != before


def test_the_back_button_returns_to_the_view_before(app: str, page: Page) -> None:
    visit(page, app)
    before = _answer(page)
    _switch(page)
    page.go_back()
    expect(page.locator(".st-key-answer h2")).to_have_text(before)
    settle(page)
    assert params_of(page)["patch"] == "off"


def test_a_map_opens_with_a_click_and_with_the_keyboard(app: str, page: Page) -> None:
    visit(page, app)
    page.get_by_role("button", name=re.compile("^Layer 2, head 1:")).click()
    expect(page.get_by_role("heading", name="Layer 2 \u00b7 head 1 in detail")).to_be_visible()
    settle(page)
    assert (params_of(page)["layer"], params_of(page)["head"]) == ("2", "1")
    page.get_by_role("button", name=re.compile("^Layer 2, head 1:")).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Layer 3 \u00b7 head 2 in detail")).to_be_visible()


def test_the_switch_works_with_the_keyboard_alone(app: str, page: Page) -> None:
    visit(page, app)
    hijacked = _answer(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.st-key-patch') !== null"):
            break
    page.keyboard.press("Space")
    expect(page.locator(".st-key-answer h2")).not_to_have_text(hijacked)
    expect(page.get_by_role("switch", name="AtPatch on")).to_be_checked()


def test_every_image_has_words_for_who_cannot_see_it(app: str, page: Page) -> None:
    visit(page, app)
    expect(page.get_by_alt_text(re.compile("Ankle boot, with the trigger; patches outlined: 1"))).to_be_visible()
    charts = page.locator('[data-testid="stPlotlyChart"]')
    expect(charts).to_have_count(5)
    named = page.get_by_role("figure", name=re.compile("Class probabilities|Attention map|detector scores"))
    expect(named).to_have_count(5)


def test_the_hover_names_query_key_and_both_values(app: str, page: Page) -> None:
    visit(page, app)
    chart = page.locator(".st-key-detail_original .nsewdrag").first
    chart.scroll_into_view_if_needed()
    expect(page.locator(".st-key-detail_original .heatmaplayer image")).to_have_count(1)
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    expect(page.locator(".st-key-detail_original .hoverlayer")).to_contain_text(
        re.compile(
            r"from \(query\): row \d, column \d.*to \(key\): row \d, column \d.*before 0\.\d+ \u2192 after 0\.\d+"
        )
    )


def test_an_uploaded_image_survives_a_reload_and_opens_in_another_browser(
    app: str, page: Page, new_page: Callable[..., Page]
) -> None:
    visit(page, app)
    _upload(page, "mine.png", _image())
    page.wait_for_url(re.compile("upload=[0-9a-f]{64}"))
    settle(page)
    expect(page.locator(".st-key-image")).to_contain_text("mine.png")
    verdict, params = _verdict(page), params_of(page)
    assert re.fullmatch("[0-9a-f]{64}", params["upload"])
    assert "sample" not in params
    reload(page)
    assert (_verdict(page), params_of(page)) == (verdict, params)
    colleague = new_page()
    visit(colleague, page.evaluate("location.href"))
    assert (_verdict(colleague), params_of(colleague)) == (verdict, params)


def test_refused_uploads_say_why_and_leave_the_view_as_it_was(app: str, page: Page) -> None:
    visit(page, app)
    _switch(page)
    verdict, answer, params = _verdict(page), _answer(page), params_of(page)
    reason = ""
    for name in ("empty", "text", "truncated-png", "animated-webp", "hundred-megapixels", "bomb"):
        content, reason = refused()[name]
        with rerun(page):
            _upload(page, f"{name}.png", content)
        expect(page.locator('[data-testid="stAlert"]').first).to_contain_text(re.compile(reason))
        _expect_as_before(page, verdict, answer, params)
    _upload(page, "good.png", _image(1))
    expect(page.get_by_text(re.compile(reason))).not_to_be_visible()
    page.wait_for_url(re.compile("upload=[0-9a-f]{64}"))


@pytest.mark.parametrize(
    ("query", "sentences"),
    [
        ("subject=../../etc", ["There is no model \u201c../../etc\u201d here"]),
        (
            "sample=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
            ["There is no sample \u201c<img src=x onerror=alert(1)>\u201d"],
        ),
        ("upload=" + "0" * 64, ["no longer stored here"]),
        ("layer=99&head=99", ["This model has no layer 99, head 99"]),
        ("columns=9.9.9999", ["No column is chosen by hand now"]),
        (
            "upload=../secret&layer=x&head=1&threshold=nan&patch=maybe&columns=1.2",
            [
                "which is not valid: showing a sample",
                "which is not valid: choosing one",
                "which is not valid: using the calibrated one",
                "AtPatch stays off",
                "no column is chosen by hand",
            ],
        ),
    ],
    ids=["subject", "sample", "upload", "map", "columns", "nonsense"],
)
def test_a_link_that_asks_for_what_is_not_there_falls_back_and_says_so(
    app: str, page: Page, query: str, sentences: list[str]
) -> None:
    page.on("dialog", lambda _dialog: pytest.fail("A script from the link ran."))
    visit(page, f"{app}/?{query}")
    for sentence in sentences:
        expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.locator(".st-key-answer h2")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("in detail"))).to_be_visible()
    assert page.locator('img[src="x"]').count() == 0


def test_the_threshold_of_a_link_is_used_and_can_be_reset(app: str, page: Page) -> None:
    visit(page, f"{app}/?threshold=1")
    assert "Nothing flagged" in _verdict(page)
    expect(page.get_by_text("Changed by hand: 1.000")).to_be_visible()
    page.get_by_role("button", name="Reset to the calibrated threshold").click()
    expect(page.get_by_text("This is the calibrated threshold.")).to_be_visible()
    settle(page)
    assert re.search(r"columns? flagged", _heads(page))
    assert "threshold" not in params_of(page)


def test_the_threshold_moves_by_the_keyboard_and_comes_to_rest_where_it_was_calibrated(app: str, page: Page) -> None:
    visit(page, app)
    slider = page.get_by_role("slider", name=re.compile("Flag columns"))
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"threshold=0\.\d+"))
    expect(page.get_by_text("Changed by hand: 0.")).to_be_visible()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("This is the calibrated threshold.")).to_be_visible()
    settle(page)
    assert "threshold" not in params_of(page)


def test_columns_of_a_link_are_redistributed_and_can_be_cleared(app: str, page: Page) -> None:
    visit(page, f"{app}/?threshold=1&columns=0.0.49_2.1.3")
    assert re.search("Chosen by hand: the patch(es)? at row ", _verdict(page))
    assert "2 map columns chosen by hand in layer 0 \u00b7 head 0 and layer 2 \u00b7 head 1" in _heads(page)
    expect(page.get_by_text("layer 2 \u00b7 head 1 \u00b7 row 0, column 2")).to_be_visible()
    assert params_of(page)["columns"] == "0.0.49_2.1.3"
    page.get_by_role("button", name="Clear the choice").click()
    expect(page.locator(".st-key-verdict")).to_contain_text("Nothing flagged")
    settle(page)
    assert "columns" not in params_of(page)


def test_a_column_can_be_chosen_by_name(app: str, page: Page) -> None:
    visit(page, f"{app}/?threshold=1")
    chooser = page.get_by_role("combobox", name=re.compile("Also redistribute in layer 0"))
    chooser.click()
    # Only what is in sight of the list is in the page; a person types to narrow it down.
    chooser.press_sequentially("row 0, column 3", delay=20)
    page.get_by_role("option", name="row 0, column 3", exact=True).click()
    expect(page.locator(".st-key-verdict")).to_contain_text("hosen by hand: the patch at row ")
    settle(page)
    assert params_of(page)["columns"] == "0.0.4"


def test_the_causal_check_lists_each_flagged_column_with_both_answers(app: str, page: Page) -> None:
    visit(page, app)
    flagged = re.search(r"(\d+) map columns? flagged", _heads(page))
    assert flagged is not None
    page.get_by_text("Causal check: attention is evidence, not proof").click()
    rows = page.locator('[data-testid="stTable"] tbody tr')
    expect(rows).to_have_count(int(flagged[1]) + 1)
    expect(rows.last).to_contain_text(re.compile(rf"all {flagged[1]} together.*yes"))
    expect(rows.first).to_contain_text(re.compile(r"layer \d \u00b7 head \d \u00b7 row \d, column \d"))


def test_attribution_singles_out_the_trigger_and_says_how_far_it_agrees(app: str, page: Page) -> None:
    visit(page, app)
    section = page.locator(".st-key-attribution")
    expect(section.locator("img, .js-plotly-plot")).to_have_count(0)
    page.get_by_text("Attribution: what the answer is made of").click()
    section.get_by_role("button", name="Attribute the answer").click()
    strongest = re.compile(r"Attributions, the strongest without AtPatch: row 6, column 6 \+")
    expect(section.get_by_role("figure", name=strongest)).to_be_visible()
    expect(section.locator(".ytick").first).to_have_text("\u25bc row 6, column 6")
    expect(section.get_by_text(re.compile(r"convergence delta 0\.0\d\d")).first).to_be_visible()
    expect(section.locator('[data-testid="stMetricValue"]').first).to_have_text("1.00")
    expect(section.get_by_text("Attribution, which knows nothing of the flags, agrees")).to_be_visible()
    expect(section.get_by_alt_text(re.compile("patches tinted by their attribution"))).to_have_count(2)
    expect(section.locator('[data-testid="stTable"] tbody tr')).to_have_count(5)


def test_with_nothing_to_redistribute_the_switch_says_why_it_is_off(app: str, page: Page) -> None:
    visit(page, f"{app}/?threshold=1")
    expect(page.get_by_text("Nothing is flagged, so there is nothing to redistribute.")).to_be_visible()
    expect(page.get_by_role("switch", name="Switch AtPatch on")).to_be_disabled()
    # A switch that was on is off here, and on again where it does something.
    visit(page, f"{app}/?threshold=1&patch=on")
    expect(page.get_by_role("switch", name="Switch AtPatch on")).to_be_disabled()
    page.get_by_role("button", name="Use the calibrated threshold").click()
    expect(page.get_by_role("switch", name="AtPatch on")).to_be_checked()
    # Where every column of a map is marked, nothing changes, either.
    visit(page, f"{app}/?threshold=0")
    expect(page.get_by_text("All columns of a map are marked, so none is left")).to_be_visible()
    expect(page.get_by_role("switch", name="Switch AtPatch on")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_never_scrolls_sideways(app: str, new_page: Callable[..., Page], width: int, scheme: str) -> None:
    page = new_page(width=width, height=844, scheme=scheme)
    visit(page, app)
    page.get_by_text("Causal check: attention is evidence, not proof").click()
    settle(page)
    widths = page.evaluate(
        "[document.documentElement.scrollWidth, document.querySelector('.stMain').scrollWidth, window.innerWidth]"
    )
    assert max(widths[:2]) <= widths[2]


def test_a_damaged_model_is_refused_in_a_sentence_and_the_view_stays(odd_app: str, page: Page) -> None:
    visit(page, f"{odd_app}/?subject=c-whole")
    verdict, answer, params = _verdict(page), _answer(page), params_of(page)
    for name in ("a-damaged", "b-damaged-detector"):
        with rerun(page):
            choose(page, page.get_by_role("combobox", name="Model", exact=True), name)
        refusal = page.locator('[data-testid="stAlert"]').first
        expect(refusal).to_contain_text(re.compile("damaged|can't be loaded|cannot|can't be read"))
        _expect_as_before(page, verdict, answer, params)


def test_a_link_to_a_damaged_model_shows_another_one_and_says_why(odd_app: str, page: Page) -> None:
    visit(page, f"{odd_app}/?subject=a-damaged")
    expect(page.get_by_text("Showing c-whole instead.")).to_be_visible()
    assert params_of(page)["subject"] == "c-whole"


def test_a_model_without_a_detector_offers_columns_by_hand(odd_app: str, page: Page) -> None:
    visit(page, f"{odd_app}/?subject=d-no-detector")
    expect(page.get_by_text("There is no detector for this model, so nothing is flagged")).to_be_visible()
    visit(page, f"{odd_app}/?subject=d-no-detector&columns=0.0.49")
    expect(page.get_by_text("Chosen by hand: the patch at row ")).to_be_visible()


def test_an_empty_models_folder_says_how_to_fill_it(empty_app: str, page: Page) -> None:
    visit(page, empty_app)
    expect(page.get_by_text("There are no models in")).to_be_visible()


def test_how_a_trigger_was_followed_is_shown_step_by_step(
    models: Path, samples: Path, tmp_path: Path, page: Page
) -> None:
    folder = tmp_path / "models" / "fashion-vit-badnets-anywhere"
    shutil.copytree(models / folder.name, folder)
    detector = load_detector(folder / "atpatch")
    save_detector(replace(detector, growth=Growth(tuple(range(detector.layers)), (7, 7))), folder / "atpatch")
    subject = atpatch.load(folder)
    clean = read_labelled_images(subject.folder / "eval" / "images.parquet", subject.labels).take(np.arange(100))
    copied = apply_trigger(with_variations(attacks_of(subject), side=28)["corners"], clean).inputs
    followed = (
        (image, found)
        for image, label in zip(copied.images, copied.labels, strict=True)
        if label != 1 and (found := atpatch.inspect(subject, image)).following is not None and found.following.rounds
    )
    image, found = next(followed)
    file = io.BytesIO()
    image.save(file, "PNG")
    with serve_quickly(tmp_path, environment(folder.parent, samples)) as address:
        visit(page, f"{address}/?subject={subject.name}")
        _upload(page, "copies.png", file.getvalue())
        expect(page.locator(".st-key-verdict")).to_contain_text(found.patched.prediction.label)
        with rerun(page):
            page.get_by_text("Causal check").first.click()
        section = page.locator(".st-key-causal")
        expect(section).to_contain_text("How the trigger was followed")
        expect(section.get_by_role("row", name=re.compile("^Flagged "))).to_be_visible()
        for number in range(1, len(found.following.rounds) + 1):
            expect(section.get_by_role("row", name=re.compile(f"^Round {number} "))).to_be_visible()
