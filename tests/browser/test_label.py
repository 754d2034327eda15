"""The Label page as an annotator uses it: keys and clicks, drafts, undo, crashes, Triage and files."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from atpatch_core import Column, load
from atpatch_core.figures.png import as_png
from atpatch_core.labels import Answer, ColumnVerdict, LabelStore, NewAnswer, Rest, State, SubjectRef, Verdict
from atpatch_core.labels.intake import send_to_labelling
from tests.support.dashboard import PATIENCE, ROOT, free_port, params_of, serve_forked, serve_quickly, settle, visit

from .conftest import MODEL, environment

INPUTS = 12
PRESS = """
([key, code]) => new Promise((resolve) => {
  const sheet = document.querySelector(".sheet") || [...document.querySelectorAll("*")]
    .map((one) => one.shadowRoot && one.shadowRoot.querySelector(".sheet")).find(Boolean);
  const before = sheet.innerText + sheet.querySelector(".column").style.left;
  const start = performance.now();
  window.dispatchEvent(new KeyboardEvent("keydown", { key, code, bubbles: true, composed: true, cancelable: true }));
  const look = () => {
    if (sheet.innerText + sheet.querySelector(".column").style.left !== before) {
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
    } else if (performance.now() - start > 5000) resolve(5000);
    else requestAnimationFrame(look);
  };
  look();
})
"""


@dataclass(frozen=True)
class Labelling:
    """A dashboard with a queue of `INPUTS` inputs: its address, its store, and the subject."""

    address: str
    url: str
    subject: SubjectRef

    def answers(self, *annotators: str) -> list[Answer]:
        with LabelStore.open(self.url) as store:
            return [one for one in store.answers(self.subject.fingerprint) if one.annotator in annotators]

    def page(self, page: Page, annotator: str) -> None:
        """Open the page; each test is another annotator, so that they can share the dashboard."""
        visit(page, f"{self.address}/label?subject={MODEL}&annotator={annotator}", "Label")
        page.locator(".sheet .list").wait_for(timeout=PATIENCE)


def _filled(url: str, models: Path, inputs: int = INPUTS) -> SubjectRef:
    subject = load(models / MODEL)
    images = pq.read_table(models / MODEL / "eval" / "images.parquet", columns=["image"]).slice(0, inputs).to_pylist()
    with LabelStore.open(url) as store:
        for number, row in enumerate(images):
            content = row["image"]["bytes"] if isinstance(row["image"], dict) else row["image"]
            send_to_labelling(store, subject, content, f"test image {number}", "a test", subject.version)
        return store.subjects()[0]


@pytest.fixture(scope="module")
def labelling(models: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labelling]:
    """A dashboard with a filled queue."""
    folder = tmp_path_factory.mktemp("labelling")
    url = f"sqlite:///{folder / 'labels.sqlite'}"
    subject = _filled(url, models)
    with serve_quickly(folder, environment(models, samples) | {"ATPATCH_DATABASE_URL": url}) as address:
        yield Labelling(address, url, subject)


def _title(page: Page) -> str:
    return page.locator(".sheet .title").inner_text()


def _saved(page: Page) -> None:
    expect(page.locator(".sheet .saved")).to_contain_text("all answers saved")


def _judged(page: Page) -> int:
    return page.locator(".sheet .list .said:not(.none)").count()


def _send(labelling: Labelling, name: str, title: str) -> None:
    """Queue a sample that the detector marks."""
    with LabelStore.open(labelling.url) as store:
        model = load(ROOT / "sample_models" / MODEL)
        content = (ROOT / "assets" / "samples" / f"{name}.png").read_bytes()
        send_to_labelling(store, model, content, title, "a test", model.version)


def _go_to(page: Page, title: str) -> None:
    """Skip until the input with this title is on the sheet."""
    for _ in range(INPUTS + 6):
        if _title(page) == title:
            return
        before = _title(page)
        page.keyboard.press("s")
        expect(page.locator(".sheet .title")).not_to_have_text(re.compile(f"^({re.escape(before)})?$"))
    raise AssertionError(f"{title} never came.")


def _open_marks(page: Page) -> int:
    """How many columns that the detector marks are not judged."""
    rows = page.locator(".sheet .list li").filter(has=page.locator(".score", has_text="\u25b2"))
    return rows.filter(has=page.locator(".said.none")).count()


def test_after_the_name_keys_label_and_never_land_in_its_field(labelling: Labelling, page: Page) -> None:
    visit(page, f"{labelling.address}/label?subject={MODEL}", "Label")
    field = page.get_by_label("Your name")
    field.click()
    page.keyboard.type("Nadia")
    page.keyboard.press("Enter")
    page.keyboard.press("x")  # the sheet is not there yet: nothing is judged that nobody saw
    page.locator(".sheet .list").wait_for(timeout=PATIENCE)
    expect(page.locator(".sheet .person")).to_contain_text("Nadia says")
    before = _judged(page)
    assert before == 0
    page.keyboard.press("x")
    page.keyboard.press("x")
    assert _judged(page) == 2
    assert field.input_value() == "Nadia"
    page.keyboard.press("Enter")
    _saved(page)
    assert [one.state for one in labelling.answers("Nadia")] == [State.SUBMITTED]
    # Another name: what is typed before its sheet is there is taken down for nobody.
    settle(page)
    field.click()
    page.keyboard.press("End")
    page.keyboard.type(" B")
    page.keyboard.press("Enter")
    page.keyboard.press("d")
    expect(page.locator(".sheet .person")).to_contain_text("Nadia B says")
    page.keyboard.press("a")
    _saved(page)
    assert field.input_value() == "Nadia B"
    assert [one.state for one in labelling.answers("Nadia")] == [State.SUBMITTED]
    assert [one.state for one in labelling.answers("Nadia B")] == [State.DRAFT]
    # The same name again: nothing is fetched, and the keys label all the same.
    field.click()
    page.keyboard.press("Enter")
    page.keyboard.press("x")
    assert _judged(page) == 2
    assert field.input_value() == "Nadia B"


def test_after_a_list_with_layers_or_models_keys_label_again(labelling: Labelling, page: Page) -> None:
    labelling.page(page, "Lea")
    page.locator(".sheet select").first.click()
    page.locator(".sheet select").first.select_option("2")
    page.keyboard.press("x")
    assert page.locator(".sheet select").first.input_value() != "x"
    assert _judged(page) == 1


def test_an_input_is_labelled_with_keys_alone_and_the_next_one_is_there(labelling: Labelling, page: Page) -> None:
    labelling.page(page, "Ada")
    first = _title(page)
    expect(page.locator(".sheet .machine")).to_contain_text(re.compile(r"Detector shipped \w+ suggests"))
    expect(page.locator(".sheet .person")).to_contain_text("nothing yet")
    place = page.locator(".sheet .where").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator(".sheet .where").inner_text() != place
    page.keyboard.press("ArrowLeft")
    assert page.locator(".sheet .where").inner_text() == place
    for key in ("a", "u", "x"):
        page.keyboard.press(key)
    assert _judged(page) == 3
    page.keyboard.press("b")
    assert _judged(page) == 8
    page.keyboard.press("Enter")
    expect(page.locator(".sheet .title")).not_to_have_text(first)
    _saved(page)
    (answer,) = labelling.answers("Ada")
    assert (answer.annotator, answer.state) == ("Ada", State.SUBMITTED)
    assert sorted(one.verdict.value for one in answer.verdicts) == ["benign"] * 6 + ["over-attended", "unsure"]
    assert answer.detector is not None
    assert answer.detector.startswith("shipped ")
    assert all(one.score is not None and 0 <= one.score <= 1 for one in answer.verdicts)
    expect(page.get_by_text(re.compile(r"1 of \d+ inputs"))).to_be_visible()


def test_what_is_skipped_comes_back_once_nothing_else_is_open(labelling: Labelling, page: Page) -> None:
    labelling.page(page, "Skipping")
    first = _title(page)
    met = [first]
    for _ in range(INPUTS - 1):
        page.keyboard.press("s")
        expect(page.locator(".sheet .title")).not_to_have_text(re.compile(f"^({'|'.join(met)})?$"))
        met.append(_title(page))
    assert len(set(met)) == INPUTS
    page.keyboard.press("s")
    expect(page.locator(".sheet .title")).to_have_text(first)
    page.keyboard.press("d")
    expect(page.locator(".sheet .title")).not_to_have_text(re.compile(f"^({first})?$"))
    _saved(page)
    assert [one.state for one in labelling.answers("Skipping")] == [State.DISCARDED]


def test_a_draft_survives_a_reload_and_undo_goes_back_into_the_input_before(labelling: Labelling, page: Page) -> None:
    labelling.page(page, "Dora")
    first = _title(page)
    page.keyboard.press("a")
    page.keyboard.press("x")
    _saved(page)
    assert [one.state for one in labelling.answers("Dora")] == [State.DRAFT]
    page.reload()
    page.locator(".sheet .list").wait_for(timeout=PATIENCE)
    settle(page)
    assert (_title(page), _judged(page)) == (first, 2)
    page.keyboard.press("Enter")
    expect(page.locator(".sheet .title")).not_to_have_text(first)
    second = _title(page)
    page.keyboard.press("z")
    assert (_title(page), _judged(page)) == (first, 2)
    _saved(page)
    assert [one.state for one in labelling.answers("Dora")] == [State.DRAFT]
    page.keyboard.press("u")
    page.keyboard.press("z")
    assert _judged(page) == 2
    page.keyboard.press("Enter")
    assert _title(page) == second
    page.keyboard.press("s")
    assert _title(page) not in (first, second)
    third = _title(page)
    page.keyboard.press("d")
    expect(page.locator(".sheet .title")).not_to_have_text(third)
    _saved(page)
    assert sorted(one.state.value for one in labelling.answers("Dora")) == ["discarded", "submitted"]


def test_every_key_shows_within_a_tenth_of_a_second(labelling: Labelling, page: Page) -> None:
    """Measured in the browser, from the key to the frame after the change; the best of a few, machines are shared."""
    labelling.page(page, "Eve")
    times: dict[str, list[float]] = {}
    for _ in range(4):
        for key in ("ArrowRight", "a", "x", "u", "z", "b", "Enter"):
            times.setdefault(key, []).append(page.evaluate(PRESS, [key, key]))
        _saved(page)
        settle(page)
    print({key: [round(one) for one in some] for key, some in times.items()})
    assert all(min(some) <= 100 for some in times.values()), times


def test_a_click_in_the_image_or_the_map_judges_any_column(labelling: Labelling, page: Page) -> None:
    labelling.page(page, "Cleo")
    page.locator(".sheet .input .frame").get_by_label("row 0, column 0", exact=True).click()
    expect(page.locator(".sheet .where")).to_contain_text("row 0, column 0")
    expect(page.locator(".sheet .machine")).to_contain_text("no score here")
    page.get_by_role("button", name="Over-attended").click()
    box = page.locator(".sheet .map img").bounding_box()
    assert box is not None
    page.locator(".sheet select").first.select_option("2")
    page.locator(".sheet .map img").click(position={"x": box["width"] - 2, "y": 20})
    expect(page.locator(".sheet .where")).to_contain_text("row 6, column 6 draw too much attention in layer 2")
    page.get_by_role("button", name="Unsure").click()
    page.keyboard.press("Enter")  # after a click, Enter still submits
    _saved(page)
    (answer,) = labelling.answers("Cleo")
    said = {one.column: one.verdict for one in answer.verdicts}
    assert Verdict.OVER_ATTENDED in [verdict for column, verdict in said.items() if column.key == 1]
    assert Verdict.UNSURE in [verdict for column, verdict in said.items() if column.layer == 2]


def test_what_the_detector_marks_is_not_called_benign_unseen(labelling: Labelling, page: Page) -> None:
    _send(labelling, "bag-triggered", "unjudged marks")
    labelling.page(page, "Grace")
    _go_to(page, "unjudged marks")
    marked = page.locator(".sheet .list .score", has_text="\u25b2").count()
    assert marked
    page.keyboard.press("b")
    expect(page.get_by_text("The detector marks what is left")).to_be_visible()
    assert page.locator(".sheet .list .said.none").count() == marked
    page.keyboard.press("a")
    expect(page.get_by_text("The detector marks what is left")).to_have_count(0)


def test_flagged_columns_left_unjudged_are_asked_about_once(labelling: Labelling, page: Page) -> None:
    _send(labelling, "bag-triggered", "unjudged marks")
    labelling.page(page, "Uma")
    _go_to(page, "unjudged marks")
    question = page.locator(".sheet .question")
    marks = _open_marks(page)
    assert marks
    expect(question).to_be_hidden()
    page.keyboard.press("ArrowLeft")  # the last one, which is not marked
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(question).to_contain_text(f"{marks} flagged column")
    expect(question).to_contain_text("not judged")
    assert _title(page) == "unjudged marks"
    question.get_by_role("button", name="Judge them").click()
    expect(question).to_be_hidden()
    assert _open_marks(page) == marks
    expect(page.locator(".sheet .machine")).to_contain_text("\u25b2 over-attended")  # it stands on the first of them
    page.keyboard.press("Enter")  # asked once is enough
    expect(page.locator(".sheet .title")).not_to_have_text("unjudged marks")
    _saved(page)
    (answer,) = labelling.answers("Uma")
    assert (answer.state, answer.rest, answer.suggestion_seen) == (State.SUBMITTED, Rest.UNJUDGED, True)
    assert [one.verdict for one in answer.verdicts] == [Verdict.BENIGN]


@pytest.mark.parametrize("by", ["key", "click"])
def test_the_rest_is_benign_is_said_and_recorded_as_such(labelling: Labelling, page: Page, by: str) -> None:
    _send(labelling, "bag-triggered", "unjudged marks")
    name = f"Vera {by}"
    labelling.page(page, name)
    _go_to(page, "unjudged marks")
    expect(page.locator(".sheet .others")).to_have_text("All other columns: not judged")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    if by == "key":
        page.keyboard.press("b")
    else:
        page.locator(".sheet .question").get_by_role("button", name="The rest is benign").click()
    expect(page.locator(".sheet .title")).not_to_have_text("unjudged marks")
    _saved(page)
    (answer,) = labelling.answers(name)
    assert (answer.state, answer.rest) == (State.SUBMITTED, Rest.BENIGN)
    assert {one.verdict for one in answer.verdicts} == {Verdict.BENIGN}


def test_submitted_anyway_after_b_nothing_is_said_about_what_is_marked(labelling: Labelling, page: Page) -> None:
    _send(labelling, "bag-triggered", "unjudged marks")
    labelling.page(page, "Wim")
    _go_to(page, "unjudged marks")
    marks = _open_marks(page)
    page.keyboard.press("b")
    expect(page.locator(".sheet .others")).to_have_text("All other columns: not judged")
    page.keyboard.press("Enter")
    expect(page.locator(".sheet .question")).to_contain_text(f"{marks} flagged column")
    page.keyboard.press("Enter")
    _saved(page)
    (answer,) = labelling.answers("Wim")
    assert (answer.state, answer.rest, len(answer.verdicts)) == (State.SUBMITTED, Rest.UNJUDGED, 8 - marks)
    # Undone, judged one by one, and what B said holds.
    page.keyboard.press("z")
    assert _title(page) == "unjudged marks"
    for _ in range(marks):
        page.keyboard.press("a")
    expect(page.locator(".sheet .others")).to_have_text("All other columns: \u25cb benign")
    page.keyboard.press("Enter")
    _saved(page)
    (answer,) = labelling.answers("Wim")
    assert (answer.rest, len(answer.verdicts)) == (Rest.BENIGN, 8)


def test_the_suggestion_can_be_hidden_until_one_has_answered(labelling: Labelling, page: Page) -> None:
    _send(labelling, "bag-triggered", "unjudged marks")
    labelling.page(page, "Xenia")
    page.get_by_text("Hide what the detector suggests until I have answered").click()
    expect(page.locator(".sheet .machine")).to_contain_text("hidden until you have answered")
    page.wait_for_function("location.search.includes('suggestion=hidden')")
    page.reload()
    page.locator(".sheet .list").wait_for(timeout=PATIENCE)
    settle(page)
    _go_to(page, "unjudged marks")
    expect(page.locator(".sheet .machine")).to_contain_text("hidden until you have answered")
    assert page.locator(".sheet .list .score").all_inner_texts() == [""] * 8
    places = page.locator(".sheet .list .place").all_inner_texts()
    assert [place[:5] for place in places] == sorted(place[:5] for place in places)
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(page.locator(".sheet .question")).to_contain_text("7 listed columns are not judged")  # not: how many flagged
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    assert _judged(page) == 8
    page.keyboard.press("Enter")
    expect(page.locator(".sheet .title")).not_to_have_text("unjudged marks")
    _saved(page)
    (answer,) = labelling.answers("Xenia")
    assert (answer.state, answer.suggestion_seen, answer.rest) == (State.SUBMITTED, False, Rest.BENIGN)
    assert answer.detector is not None
    # Answered, it shows; who changes the answer then has seen it.
    page.keyboard.press("z")
    expect(page.locator(".sheet .machine")).to_contain_text(re.compile(r"benign|over-attended"))
    assert page.locator(".sheet .list .score", has_text="\u25b2").count()
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    _saved(page)
    (answer,) = labelling.answers("Xenia")
    assert (answer.state, answer.suggestion_seen) == (State.SUBMITTED, True)


def test_when_everything_is_answered_nothing_is_left_to_fill_in(labelling: Labelling, page: Page) -> None:
    labelling.page(page, "Zoe")
    done = page.get_by_text("Everything here is answered.")
    for _ in range(INPUTS + 1):
        if done.is_visible():
            break
        title = _title(page)
        page.keyboard.press("d")
        expect(page.locator(".sheet .title")).not_to_have_text(title)
        expect(page.get_by_text("Fetching the next inputs")).to_be_hidden()
    expect(done).to_be_visible()
    _saved(page)
    for reload in (False, True):
        if reload:
            page.reload()
            settle(page)
        expect(done).to_be_visible()
        expect(page.locator(".sheet .stage")).to_be_hidden()


def test_two_annotators_have_their_own_answers_and_their_agreement_is_shown(
    labelling: Labelling, page: Page, new_page: Callable[..., Page]
) -> None:
    other = new_page()
    labelling.page(page, "Ira")
    labelling.page(other, "Jo")
    for one in (page, other):
        one.keyboard.press("b")
        one.keyboard.press("Enter")
        _saved(one)
    assert sorted(one.annotator for one in labelling.answers("Ira", "Jo")) == ["Ira", "Jo"]
    settle(other)
    other.get_by_text("Progress and agreement").click()
    expect(other.get_by_text(re.compile("^(Cohen's kappa|Krippendorff's alpha)$"))).to_be_visible()
    expect(other.get_by_role("cell", name="Jo")).to_be_visible()


def test_disagreements_are_listed_and_each_opens_its_input(labelling: Labelling, page: Page) -> None:
    with LabelStore.open(labelling.url) as store:
        fingerprint = labelling.subject.fingerprint
        first, second = store.inputs(fingerprint)[5:7]
        for name, one, verdict in (
            ("Kim", first, Verdict.OVER_ATTENDED),
            ("Lou", first, Verdict.BENIGN),
            ("Kim", second, Verdict.OVER_ATTENDED),
        ):
            verdicts = (ColumnVerdict(Column(0, 1, 7), verdict),)
            store.save(NewAnswer(fingerprint, one.digest, name, State.SUBMITTED, verdicts))
        verdicts = (ColumnVerdict(Column(0, 1, 8), Verdict.BENIGN),)
        store.save(NewAnswer(fingerprint, second.digest, "Lou", State.SUBMITTED, verdicts))
    labelling.page(page, "Kim")
    page.get_by_text("Progress and agreement").click()
    listed = page.locator(".st-key-label_disagreements")
    expect(listed).to_contain_text("layer 0 \u00b7 head 1 \u00b7 column 7 \u2013")
    expect(listed.get_by_text(re.compile("Kim: over-attended, Lou: benign"))).to_be_visible()
    expect(listed.get_by_text(re.compile("Kim: over-attended, Lou: not judged"))).to_be_visible()
    expect(page.get_by_text("judged by only one of those who answered the input")).to_be_visible()
    settle(page)
    listed.get_by_role("link", name=f"Open {second.title}").click()
    expect(page.locator(".sheet .title")).to_have_text(second.title)
    settle(page)
    assert params_of(page)["input"] == second.digest
    expect(page.locator(".sheet .list .place", has_text="L0\u00b7H1")).not_to_have_count(0)
    # A link that is passed on leads to the same input; once it is answered, the queue goes on.
    page.reload()
    page.locator(".sheet .list").wait_for(timeout=PATIENCE)
    expect(page.locator(".sheet .title")).to_have_text(second.title)
    settle(page)
    page.keyboard.press("Enter")
    if page.locator(".sheet .question").is_visible():
        page.keyboard.press("Enter")
    expect(page.locator(".sheet .title")).not_to_have_text(second.title)
    _saved(page)
    page.wait_for_function("!location.search.includes('input=')")
    visit(page, f"{labelling.address}/label?subject={MODEL}&annotator=Kim&input={'0' * 64}", "Label")
    expect(page.get_by_text("which is not here: showing what is open.")).to_be_visible()


def test_an_input_goes_from_triage_to_the_queue(labelling: Labelling, page: Page) -> None:
    visit(page, labelling.address)
    page.get_by_role("button", name="Send to labelling").click()
    expect(page.get_by_text("Queued for labelling.")).to_be_visible()
    page.get_by_role("button", name="Send to labelling").click()
    expect(page.get_by_text("already in the labelling queue")).to_be_visible()
    with LabelStore.open(labelling.url) as store:
        found = store.inputs(labelling.subject.fingerprint)
    assert [one.source for one in found].count("Triage") == 1


def test_files_are_queued_or_refused_with_a_sentence(labelling: Labelling, page: Page) -> None:
    labelling.page(page, "Finn")
    noise = np.random.default_rng(7).integers(0, 256, (28, 28), dtype=np.uint8)
    page.get_by_text("Send inputs to labelling").click()
    page.locator('[data-testid="stFileUploader"] input[type="file"]').first.set_input_files(
        [
            {"name": "good.png", "mimeType": "image/png", "buffer": as_png(np.stack([noise] * 3, -1))},
            {"name": "bad.png", "mimeType": "image/png", "buffer": b"no image"},
        ]
    )
    expect(page.get_by_role("button", name="Remove bad.png")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Send to labelling").click()
    expect(page.get_by_text("1 input added, 0 already queued")).to_be_visible()
    expect(page.get_by_text("not a PNG, JPEG or WebP image")).to_be_visible()


def test_labels_are_downloaded_and_faulty_ones_reported(labelling: Labelling, page: Page) -> None:
    with LabelStore.open(labelling.url) as store:
        one = store.inputs(labelling.subject.fingerprint)[0]
        verdicts = (ColumnVerdict(Column(0, 1, 49), Verdict.BENIGN),)
        store.save(NewAnswer(labelling.subject.fingerprint, one.digest, "Bo", State.SUBMITTED, verdicts))
    labelling.page(page, "Gil")
    page.get_by_text("Export and import").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download fashion")).click()
    table = pq.read_table(pa.BufferReader(Path(download.value.path()).read_bytes()))
    assert table["annotator"].to_pylist().count("Bo") == 1
    rows = [
        {
            "annotator": "Cy",
            "input_sha256": one.digest,
            "verdicts": [{"layer": 0, "head": 0, "column": 1, "verdict": "unsure"}],
        },
        {
            "annotator": "Cy",
            "input_sha256": one.digest,
            "verdicts": [{"layer": 9, "head": 0, "column": 1, "verdict": "unsure"}],
        },
    ]
    content = "\n".join(map(json.dumps, rows)).encode()
    page.get_by_test_id("stFileUploader").filter(has_text="JSON Lines or Parquet").locator("input").set_input_files(
        {"name": "labels.jsonl", "mimeType": "application/json", "buffer": content}
    )
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Of 2 rows, 1 were imported")).to_be_visible()
    assert sorted(one.annotator for one in labelling.answers("Bo", "Cy")) == ["Bo", "Cy"]


def _settings(models: Path, samples: Path, folder: Path, url: str) -> tuple[int, dict[str, str]]:
    """A free port, and the environment of an app that is started there again after it was killed."""
    own = {"ATPATCH_DATABASE_URL": url, "ATPATCH_UPLOADS": str(folder / "uploads")}
    return free_port(), environment(models, samples) | own


def test_a_killed_app_loses_nothing_that_was_answered(models: Path, samples: Path, tmp_path: Path, page: Page) -> None:
    """The app is killed right after, and while, answers are given; the open page sends them to the next one."""
    url = f"sqlite:///{tmp_path / 'labels.sqlite'}"
    subject = _filled(url, models)
    port, settings = _settings(models, samples, tmp_path, url)
    labelling = Labelling(f"http://127.0.0.1:{port}", url, subject)
    given = 0
    with serve_forked(tmp_path, settings, port) as (_, app):
        labelling.page(page, "Ada")
        page.keyboard.press("b")
        page.keyboard.press("Enter")
        given += 1
        app.kill()
        app.wait()
        # Nobody is there to take this one.
        page.keyboard.press("a")
        page.keyboard.press("b")
        page.keyboard.press("Enter")
        given += 1
        expect(page.locator(".sheet .saved")).to_contain_text("saving")
    with serve_quickly(tmp_path, settings, port):
        expect(page.locator(".sheet .saved")).to_contain_text("all answers saved", timeout=PATIENCE)
        found = labelling.answers("Ada")
        assert [one.state for one in found] == [State.SUBMITTED] * given
        assert len({one.digest for one in found}) == given
    # The browser too: what it had not sent is there when it comes back.
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    with serve_quickly(tmp_path, settings, port):
        labelling.page(page, "Ada")
        _saved(page)
        assert len(labelling.answers("Ada")) == given + 1


@pytest.mark.slow
def test_an_app_killed_again_and_again_loses_and_doubles_no_submitted_answer(
    models: Path, samples: Path, tmp_path: Path, page: Page
) -> None:
    """Each time a little later after an answer was given; the page stays open and meets the next app.

    Every app takes its time to start: `ATPATCH_KILLS=4` kills fewer of them. (A process that writes to the store is
    killed twenty times in `tests/integration/labels`, too.)
    """
    kills = int(os.environ.get("ATPATCH_KILLS", "20"))
    url = f"sqlite:///{tmp_path / 'labels.sqlite'}"
    subject = _filled(url, models, kills + 4)
    port, settings = _settings(models, samples, tmp_path, url)
    labelling = Labelling(f"http://127.0.0.1:{port}", url, subject)

    def stored(count: int) -> None:
        deadline = time.monotonic() + PATIENCE / 1000
        while len(labelling.answers("Ada")) < count or "all answers saved" not in _saying(page):
            assert time.monotonic() < deadline, (count, labelling.answers("Ada"), _saying(page))
            page.wait_for_timeout(100)

    for attempt in range(kills):
        with serve_forked(tmp_path, settings, port) as (_, app):
            if attempt == 0:
                labelling.page(page, "Ada")
            stored(attempt)
            title = _title(page)
            page.keyboard.press("b")
            page.keyboard.press("Enter")
            page.wait_for_timeout(220 * attempt / kills)
            app.kill()
            app.wait()
            assert _title(page) != title
    with serve_quickly(tmp_path, settings, port):
        stored(kills)
        found = labelling.answers("Ada")
    assert [one.state for one in found] == [State.SUBMITTED] * kills
    assert len({one.digest for one in found}) == kills
    assert all(one.verdicts and {said.verdict for said in one.verdicts} == {Verdict.BENIGN} for one in found)


def _saying(page: Page) -> str:
    return page.locator(".sheet .saved").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_at_any_width(
    labelling: Labelling, new_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = new_page(width=width, scheme=scheme)
    labelling.page(page, "Hana")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sheet = page.locator(".sheet").bounding_box()
    assert sheet is not None
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= width
    for button in page.locator(".sheet .keys button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert box["height"] >= 36


def test_a_name_full_of_markup_stays_text(labelling: Labelling, page: Page) -> None:
    name = "<img src=x onerror=alert(1)>"
    visit(page, f"{labelling.address}/label?subject={MODEL}&annotator={quote(name)}", "Label")
    page.locator(".sheet .list").wait_for(timeout=PATIENCE)
    expect(page.locator(".sheet .person")).to_contain_text(name)
    assert page.locator(".sheet img[src=x]").count() == 0
