"""Learn: the attack and its repair in seven steps, each on a model that runs while one looks at it."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError
from pages.components.lesson_navigation.lesson_navigation import asked_step, step_buttons
from pages.learn.question import show_question
from pages.learn.settings import keep_settings, setting
from pages.learn.steps import STEPS
from pages.shared import address
from pages.shared.markdown import plain
from pages.shared.style import apply_style

_NAV = "learn_nav"
_STEP = "step"


def main() -> None:
    """Draw the step that the address asks for."""
    apply_style()
    number = _step()
    keep_settings(number)
    step = STEPS[number - 1]
    with st.container(horizontal=True, vertical_alignment="center", key="heading"):
        st.title("Learn", anchor=False, width="content")
        st.caption(f"Step {number} of {len(STEPS)}.", width="content")
        with st.container(key="keys_hint"):
            st.caption("Arrow keys go forward and back.")
        with st.container(width="content", key="steps"):
            step_buttons(_NAV, [lesson.TITLE for lesson in STEPS], number, _go)
    address.show_unknown_parameters()
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="lesson_title"
    ):
        st.header(step.TITLE, anchor=False, width="content")
        with st.container(width="content"):
            show_question(step.QUESTION, setting(number, "question"))
    with st.container(key="lesson"):
        try:
            step.show()
        except AtPatchError as error:
            st.error(plain(str(error)), icon=":material/block:")


def _step() -> int:
    step = address.text_of(_STEP, [str(number) for number in range(1, len(STEPS) + 1)], "1", "showing the first")
    if address.parameter(_STEP) not in ("", step):
        address.write({_STEP: step})
    return int(step)


def _go() -> None:
    asked = asked_step(_NAV, len(STEPS))
    if asked is not None:
        address.put(_STEP, str(asked))


main()
