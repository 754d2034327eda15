"""The Detector page on models for texts and for records: debugging sets are listed and learnt from, and judged on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from atpatch_core import load
from atpatch_core.debugging.record_set import build_record_set
from atpatch_core.debugging.text_set import build_text_set
from atpatch_core.detector.storage import load_detector
from atpatch_core.subjects.detector_versions import active_version, save_version
from atpatch_core.subjects.record_schema import save_schema
from tests.support.dashboard import ROOT, choose, serve_quickly, settle, visit

from ..unit.debugging.biased import SCHEMA, prejudiced, some_people, trained
from ..unit.debugging.taught import reviews, taught_subject
from .conftest import environment

RECORDS, TEXTS = "adult-tabular-sex", "reviews-minilm-badword"


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small models without a detector, and the two samples."""
    folder = tmp_path_factory.mktemp("models")
    for name in (RECORDS, TEXTS):
        shutil.copytree(ROOT / "sample_models" / name, folder / name)
    strict = replace(load_detector(folder / RECORDS / "atpatch"), threshold=0.98)
    save_version(strict, folder / RECORDS, "strict", "flags less")
    trained(prejudiced).model.save_pretrained(folder / "people")  # type: ignore[operator]
    save_schema(SCHEMA, folder / "people")
    taught_subject(folder / "taught").model.save_pretrained(folder / "taught")  # type: ignore[operator]
    return folder


@pytest.fixture(scope="module")
def address(models_folder: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard on these models, and a debugging set of each small one."""
    folder = tmp_path_factory.mktemp("detector")
    build_record_set(load(models_folder / "people"), some_people(300, 1), folder / "sets" / "flips")
    build_text_set(load(models_folder / "taught"), reviews(440)[0], folder / "sets" / "vectors", classes=[1], seed=3)
    settings = environment(models_folder, samples) | {
        "ATPATCH_DATABASE_URL": f"sqlite:///{folder / 'labels.sqlite'}",
        "ATPATCH_TRAININGS": str(folder / "trainings"),
        "ATPATCH_DEBUG_SETS": str(folder / "sets"),
        "OMP_NUM_THREADS": "1",
    }
    with serve_quickly(folder, settings) as running:
        yield running


def _train_from(page: Page, name: str) -> None:
    choose(page, page.get_by_role("combobox", name="Debugging sets"), name)
    page.keyboard.press("Escape")
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text(re.compile("is trained, but not judged yet.*AUROC"))).to_be_visible()
    settle(page)
    expect(page.get_by_role("figure", name=re.compile("Loss of each network"))).to_be_visible()
    expect(page.get_by_role("figure", name=re.compile("AUROC over held-out inputs"))).to_be_visible()


def test_a_detector_of_records_is_trained_judged_and_put_to_work(address: str, models_folder: Path, page: Page) -> None:
    visit(page, f"{address}/detector?subject=people", "Detector")
    expect(page.get_by_text("This model has no detector yet: train one.")).to_be_visible()
    _train_from(page, "flips")
    expect(page.get_by_text("Debugging set flips", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Of \d+ over-attended inputs it finds \d+, of \d+ others"))).to_be_visible()
    assert active_version(models_folder / "people") is None
    page.get_by_role("button", name="Make active").click()
    question = page.locator(".st-key-detector_question")
    expect(question).to_contain_text("It was not judged")
    question.get_by_role("button", name="Make it active all the same").click()
    expect(page.get_by_text(re.compile("is active now."))).to_be_visible()
    assert active_version(models_folder / "people") is not None


def test_a_detector_of_texts_is_trained_and_the_page_says_why_the_set_does_not_judge_it(
    address: str, page: Page
) -> None:
    visit(page, f"{address}/detector?subject=taught", "Detector")
    _train_from(page, "vectors")
    expect(page.get_by_text("its triggers are vectors, and no words")).to_be_visible()


def test_the_samples_versions_are_judged_compared_and_laid_out(address: str, page: Page) -> None:
    visit(page, f"{address}/detector?subject={RECORDS}&version=shipped&with=strict", "Detector")
    expect(page.get_by_text(re.compile("Of 400 inputs, both flag"))).to_be_visible()
    expect(page.get_by_text(re.compile("^\u201cage ")).first).to_be_visible()
    page.get_by_text("How the network sees columns").click()
    expect(page.get_by_role("figure", name=re.compile(r"\d+ over-attended and \d+ benign columns"))).to_be_visible()
    page.get_by_role("link", name="Open in Triage").first.click()
    expect(page.get_by_role("heading", name="Triage", exact=True)).to_be_visible()
    settle(page)

    visit(page, f"{address}/detector?subject={TEXTS}", "Detector")
    expect(page.get_by_text(re.compile("Of 200 over-attended inputs it finds"))).to_be_visible()
    page.get_by_text("How the network sees columns").click()
    expect(page.get_by_text("is not worked out for texts")).to_be_visible()
    assert not page.get_by_test_id("stException").count()
