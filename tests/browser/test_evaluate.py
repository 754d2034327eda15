"""The Evaluate page: compare, watch, cancel, read the verdict, look at the inputs behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.support.barriers import serious_barriers
from tests.support.dashboard import PATIENCE, serve, settle, visit

from .conftest import MODEL, environment

_SMALL = f"/evaluate?subject={MODEL}&attacks=badnets&defences=no-fix,atpatch,always-on&pictures=200&fpr=0.001"
_LONG = 240_000  # milliseconds: a comparison on a busy machine


def _choose(page: Page, label: str, option: str) -> None:
    """Open a list and choose; again, as a person would, if the page was still moving and closed it."""
    wanted = page.get_by_role("option", name=re.compile(option))
    for _ in range(6):
        page.get_by_label(label).click()
        try:
            wanted.click(timeout=10_000)
        except TimeoutError:
            page.keyboard.press("Escape")
        else:
            settle(page)
            return
    pytest.fail(f"The list {label!r} never offered {option!r}.")


def _shown_choice(page: Page, label: str) -> str:
    """What a list shows as chosen."""
    return page.get_by_label(label).input_value()


def _cells(within: Locator) -> list[str]:
    """What the cells of a table hold, for a browser that can't draw."""
    return [cell.inner_text() for cell in within.locator("td").all()]


def _select_row(page: Page, defence: str) -> None:
    """Select the row of a defence in the table of results."""
    table = page.get_by_test_id("stDataFrame").first
    rows = table.locator("canvas table tbody tr").all()
    (number,) = [index for index, row in enumerate(rows) if defence in _cells(row)]
    # The table is drawn on a canvas: rows of 35 pixels under a heading of the same height.
    table.evaluate("one => one.scrollIntoView({block: 'center', behavior: 'instant'})")
    page.wait_for_timeout(500)
    place = table.bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + 16, place["y"] + 35 * (number + 1) + 17)
    settle(page)


def test_a_comparison_ends_in_a_verdict_and_leads_to_the_inputs_behind_it(
    app: str, page: Page, new_page: Callable[..., Page]
) -> None:
    visit(page, app + _SMALL, "Evaluate")
    page.get_by_role("button", name="Compare").click()
    verdict = page.get_by_text(re.compile(r"badnets turns .* of the images into the attacker's class\."))
    expect(verdict).to_be_visible(timeout=_LONG)
    expect(verdict).to_contain_text("With AtPatch: ")
    expect(verdict).to_contain_text("The best other defence, always-on: ")
    settle(page)
    assert serious_barriers(page) == []
    # The result is there for whoever opens the same address, in a new session too.
    other = new_page(width=390)
    visit(other, app + _SMALL, "Evaluate")
    expect(other.get_by_text(re.compile("badnets turns"))).to_be_visible()
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_text(re.compile(r"over the \d+ attacked images"))).to_be_visible()
    # Another row: the list says how many inputs are behind its figures, not behind those of the row before.
    _choose(page, "What became of them", "attacked: still the attacker's class")
    few = _shown_choice(page, "What became of them")
    _select_row(page, "no-fix")
    expect(page.get_by_role("heading", name="The inputs behind no-fix")).to_be_visible()
    settle(page)
    many = _shown_choice(page, "What became of them")
    assert few.startswith("attacked: still the attacker's class (")
    assert many.startswith("attacked: still the attacker's class (")
    counts = [int(re.findall(r"\((\d+)\)", one)[0]) for one in (few, many)]
    assert counts[0] < 20 < counts[1]
    expect(page.get_by_text(f"The first 12 of {counts[1]} images.")).to_be_visible()
    page.get_by_text("Class by class: no-fix").click()
    expect(page.get_by_text("The attacker's own class has no ASR")).to_be_visible()
    settle(page)
    _select_row(page, "atpatch")
    expect(page.get_by_role("heading", name="The inputs behind atpatch")).to_be_visible()
    settle(page)
    # From an image of the comparison into Triage, and back with one step.
    _choose(page, "What became of them", "attacked: right again")
    expect(page.get_by_alt_text(re.compile("An image of"))).to_have_count(12)
    page.get_by_role("link", name="Open in Triage").first.click()
    page.get_by_role("heading", name="Triage", exact=True).wait_for(timeout=PATIENCE)
    settle(page)
    assert re.search(rf"subject={MODEL}&upload=[0-9a-f]{{64}}", page.url)
    expect(page.locator(".st-key-verdict")).to_contain_text("draws far too much attention")
    page.go_back()
    expect(page.get_by_role("heading", name="The inputs behind atpatch")).to_be_visible()


