"""Whose labels about which model, which input and how: kept in the address of the page."""

from __future__ import annotations

import streamlit as st

from atpatch_core.labels.contract import LONGEST_NAME
from pages.components.annotator_name.annotator_name import annotator_name
from pages.shared import address
from pages.shared.model_list import show_model_list
from pages.shared.navigation import just_arrived
from pages.shared.resources import OpenSubject

_SUBJECT = "label_subject"
_ANNOTATOR = "label_annotator"
_HIDE, _HIDDEN = "label_hide", "label_hidden"  # the switch, and what it said when it was last seen
_OPENED, _WRITTEN, _CLOSED = "label_opened", "label_opened_written", "label_opened_closed"


def chosen_subject() -> OpenSubject | None:
    """The select box, and the subject chosen in it; `None`, with the reason on the page, if it can't be used."""
    return show_model_list(_SUBJECT)


def chosen_annotator() -> str:
    """The field for the annotator's name, and what is in it."""
    return annotator_name(address.widget(_ANNOTATOR, lambda: address.parameter("annotator")[:LONGEST_NAME]))


def typed_name() -> str:
    """The annotator's name as it stands in the field."""
    name: str = st.session_state.get(_ANNOTATOR, "")
    return name


def suggestion_hidden() -> bool:
    """The switch that hides what the detector suggests until an input is answered, and what it says."""
    hidden = st.toggle(
        "Hide what the detector suggests until I have answered",
        key=address.widget(_HIDE, lambda: st.session_state.get(_HIDDEN) or address.parameter("suggestion") == "hidden"),
        help="So that it can't sway you. The columns to judge are then listed by their place, without scores and "
        "marks; with each answer it is kept whether you had seen the suggestion.",
    )
    st.session_state[_HIDDEN] = hidden
    return hidden


def opened_input() -> str:
    """The digest of the input that a link asked to be opened, until it is answered or skipped; or an empty text."""
    state, asked = st.session_state, address.parameter("input")
    if asked not in (state.get(_WRITTEN, ""), state.get(_CLOSED)):
        state[_OPENED] = state[_WRITTEN] = asked
        if not just_arrived():
            address.send_again()
    if asked != state.get(_CLOSED):
        state[_CLOSED] = None  # the address has caught up, so the same link may be followed again
    opened: str = state.get(_OPENED, "")
    return opened


def close_input(digest: str) -> None:
    """The input is answered or skipped: the address no longer leads to it."""
    if digest and st.session_state.get(_OPENED) == digest:
        st.session_state[_OPENED], st.session_state[_CLOSED] = "", digest


def link_to(digest: str) -> dict[str, str]:
    """What the address of the page says when this input is opened for the same person, model and settings."""
    return {name: value for name, value in (_chosen() | {"input": digest}).items() if value}


def write_address() -> None:
    """Put all of it into the address."""
    st.session_state[_WRITTEN] = st.session_state.get(_OPENED, "")
    address.write(_chosen() | {"input": st.session_state[_WRITTEN]})


def _chosen() -> dict[str, str]:
    return {
        "subject": st.session_state.get(_SUBJECT, ""),
        "annotator": typed_name().strip(),
        "suggestion": "hidden" if st.session_state.get(_HIDDEN) else "",
    }
