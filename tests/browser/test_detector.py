"""The Detector page as an analyst uses it: train, watch, cancel, judge, compare, activate, roll back."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from atpatch_core import Column, load
from atpatch_core.detector.storage import load_detector
from atpatch_core.evaluation.attacks import load_attacks
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images
from atpatch_core.evaluation.evaluate import apply_trigger
from atpatch_core.labels import ColumnVerdict, LabelStore, NewAnswer, Rest, State, Verdict
from atpatch_core.labels.intake import send_to_labelling
from atpatch_core.subjects.detector_versions import activate, active_version, list_versions, roll_back, save_version
from atpatch_core.subjects.fingerprint import fingerprint
from atpatch_core.training import TrainingStore
from tests.support.barriers import serious_barriers
from tests.support.dashboard import PATIENCE, params_of, serve_quickly, settle, visit

from .conftest import MODEL, environment

LABELLED, TRIGGERED = 24, 8


@dataclass(frozen=True)
class Bench:
    """A dashboard on one model with labels and two versions: what it is run with, and the model's folder."""

    address: str
    settings: dict[str, str]
    model: Path

    @property
    def versions(self) -> list[str]:
        return [one.name for one in list_versions(self.model)]

    @property
    def trainings(self) -> TrainingStore:
        return TrainingStore(Path(self.settings["ATPATCH_TRAININGS"]))

    def page(self, page: Page, **params: str) -> None:
        query = "&".join(f"{name}={value}" for name, value in {"subject": MODEL, **params}.items())
        visit(page, f"{self.address}/detector?{query}", "Detector")


def _label(url: str, model: Path) -> None:
    subject = load(model)
    data = read_labelled_images(model / "eval" / "images.parquet", subject.labels)
    some = LabelledImages(data.images[:LABELLED], data.labels[:LABELLED])
    trigger: Any = load_attacks(model / "eval" / "attacks.json")["badnets"]
    bad = apply_trigger(trigger, some).inputs.inputs
    with LabelStore.open(url) as store:
        for number in range(LABELLED):
            content = subject.write((bad if number < TRIGGERED else some.images)[number])
            send_to_labelling(store, subject, content, f"image {number}", "a test", None)
        (known,) = store.subjects()
        for number, one in enumerate(store.inputs(known.fingerprint)):
            verdict = Verdict.OVER_ATTENDED if number < TRIGGERED else Verdict.BENIGN
            verdicts = tuple(ColumnVerdict(Column(0, head, 49), verdict) for head in (0, 1))
            rest = Rest.UNJUDGED if number < TRIGGERED else Rest.BENIGN
            store.save(NewAnswer(known.fingerprint, one.digest, "ada", State.SUBMITTED, verdicts, rest=rest))


