"""What the Evaluate page shows of figures that were not measured, of lists that change, of a job without a result."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from atpatch_core.evaluation.comparison_request import ComparisonRequest
from atpatch_core.evaluation.rates import Rate
from atpatch_core.jobs import State, Status, locks
from atpatch_core.jobs.store import write_json
from pages.evaluate.panels import interval, per_cent
from pages.shared.job_progress import time_left


def test_what_was_not_measured_has_no_number() -> None:
    assert per_cent(math.nan) is None
    assert per_cent(0.25) == 25
    assert interval(Rate(math.nan, math.nan, math.nan, 0)) is None
    assert interval(Rate(0.0, -0.0747, 0.0747, 42)) == "-7.5 to 7.5"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "about 1 second left"), (7.0, "about 7 seconds left"), (100.0, "about 2 minutes left")]
)
def test_the_time_left_is_told_in_words(seconds: float, words: str) -> None:
    assert time_left(seconds) == words


def _lists() -> None:
    import streamlit as st

    from pages.evaluate.panels import chosen_group

    sizes = {"a": 0, "b": 3, "c": 5} if st.toggle("other") else {"a": 0, "b": 1, "c": 2}
    st.markdown(chosen_group("Which", sizes, "which"))


def test_a_list_counts_anew_and_keeps_what_was_chosen() -> None:
    page = AppTest.from_function(_lists).run()
    assert page.markdown[0].value == "b"  # the first with any
    page.selectbox[0].select("c").run()
    first = page.selectbox[0]
    assert first.options == ["a (0)", "b (1)", "c (2)"]
    page.toggle[0].set_value(True).run()
    other = page.selectbox[0]
    assert page.markdown[0].value == other.value == "c"
    assert other.options == ["a (0)", "b (3)", "c (5)"]
    # To the browser it is another list, or it would go on showing "c (2)".
    assert first.proto.id != other.proto.id


def _job() -> None:
    from pathlib import Path

    from atpatch_core.evaluation.comparison_request import ComparisonRequest
    from pages.evaluate.job import comparisons, show_job

    folder = comparisons().folder
    request = ComparisonRequest(Path("model"), None, "0" * 64, folder, "", 200, {}, ("no-fix",), 0.01, 1)
    show_job(request, "Nothing", lambda done: None)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the comparison that `_job` asks for, whose process does nothing but hold its lock."""
    monkeypatch.setenv("ATPATCH_JOBS", str(tmp_path))
    request = ComparisonRequest(Path("model"), None, "0" * 64, tmp_path, "", 200, {}, ("no-fix",), 0.01, 1)
    folder = tmp_path / "20260101T000000.000000-x"
    for made in (folder, tmp_path / "locks"):
        made.mkdir()
    write_json(folder / "request.json", {"kind": "comparison", **request.as_data()})
    write_json(folder / "status.json", Status(State.RUNNING, "atpatch", 0.25, 1.0, 2.0).as_data())
    lock = locks.take(tmp_path / "locks" / request.key)
    assert lock is not None
    locks.note(lock, folder.name)
    yield folder
    os.close(lock)


def test_cancelling_is_said_at_once_though_a_step_takes_longer(running: Path) -> None:
    page = AppTest.from_function(_job, default_timeout=30).run()
    assert [(one.label, one.disabled) for one in page.button] == [("Cancel", False)]
    assert page.get("progress")[0].proto.text.startswith("atpatch \u00b7 about ")
    page.button[0].click().run()
    assert [(one.label, one.disabled) for one in page.button] == [("Cancel", True)]
    assert page.get("progress")[0].proto.text == "Cancelling\u2026"
    assert (running / "cancel").exists()


@pytest.mark.parametrize(
    ("state", "problem", "said"),
    [
        (State.DONE, None, []),  # but nothing of it can be read
        (State.FAILED, "Bring more images.", ["Bring more images."]),
        (State.CANCELLED, None, ["The comparison was cancelled; nothing of it is kept."]),
    ],
)
def test_a_comparison_without_a_result_can_be_made_again(
    running: Path, state: State, problem: str | None, said: list[str]
) -> None:
    write_json(running / "status.json", Status(state, problem=problem).as_data())
    page = AppTest.from_function(_job, default_timeout=30).run()
    assert not page.exception
    assert [one.value for one in (*page.error, *page.info)] == said
    assert [one.label for one in page.button] == ["Compare"]
