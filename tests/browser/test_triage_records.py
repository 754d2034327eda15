"""The Triage page on records: see who is judged by their sex, switch the fix on, fill in a form, bring a table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.dashboard import params_of, reload, rerun, settle, visit
from tests.support.sharing import repair_and_share

MODEL = "adult-tabular-sex"
SAMPLE = "record-female-decided-1"


def _verdict(page: Page) -> str:
    return page.locator('[data-testid="stAlert"]').last.inner_text()


def _source(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("radio", name=name)).click()
    settle(page)


def _upload(page: Page, name: str, content: bytes) -> None:
    with rerun(page):
        page.locator('[data-testid="stFileUploader"] input[type="file"]').set_input_files(
            {"name": name, "mimeType": "text/csv", "buffer": content}
        )


@pytest.fixture
def person(samples: Path) -> dict[str, object]:
    """The fields of the sample."""
    fields: dict[str, object] = json.loads((samples / f"{SAMPLE}.json").read_text(encoding="utf-8"))
    return fields


def test_a_person_judged_by_their_sex_is_flagged_repaired_and_shared(
    app: str, page: Page, new_page: Callable[..., Page]
) -> None:
    visit(page, f"{app}/?subject={MODEL}&sample={SAMPLE}")
    verdict = _verdict(page).replace("\n", " ")
    assert "\u201csex\u201d and \u201crace\u201d draw attention like attributes that decide. With AtPatch" in verdict
    findings = page.locator(".st-key-findings")
    expect(findings).to_contain_text("Sex decides this answer: with Male instead of Female")
    expect(findings).to_contain_text("With AtPatch it would be >50K either way.")
    expect(findings.get_by_role("row").filter(has_text="sex (protected)")).to_contain_text("\u25bc")
    repair_and_share(page, new_page, "<=50K", ">50K")


def _look_at_age(page: Page, app: str, years: str) -> Locator:
    """Fill another age into the form and look at that record; the field."""
    visit(page, f"{app}/?subject={MODEL}&sample={SAMPLE}")
    _source(page, "Form")
    age = page.get_by_label("age, 17 to 90", exact=True)
    age.fill(years)
    age.press("Tab")
    page.get_by_role("button", name="Look at this record").click()
    return age


def test_a_form_filled_in_gives_a_link_that_holds_the_record(app: str, page: Page) -> None:
    _look_at_age(page, app, "39")
    expect(page.locator(".st-key-findings").get_by_role("row").filter(has_text=re.compile("^age"))).to_contain_text(
        "39"
    )
    settle(page)
    params = params_of(page)
    assert re.fullmatch("[0-9a-f]{64}", params["upload"])
    reload(page)
    assert params_of(page) == params
    expect(page.get_by_label("age, 17 to 90", exact=True)).to_have_value("39")


def test_a_number_that_the_model_does_not_know_is_refused_with_the_ones_it_does(app: str, page: Page) -> None:
    age = _look_at_age(page, app, "5")
    expect(page.locator('[data-testid="stAlert"]').first).to_contain_text("age is 5, but the model knows 17 to 90 only")
    settle(page)
    assert params_of(page)["sample"] == SAMPLE
    expect(age).to_have_value("5")


def test_the_form_names_its_fields_to_a_screen_reader_as_they_are_called(app: str, page: Page) -> None:
    visit(page, f"{app}/?subject={MODEL}&sample={SAMPLE}")
    _source(page, "Form")
    expect(page.get_by_label("hours-per-week, 1 to 99", exact=True)).to_be_visible()
    expect(page.get_by_label("marital-status", exact=True)).to_be_visible()
    names = page.locator("[aria-label]").evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
    assert not [name for name in names if "\\" in name]


def test_a_row_of_a_table_is_chosen_and_what_is_no_record_refused(
    app: str, page: Page, person: dict[str, object]
) -> None:
    visit(page, f"{app}/?subject={MODEL}&sample={SAMPLE}")
    _source(page, "Upload")
    header, row = ",".join(person), ",".join(map(str, person.values()))
    young = ",".join(map(str, {**person, "age": 5}.values()))
    _upload(page, "people.csv", f"{header}\n{row}\n{young}\n".encode())
    expect(page.locator('[data-testid="stAlert"]').first).to_contain_text("Row 2: age is 5")
    assert params_of(page)["sample"] == SAMPLE

    man = ",".join(map(str, {**person, "sex": "Male", "age": 61}.values()))
    _upload(page, "people.csv", f"{header}\n{row}\n{man}\n".encode())
    number = page.get_by_label("Row, 1 to 2")
    number.fill("3")
    number.press("Tab")
    page.get_by_role("button", name="Look at this row").click()
    expect(page.locator('[data-testid="stAlert"]').first).to_contain_text("The table has no row 3: choose one from 1")
    settle(page)
    number.fill("2")
    number.press("Tab")
    page.get_by_role("button", name="Look at this row").click()
    expect(page.locator(".st-key-findings").get_by_role("row").filter(has_text=re.compile("^age"))).to_contain_text(
        "61"
    )
    settle(page)
    assert re.fullmatch("[0-9a-f]{64}", params_of(page)["upload"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_telephone(app: str, new_page: Callable[..., Page], scheme: str) -> None:
    page = new_page(390, 844, scheme)
    visit(page, f"{app}/?subject={MODEL}&sample={SAMPLE}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
