"""Whose labels about which model: kept in the address of the page."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError

from . import address
from .resources import OpenSubject, open_subject, subject_folders
from .text import plain

_SUBJECT = "label_subject"
_ANNOTATOR = "label_annotator"


def chosen_subject() -> OpenSubject | None:
    """The select box, and the subject chosen in it; `None`, with the reason on the page, if it can't be used."""
    folders = subject_folders()
    if not folders:
        st.warning("There are no models here: build the samples, or name a folder in `ATPATCH_MODELS`.")
        return None
    if _SUBJECT not in st.session_state:
        st.session_state[_SUBJECT] = address.subject(list(folders))
    if st.session_state[_SUBJECT] not in folders:
        st.session_state[_SUBJECT] = next(iter(folders))
    name = st.selectbox("Model", list(folders), key=_SUBJECT)
    try:
        return open_subject(folders[name])
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return None


def chosen_annotator() -> str:
    """The field for the annotator's name, and what is in it."""
    if _ANNOTATOR not in st.session_state:
        st.session_state[_ANNOTATOR] = st.query_params.get("annotator", "")[:80]
    name = st.text_input("Your name", key=_ANNOTATOR, max_chars=80, placeholder="for example Ada")
    return name.strip()


def write_address() -> None:
    """Put both into the address."""
    name: str = st.session_state.get(_ANNOTATOR, "")
    address.write({"subject": st.session_state.get(_SUBJECT, ""), "annotator": name.strip()})
