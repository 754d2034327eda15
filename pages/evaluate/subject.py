"""Which model to compare defences on."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.shared import address
from pages.shared.model_list import show_model_list
from pages.shared.resources import OpenSubject

_SUBJECT = "evaluate_subject"


def chosen_subject(on_change: Callable[[], None]) -> OpenSubject | None:
    """The list of models, and the chosen one; `None`, with the reason on the page, if there is none to open."""
    return show_model_list(_key, on_change)


def _key(names: list[str]) -> str:
    if st.session_state.get(_SUBJECT) not in names:
        st.session_state[_SUBJECT] = address.subject(names)
    return _SUBJECT
