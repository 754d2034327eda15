"""What the Evaluate page shows of figures that were not measured, of lists that change, and of a cancelled job."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, cast

import pytest
from streamlit.testing.v1 import AppTest

from atpatch_core.evaluation.rates import Rate
from pages.evaluate.panels import interval, per_cent
from pages.shared.job_progress import _left


def test_what_was_not_measured_has_no_number() -> None:
    assert per_cent(math.nan) is None
    assert per_cent(0.25) == 25
    assert interval(Rate(math.nan, math.nan, math.nan, 0)) is None
    assert interval(Rate(0.0, -0.0747, 0.0747, 42)) == "-7.5 to 7.5"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "about 1 second left"), (7.0, "about 7 seconds left"), (100.0, "about 2 minutes left")]
)
def test_the_time_left_is_told_in_words(seconds: float, told: str) -> None:
    assert _left(cast(Any, SimpleNamespace(seconds_left=seconds))) == told


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
    import time
    from collections.abc import Callable

    from pages.evaluate.job import show_job

    def work(on_step: Callable[[str, int, int], None]) -> str:
        on_step("slow", 0, 2)
        time.sleep(5)
        on_step("slow", 1, 2)
        return "done"

    show_job("cancelled in a test", "Nothing", work, {})


def test_cancelling_is_said_at_once_though_a_step_takes_longer() -> None:
    page = AppTest.from_function(_job, default_timeout=30).run()
    page.button[0].click().run()
    assert [(one.label, one.disabled) for one in page.button] == [("Cancel", False)]
    page.button[0].click().run()
    assert [(one.label, one.disabled) for one in page.button] == [("Cancel", True)]
    assert page.get("progress")[0].proto.text == "Cancelling\u2026"