def test_all_chosen_defences_can_be_read(app: str, page: Page) -> None:
    visit(page, f"{app}/evaluate?subject={MODEL}", "Evaluate")
    box = page.get_by_test_id("stMultiSelectTagsContainer").last
    ends = box.evaluate("one => [one.scrollWidth, one.clientWidth, one.scrollHeight, one.clientHeight]")
    assert ends[0] <= ends[1]
    assert ends[2] <= ends[3]


def test_a_comparison_can_be_cancelled_while_other_pages_go_on(
    app: str, page: Page, new_page: Callable[..., Page]
) -> None:
    visit(
        page,
        f"{app}/evaluate?subject={MODEL}&attacks=badnets&defences=no-fix,strip,patch-drop&pictures=2000",
        "Evaluate",
    )
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    other = new_page()
    visit(other, app)
    expect(other.get_by_text(re.compile("The model answers now"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    # At once, though the step that is being done has to end first; or else it has ended already.
    expect(page.get_by_text("Cancelling…").or_(page.get_by_text("The comparison was cancelled")).first).to_be_visible(
        timeout=5_000
    )
    expect(page.get_by_text("The comparison was cancelled")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Compare")).to_be_visible()


def test_a_comparison_goes_on_without_the_app_and_is_found_by_its_address(
    models: Path, samples: Path, page: Page, new_page: Callable[..., Page], tmp_path: Path
) -> None:
    with serve(tmp_path, environment(models, samples)) as address:
        other = new_page()
        visit(other, address + _SMALL, "Evaluate")
        other.get_by_role("button", name="Compare").click()
        expect(other.get_by_role("button", name="Cancel")).to_be_visible()
        other.close()
    # That app is gone; another one, asked for the same address, knows how it is going and then what came of it.
    with serve(tmp_path, environment(models, samples)) as address:
        visit(page, address + _SMALL, "Evaluate")
        verdict = page.get_by_text(re.compile(r"badnets turns .* of the images into the attacker's class\."))
        expect(verdict).to_be_visible(timeout=_LONG)
        settle(page)
        expect(page.get_by_alt_text(re.compile("An image of")).first).to_be_visible()


def test_a_file_and_a_patch_of_ones_own_survive_a_reload(
    app: str, models: Path, page: Page, new_page: Callable[..., Page]
) -> None:
    address = f"{app}/evaluate?subject={MODEL}&defences=no-fix,atpatch&pictures=200&patch=checkerboard:4:24,24:0"
    visit(page, address, "Evaluate")
    page.get_by_text("A file of mine").click()
    settle(page)
    page.locator("input[type=file]").set_input_files(models / MODEL / "eval" / "images.parquet")
    expect(page.get_by_role("button", name="Compare")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Compare").click()
    verdict = re.compile(r"my-patch turns .* of the images into the attacker's class\.")
    expect(page.get_by_text(verdict)).to_be_visible(timeout=_LONG)
    assert re.search(r"data=[0-9a-f]{64}", page.url)
    other = new_page()
    visit(other, page.url, "Evaluate")
    expect(other.get_by_text(verdict)).to_be_visible()


def test_a_file_that_is_no_parquet_is_refused_in_a_sentence(app: str, page: Page) -> None:
    visit(page, f"{app}/evaluate?subject={MODEL}", "Evaluate")
    page.get_by_text("A file of mine").click()
    settle(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "x.parquet", "mimeType": "application/octet-stream", "buffer": b"PAR1 nonsense"}
    )
    expect(page.get_by_text("The file is no readable Parquet file: write it again.")).to_be_visible()


def test_records_are_compared_by_who_is_treated_by_an_attribute(
    app: str, models: Path, page: Page, tmp_path: Path
) -> None:
    table = pq.read_table(models / "adult-tabular-sex" / "eval" / "records.parquet").slice(0, 300)
    pq.write_table(table, tmp_path / "people.parquet")
    visit(page, f"{app}/evaluate?subject=adult-tabular-sex", "Evaluate")
    page.get_by_text("A file of mine").click()
    settle(page)
    page.locator("input[type=file]").set_input_files(tmp_path / "people.parquet")
    expect(page.get_by_text("on 300 records")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Compare").click()
    verdict = page.get_by_text(re.compile(r"people would get another answer with another sex\. With AtPatch, "))
    expect(verdict).to_be_visible(timeout=_LONG)
    settle(page)
    before, after = re.findall(r"([\d.]+) %", verdict.inner_text())[:2]
    assert float(after) < 0.1 * float(before)
    for part in ("It changes the answers of", "parity difference (SPD)", "opportunity difference (EOD)"):
        expect(verdict).to_contain_text(part)
    expect(page.get_by_text("IDR: individual discrimination rate.")).to_be_visible()
    page.get_by_role("radio", name="race").click()
    expect(page.get_by_text(re.compile("another answer with another race"))).to_be_visible()
    expect(page.get_by_role("heading", name="The people behind atpatch")).to_be_visible()


@pytest.mark.slow
def test_texts_are_compared_with_the_word_that_hijacks_the_model(app: str, page: Page) -> None:
    visit(page, f"{app}/evaluate?subject=reviews-minilm-badword&attacks=rare-word&texts=200", "Evaluate")
    expect(page.get_by_text("Texts take longer than images")).to_be_visible()
    page.get_by_role("button", name="Compare").click()
    verdict = page.locator(".stMain").get_by_text(re.compile(r"rare-word turns .* With AtPatch: "))
    expect(verdict).to_be_visible(timeout=4 * _LONG)
    settle(page)
    expect(page.get_by_role("heading", name="The texts behind atpatch")).to_be_visible()
    expect(page.get_by_text(re.compile(r"over the \d+ attacked texts"))).to_be_visible()


def test_nonsense_in_the_address_is_said_until_something_is_changed_and_left_out(app: str, page: Page) -> None:
    nonsense = {
        "attacks": "<b>x",
        "defences": "magic",
        "pictures": "-3",
        "fpr": "x",
        "runs": "2",
        "patch": "everywhere",
    }
    visit(page, f"{app}/evaluate?{urlencode({'subject': MODEL, **nonsense})}", "Evaluate")
    said = page.locator("[data-testid=stAlert]")
    for name, value in nonsense.items():
        expect(said.filter(has_text=f"The link asks for {name} \u201c{value}\u201d, which is not here")).to_be_visible()
    _choose(page, "Attacks", "badnets")
    page.keyboard.press("Escape")
    expect(said).to_have_count(0)
    assert "magic" not in page.url


def test_a_model_that_is_not_here_is_said_on_every_page(app: str, page: Page) -> None:
    for name in ("evaluate", "detector", "label"):
        visit(page, f"{app}/{name}?subject=never-was", name.capitalize())
        expect(page.get_by_text("The link asks for model \u201cnever-was\u201d, which is not here")).to_be_visible()
    page.get_by_role("link", name="Evaluate", exact=True).click()
    page.get_by_role("heading", name="Evaluate", exact=True).wait_for()
    settle(page)
    expect(page.get_by_text("The link asks for")).to_have_count(0)