@pytest.fixture(scope="module")
def bench(models: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A dashboard on a copy of the sample model, as trainings and activations change its folder."""
    folder = tmp_path_factory.mktemp("detector")
    model = folder / "models" / MODEL
    shutil.copytree(models / MODEL, model, ignore=shutil.ignore_patterns("versions", "active.json"))
    save_version(load_detector(model / "atpatch" / "paper"), model, "paper", "the paper's network")
    shipped = load_detector(model / "atpatch")
    save_version(replace(shipped, threshold=1.0), model, "never", "flags nothing")
    url = f"sqlite:///{folder / 'labels.sqlite'}"
    _label(url, model)
    settings = environment(folder / "models", samples) | {
        "ATPATCH_DATABASE_URL": url,
        "ATPATCH_TRAININGS": str(folder / "trainings"),
        "ATPATCH_DEBUG_SETS": str(folder / "none"),
        "OMP_NUM_THREADS": "1",
    }
    with serve_quickly(folder, settings) as address:
        yield Bench(address, settings, model)


def _train(page: Page, name: str, note: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Tab")
    settle(page)
    page.get_by_label("Note").fill(note)
    page.keyboard.press("Tab")
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()


def test_a_training_goes_on_without_browser_and_app_and_can_be_looked_at_afterwards(
    bench: Bench, page: Page, tmp_path: Path, new_page: Callable[..., Page]
) -> None:
    with serve_quickly(tmp_path, bench.settings) as address:
        other = new_page()
        visit(other, f"{address}/detector?subject={MODEL}", "Detector")
        expect(
            other.get_by_text(f"Labels: {LABELLED} inputs, {TRIGGERED} with an over-attended column")
        ).to_be_visible()
        _train(other, "labels-1", "what ada saw")
        expect(other.get_by_role("button", name="Cancel").or_(other.get_by_text("labels-1 is ready."))).to_be_visible()
        other.wait_for_function("location.search.includes('training=')")
        training = params_of(other)["training"]
        other.close()
    # That app is gone; another one, asked for the same address, knows how it is going.
    bench.page(page, training=training)
    expect(page.get_by_text("labels-1 is ready.")).to_be_visible()
    settle(page)
    expect(page.get_by_role("figure", name=re.compile("Loss of each network"))).to_be_visible()
    expect(page.get_by_role("figure", name=re.compile("AUROC over held-out inputs"))).to_be_visible()
    assert sorted(bench.versions) == ["labels-1", "never", "paper", "shipped"]
    page.get_by_role("button", name="Look at labels-1").click()
    expect(page.get_by_role("heading", name="How good is version labels-1?")).to_be_visible()
    settle(page)
    assert params_of(page)["version"] == "labels-1"
    assert active_version(bench.model) == "shipped"


def _held(bench: Bench, version: str) -> tuple[str, int]:
    """Stop the process of a training while it learns, so that the page has time to look; its id, and its number."""
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        assert time.monotonic() < deadline, "The training did not begin."
        for one in bench.trainings.trainings()[:1]:
            process = one.status.process
            if one.request.version == version and process is not None and len(bench.trainings.epochs(one.id)) > 3:
                os.kill(process, signal.SIGSTOP)
                return one.id, process
        time.sleep(0.01)


def test_curves_are_live_a_reload_finds_them_again_and_cancel_leaves_nothing(bench: Bench, page: Page) -> None:
    bench.page(page)
    before = bench.versions
    _train(page, "unwanted", "")
    training, process = _held(bench, "unwanted")
    try:
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
        page.wait_for_function(f"location.search.includes('{training}')")
        page.reload()
        expect(page.get_by_role("figure", name=re.compile("Loss of each network"))).to_be_visible()
        expect(page.get_by_role("figure", name=re.compile("AUROC over held-out inputs"))).to_be_visible()
        expect(page.get_by_text(re.compile("training the detector"))).to_be_visible()
        assert params_of(page)["training"] == training
        # Nobody else can start the same one meanwhile.
        settle(page)
        _train(page, "second", "")
        expect(page.get_by_text("The same training is running already")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        stop = bench.trainings.folder / training / "cancel"
        deadline = time.monotonic() + PATIENCE / 1000
        while not stop.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.kill(process, signal.SIGCONT)
    expect(page.get_by_text("The training of unwanted was cancelled; nothing of it is kept.")).to_be_visible()
    assert bench.versions == before


def test_what_cannot_be_is_refused_with_a_sentence(bench: Bench, page: Page) -> None:
    bench.page(page)
    _train(page, "../x", "")
    expect(page.get_by_text("A version's name has 1 to 64 letters")).to_be_visible()
    assert bench.versions == [one for one in bench.versions if ".." not in one]


def test_a_version_that_does_worse_than_the_active_one_is_said_to(bench: Bench, page: Page) -> None:
    visit(page, f"{bench.address}/detector?subject={MODEL}&version=never&on=test", "Detector")
    expect(
        page.get_by_text("does not do as well as the active version, shipped: it finds 0 (active: 200)")
    ).to_be_visible()


def test_a_version_that_finds_nothing_is_not_ready_and_a_threshold_that_works_is_one_click_away(
    bench: Bench, page: Page
) -> None:
    bench.page(page, version="never")
    notice = page.get_by_text(
        re.compile("never is trained, but not ready. At its own threshold, 1.0000, it finds 0 of 200")
    )
    expect(notice).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"chosen on one half of the test inputs, it finds \d+ of 100 in the other"))
    ).to_be_visible()
    page.get_by_role("button", name="Make a version with the threshold").click()
    expect(page.get_by_text("never-threshold is a version now, and not active yet.")).to_be_visible()
    try:
        assert active_version(bench.model) == "shipped"
        # It is judged on the half that did not choose its threshold.
        expect(
            page.get_by_text(re.compile(r"never-threshold is ready. At its own threshold, 0\.\d+, it finds \d+ of 100"))
        ).to_be_visible()
        expect(page.get_by_text("Its threshold was chosen on 200 inputs; it is judged on others only.")).to_be_visible()
        settle(page)
        assert params_of(page)["version"] == "never-threshold"
        detector = load_detector(bench.model / "atpatch" / "versions" / "never-threshold")
        assert detector.history["threshold_before"] == 1.0
        assert len(detector.history["threshold_chosen_on"]) == 200
        assert serious_barriers(page) == []
    finally:
        shutil.rmtree(bench.model / "atpatch" / "versions" / "never-threshold")


def test_a_worse_version_is_put_to_work_only_when_asked_again(bench: Bench, page: Page) -> None:
    bench.page(page, version="never")
    make_active = page.get_by_role("button", name="Make active")
    make_active.click()
    question = page.locator(".st-key-detector_question")
    expect(question).to_contain_text(
        "It finds 0 of 200 over-attended inputs, 200 fewer than shipped, which is active (200)."
    )
    assert active_version(bench.model) == "shipped"
    question.get_by_role("button", name="Leave it").click()
    expect(question).to_have_count(0)
    assert active_version(bench.model) == "shipped"
    make_active.click()
    question.get_by_role("button", name="Make it active all the same").click()
    expect(page.get_by_text("never is active now.")).to_be_visible()
    try:
        assert active_version(bench.model) == "never"
    finally:
        roll_back(bench.model, fingerprint(load(bench.model).model))


def test_a_version_that_nothing_can_judge_is_not_called_ready(
    bench: Bench, samples: Path, tmp_path: Path, page: Page
) -> None:
    model = tmp_path / "models" / MODEL
    shutil.copytree(bench.model, model, ignore=shutil.ignore_patterns("eval", "active.json"))
    settings = bench.settings | environment(tmp_path / "models", samples)
    settings["ATPATCH_DATABASE_URL"] = f"sqlite:///{tmp_path / 'labels.sqlite'}"
    with serve_quickly(tmp_path, settings) as address:
        visit(page, f"{address}/detector?subject={MODEL}&version=paper", "Detector")
        expect(page.get_by_text("paper is trained, but not judged yet")).to_be_visible()
        page.get_by_role("button", name="Make active").click()
        question = page.locator(".st-key-detector_question")
        expect(question).to_contain_text("It was not judged")
        assert active_version(model) == "shipped"
        question.get_by_role("button", name="Make it active all the same").click()
        expect(page.get_by_text("paper is active now.")).to_be_visible()
        assert active_version(model) == "paper"


def test_what_is_learnt_from_is_shown_before_anything_is_trained(bench: Bench, page: Page) -> None:
    with LabelStore.open(bench.settings["ATPATCH_DATABASE_URL"]) as store:
        (known,) = store.subjects()
        one = store.inputs(known.fingerprint)[-1]
        verdicts = (
            ColumnVerdict(Column(0, 0, 49), Verdict.OVER_ATTENDED),
            ColumnVerdict(Column(0, 0, 3), Verdict.BENIGN),
        )
        store.save(NewAnswer(known.fingerprint, one.digest, "bo", State.SUBMITTED, verdicts))
    try:
        bench.page(page)
        expect(
            page.get_by_text(f"{LABELLED} labelled inputs: {TRIGGERED} with an over-attended column, ")
        ).to_be_visible()
        # ada calls column 49 of head 0 benign, bo over-attended: left out, and the input is clean no longer.
        expect(
            page.get_by_text(f"{LABELLED - TRIGGERED - 1} of which every column was judged benign, 1 neither.")
        ).to_be_visible()
        expect(page.get_by_text(f"{2 * TRIGGERED} over-attended columns and")).to_be_visible()
        unjudged = TRIGGERED * (4 * 4 * 50 - 2)
        expect(
            page.get_by_text(f"{unjudged} unjudged columns, 0 unsure, and 1 about which annotators contradict")
        ).to_be_visible()
    finally:
        with LabelStore.open(bench.settings["ATPATCH_DATABASE_URL"]) as store:
            store.save(NewAnswer(known.fingerprint, one.digest, "bo", State.DRAFT, ()))


def test_a_threshold_means_counts_and_is_kept_in_the_address(bench: Bench, page: Page) -> None:
    bench.page(page, version="shipped", on="labels", fpr="0.5")
    counts = page.locator(".st-key-detector_confusion")
    expect(counts).to_contain_text("Found")
    found = {
        one.locator("label").inner_text().split("\n")[0]: one.locator("[data-testid=stMetricValue]").inner_text()
        for one in counts.locator("[data-testid=stMetric]").all()
    }
    assert found["Found"] == str(TRIGGERED)
    assert found["Missed"] == "0"
    assert int(found["False alarms"]) <= (LABELLED - TRIGGERED) // 2
    assert int(found["False alarms"]) + int(found["Left alone"]) == LABELLED - TRIGGERED
    assert (params_of(page)["on"], params_of(page)["fpr"]) == ("labels", "0.5")
    page.get_by_text("How the network sees columns").click()
    expect(
        page.get_by_role("figure", name=re.compile(f"{2 * TRIGGERED} over-attended and .* benign columns"))
    ).to_be_visible()


def test_two_versions_are_compared_and_a_difference_opens_in_triage(bench: Bench, page: Page) -> None:
    bench.page(page, version="shipped", on="test", **{"with": "never"})
    expect(page.get_by_text(re.compile(r"Of 400 inputs, both flag 0, only shipped \d{3}"))).to_be_visible()
    expect(page.get_by_role("figure", name=re.compile("Scores by shipped against scores by never"))).to_be_visible()
    expect(page.get_by_text("only never 0")).to_be_visible()
    settle(page)
    assert serious_barriers(page) == []
    page.get_by_role("link", name="Open in Triage").first.click()
    expect(page.get_by_role("heading", name="Triage", exact=True)).to_be_visible()
    settle(page)
    assert params_of(page)["subject"] == MODEL
    assert len(params_of(page)["upload"]) == 64


def test_a_difference_opens_in_triage_with_the_version_that_flags_it(bench: Bench, page: Page) -> None:
    bench.page(page, version="paper", on="test", **{"with": "never"})
    page.get_by_role("link", name="Open in Triage").first.click()
    expect(page.get_by_role("heading", name="Triage", exact=True)).to_be_visible()
    expect(page.get_by_text('This link was made with the detector "paper"')).to_be_visible()
    expect(page.locator(".st-key-verdict")).to_contain_text("draws far too much attention")


def test_a_version_is_put_to_work_and_rolled_back(bench: Bench, page: Page) -> None:
    bench.page(page, version="paper")
    page.get_by_role("button", name="Make active").click()
    question = page.locator(".st-key-detector_question")
    expect(question).to_contain_text("1 fewer than shipped, which is active (200)")
    question.get_by_role("button", name="Make it active all the same").click()
    expect(page.get_by_text("paper is active now.")).to_be_visible()
    assert active_version(bench.model) == "paper"
    page.get_by_role("button", name="Roll back to shipped").click()
    expect(page.get_by_text("Rolled back: shipped is active again.")).to_be_visible()
    assert active_version(bench.model) == "shipped"


def test_a_link_keeps_its_version_when_another_one_is_put_to_work(bench: Bench, page: Page) -> None:
    visit(page, f"{bench.address}/?subject={MODEL}&sample=bag-triggered")
    link, verdict = page.url, page.locator(".st-key-verdict p").first.inner_text()
    assert params_of(page)["detector"].startswith("shipped ")
    made_for = fingerprint(load(bench.model).model)
    activate(bench.model, "never", made_for)
    try:
        visit(page, link)
        expect(page.get_by_text('This link was made with the detector "shipped"')).to_be_visible()
        expect(page.locator(".st-key-verdict p").first).to_have_text(verdict)
        page.get_by_role("button", name="Use the active detector").click()
        expect(page.locator(".st-key-verdict p").first).not_to_have_text(verdict)
        expect(page.get_by_text("This link was made with")).to_have_count(0)
        settle(page)
        assert params_of(page)["detector"].startswith("never ")
    finally:
        activate(bench.model, "shipped", made_for)
    visit(page, link.replace("shipped", "lost"))
    expect(page.get_by_text("is not here: showing the active one.")).to_be_visible()
    expect(page.locator(".st-key-verdict p").first).to_have_text(verdict)


def test_the_tour_is_about_the_detector_that_came_with_the_model(bench: Bench, page: Page) -> None:
    made_for = fingerprint(load(bench.model).model)
    activate(bench.model, "never", made_for)
    try:
        visit(page, f"{bench.address}/learn?step=5", "Learn")
        page.get_by_text("AtPatch on", exact=False).first.click()
        expect(page.locator(".st-key-lesson")).to_contain_text("The model answers Ankle boot")
    finally:
        roll_back(bench.model, made_for)


def test_a_comparison_is_found_again_after_a_roll_back(bench: Bench, page: Page) -> None:
    address = f"{bench.address}/evaluate?subject={MODEL}&defences=no-fix&attacks=badnets&pictures=200"
    visit(page, address, "Evaluate")
    page.get_by_role("button", name="Compare").click()
    verdict = page.get_by_text(re.compile("badnets turns .* of the images"))
    expect(verdict).to_be_visible()
    made_for = fingerprint(load(bench.model).model)
    activate(bench.model, "never", made_for)
    try:
        visit(page, address, "Evaluate")
        expect(page.get_by_role("button", name="Compare")).to_be_visible()
    finally:
        roll_back(bench.model, made_for)
    visit(page, address, "Evaluate")
    expect(verdict).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_phone(bench: Bench, new_page: Callable[..., Page], scheme: str) -> None:
    page = new_page(width=390, scheme=scheme)
    bench.page(page, version="shipped", **{"with": "paper"})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_model_without_a_detector_says_so(odd_app: str, page: Page) -> None:
    visit(page, f"{odd_app}/detector?subject=d-no-detector", "Detector")
    expect(page.get_by_text("This model has no detector yet: train one.")).to_be_visible()
    visit(page, f"{odd_app}/detector?subject=a-damaged", "Detector")
    expect(page.get_by_text(re.compile("can't be loaded"))).to_be_visible()
