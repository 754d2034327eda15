"""What a person set in the steps of the tour, kept while they go from one step to another."""

from __future__ import annotations

import streamlit as st

_PREFIX = "lesson"
_SHOWN = "learn_shown"


def setting(step: int, name: str, start: object = None) -> str:
    """The key of a widget in a step, whose value begins with `start` if that is not `None`."""
    key = f"{_PREFIX}{step}_{name}"
    if start is not None and key not in st.session_state:
        st.session_state[key] = start
    return key


def keep_settings(step: int) -> None:
    """Hold on to all values while `step` is shown; to be called before any widget is drawn.

    Streamlit forgets the widgets of other steps unless their values are set again in every run. Those of the step that
    is shown are set when it comes up, so that the browser hears of them, and never after: that would undo what a person
    does meanwhile.
    """
    comes_up = st.session_state.get(_SHOWN) != step
    st.session_state[_SHOWN] = step
    for key in list(st.session_state):
        name = str(key)
        if name.startswith(_PREFIX) and (comes_up or not name.startswith(f"{_PREFIX}{step}_")):
            st.session_state[key] = st.session_state[key]
