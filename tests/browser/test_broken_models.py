"""Folders that can't be opened: every page says which and why, and goes on with one that can."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboard import choose, params_of, serve_quickly, settle, visit

from ..unit.subjects.broken import break_folder, save_vit
from .conftest import MODEL, environment
from .test_every_page import PAGES

_FIRST, _LAST = "a-quantised", "z-not-a-number"
_BROKEN = {
    _FIRST: "quantised",
    "b-classes": "classes-from-one",
    "c-library": "of-another-library",
    "d-nested": "nested",
    _LAST: "not-a-number",
}


@pytest.fixture(scope="module")
def app_with_broken_models(models: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard on the sample model among folders that are broken, the first and the last one included."""
    folder = tmp_path_factory.mktemp("models")
    for name, how in _BROKEN.items():
        break_folder(save_vit(folder / name), how)
    # Opens, and fails on every input: it takes 8 x 8 pixels, and its processor makes 12 x 12.
    late = save_vit(folder / "e-fails-late")
    file = late / "preprocessor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"size": {"height": 12, "width": 12}}))
    shutil.copytree(models / MODEL, folder / MODEL)
    with serve_quickly(tmp_path_factory.mktemp("served"), environment(folder, samples)) as address:
        yield address


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_the_next_model_and_says_why(app_with_broken_models: str, page: Page, name: str) -> None:
    visit(page, f"{app_with_broken_models}/{PAGES[name]}", name)
    expect(page.locator(".stException")).to_have_count(0)
    if name == "Learn":  # which needs certain models, and has them
        expect(page.locator(".stAlert")).to_have_count(0)
        return
    expect(page.get_by_text(re.compile(r"\S+ instead\.$")).first).to_be_visible()


@pytest.mark.parametrize("name", [one for one in PAGES if one != "Learn"])
@pytest.mark.parametrize(
    ("broken", "why"), [(_FIRST, "is quantised by awq"), (_LAST, "hold values that are no numbers")]
)
def test_a_link_to_a_broken_model_says_why(
    app_with_broken_models: str, page: Page, name: str, broken: str, why: str
) -> None:
    visit(page, f"{app_with_broken_models}/{PAGES[name]}?subject={broken}", name)
    notice = page.get_by_text(why)
    expect(notice).to_be_visible()
    expect(notice).to_contain_text(broken)
    expect(page.locator(".stException")).to_have_count(0)
    box = page.get_by_role("combobox", name="Model", exact=True)
    expect(box).to_have_value(re.compile(r"\S"))
    expect(box).not_to_have_value(broken)


@pytest.mark.parametrize("name", ["Evaluate", "Label", "Detector"])
def test_who_chooses_a_broken_model_is_told_and_can_choose_again(
    app_with_broken_models: str, page: Page, name: str
) -> None:
    visit(page, f"{app_with_broken_models}/{PAGES[name]}?subject={MODEL}", name)
    box = page.get_by_role("combobox", name="Model", exact=True)
    choose(page, box, _LAST)
    expect(page.get_by_text("hold values that are no numbers")).to_be_visible()
    settle(page)
    choose(page, box, MODEL)
    expect(page.get_by_text("hold values that are no numbers")).to_have_count(0)
    settle(page)
    assert params_of(page)["subject"] == MODEL


def test_a_model_that_fails_on_every_input_leaves_the_way_to_another(app_with_broken_models: str, page: Page) -> None:
    visit(page, f"{app_with_broken_models}/?subject=e-fails-late")
    expect(page.get_by_text("e-fails-late fails on this input")).to_be_visible()
    choose(page, page.get_by_role("combobox", name="Model", exact=True), MODEL)
    expect(page.locator(".st-key-verdict")).to_be_visible()
