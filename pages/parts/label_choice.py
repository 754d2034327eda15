"""Whose labels about which model: kept in the address of the page."""

from __future__ import annotations

import streamlit as st

from . import address
from .model_list import show_model_list
from .resources import OpenSubject

_SUBJECT = "label_subject"
_ANNOTATOR = "label_annotator"


def chosen_subject() -> OpenSubject | None:
    """The select box, and the subject chosen in it; `None`, with the reason on the page, if it can't be used."""
    return show_model_list(_key)


def chosen_annotator() -> str:
    """The field for the annotator's name, and what is in it."""
    if _ANNOTATOR not in st.session_state:
        st.session_state[_ANNOTATOR] = st.query_params.get("annotator", "")[:80]
    name = st.text_input("Your name", key=_ANNOTATOR, max_chars=80, placeholder="for example Ada")
    return name.strip()


def _key(names: list[str]) -> str:
    if _SUBJECT not in st.session_state:
        st.session_state[_SUBJECT] = address.subject(names)
    if st.session_state[_SUBJECT] not in names:
        st.session_state[_SUBJECT] = names[0]
    return _SUBJECT


def write_address() -> None:
    """Put both into the address."""
    name: str = st.session_state.get(_ANNOTATOR, "")
    address.write({"subject": st.session_state.get(_SUBJECT, ""), "annotator": name.strip()})
