"""Triage on a model that takes long: nothing starts unasked, and what runs tells how far it is and can be cancelled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboard import choose, rerun, serve_process, settle, visit

from .conftest import environment

IMAGES, RECORDS = "fashion-vit-badnets", "adult-tabular-sex"
# Every forward of a classifier sleeps, as a model with a hundred times the weights would compute.
_SLOW = """
import captum.attr  # whose import takes long on a busy machine
import time
from transformers.models.vit.modeling_vit import ViTForImageClassification
from transformers.models.bert.modeling_bert import BertForSequenceClassification

def slow(kind, seconds):
    forward = kind.forward
    def sleepy(self, *arguments, **named):
        time.sleep(seconds * len(next(iter(named.values()))))
        return forward(self, *arguments, **named)
    kind.forward = sleepy

slow(ViTForImageClassification, 0.6)
slow(BertForSequenceClassification, 0.6)
"""


@pytest.fixture(scope="module")
def slow_app(models: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard on models that take more than half a second for each input."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "sitecustomize.py").write_text(_SLOW, encoding="utf-8")
    with serve_process(folder, {**environment(models, samples), "PYTHONPATH": str(folder)}) as (address, _):
        yield address


def test_attribution_is_asked_for_shows_progress_and_can_be_cancelled(slow_app: str, page: Page) -> None:
    visit(page, f"{slow_app}/?subject={IMAGES}")
    section = page.locator(".st-key-attribution")
    page.get_by_text("Attribution: what the answer is made of").click()
    start = section.get_by_role("button", name="Attribute the answer")
    expect(start).to_be_visible()
    settle(page)
    expect(section.get_by_role("progressbar")).to_have_count(0)
    start.click()
    expect(section.get_by_text(re.compile("about .* left"))).to_be_visible()
    section.get_by_role("button", name="Cancel").click()
    expect(section.get_by_text("The attribution was cancelled; nothing of it is kept.")).to_be_visible()
    expect(start).to_be_visible()


def test_as_many_steps_as_half_a_minute_allows_are_taken(slow_app: str, page: Page) -> None:
    visit(page, f"{slow_app}/?subject={IMAGES}")
    section = page.locator(".st-key-attribution")
    with rerun(page):
        page.get_by_text("Attribution: what the answer is made of").click()
    section.get_by_role("button", name="Attribute the answer").click()
    # 32 steps, without and with AtPatch, sleep for 38 seconds; a machine with nothing else to do has time for 16.
    expect(section.get_by_text(re.compile(r"\b(4|8|16) steps\."))).to_be_visible()
    expect(section.get_by_role("figure", name=re.compile("Attributions, the strongest"))).to_be_visible()


def test_another_view_cancels_what_was_begun_for_the_one_before(slow_app: str, page: Page) -> None:
    visit(page, f"{slow_app}/?subject={IMAGES}")
    section = page.locator(".st-key-attribution")
    page.get_by_text("Attribution: what the answer is made of").click()
    start = section.get_by_role("button", name="Attribute the answer")
    start.click()
    expect(section.get_by_role("button", name="Cancel")).to_be_visible()
    choose(page, page.get_by_role("combobox", name="Steps"), "4")
    settle(page)
    expect(start).to_be_visible()
    start.click()
    expect(section.get_by_text(re.compile(r"\b4 steps\."))).to_be_visible()


def test_the_causal_check_and_the_report_of_many_columns_are_asked_for(slow_app: str, page: Page) -> None:
    columns = "_".join(f"1.{head}.{key}" for head in range(2) for key in range(1, 6))
    visit(page, f"{slow_app}/?subject={IMAGES}&columns={columns}")
    section = page.locator(".st-key-causal")
    page.get_by_text("Causal check: attention is evidence, not proof").click()
    start = section.get_by_role("button", name="Check each column")
    expect(start).to_be_visible()
    settle(page)
    expect(section.locator('[data-testid="stTable"]')).to_have_count(0)
    start.click()
    section.get_by_role("button", name="Cancel").click()
    expect(section.get_by_text("The causal check was cancelled")).to_be_visible()
    start.click()
    expect(section.locator('[data-testid="stTable"] tbody tr').last).to_contain_text("together")
    share = page.locator(".st-key-share")
    page.get_by_text("Share: link, report, figures").click()
    expect(share.get_by_role("button", name="Copy link")).to_be_visible()
    expect(share.get_by_role("button", name="Report (HTML)")).to_have_count(0)
    share.get_by_role("button", name="Prepare the report and its files").click()
    with page.expect_download() as download:
        share.get_by_role("button", name="Report (HTML)").click()
    assert b"AtPatch report" in Path(download.value.path()).read_bytes()


def test_what_another_attribute_would_do_is_asked_for(slow_app: str, page: Page) -> None:
    visit(page, f"{slow_app}/?subject={RECORDS}&sample=record-female-decided-1")
    findings = page.locator(".st-key-findings")
    start = findings.get_by_role("button", name="Work it out")
    expect(start).to_be_visible()
    settle(page)
    expect(findings.get_by_text("Sex decides this answer")).to_have_count(0)
    start.click()
    expect(findings.get_by_text("Sex decides this answer")).to_be_visible()
    expect(findings.get_by_text("Looks biased")).to_be_visible()
