"""Which model to compare defences on."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from atpatch_core import AtPatchError

from . import address
from .resources import OpenSubject, open_subject, subject_folders
from .text import plain

_SUBJECT = "evaluate_subject"


def chosen_subject(on_change: Callable[[], None]) -> OpenSubject | None:
    """The list of models, and the chosen one; `None`, with the reason on the page, if there is none to open."""
    folders = subject_folders()
    if not folders:
        st.warning("There are no models here: build the samples, or name a folder in `ATPATCH_MODELS`.")
        return None
    if st.session_state.get(_SUBJECT) not in folders:
        st.session_state[_SUBJECT] = address.subject(list(folders))
    name = st.selectbox("Model", list(folders), key=_SUBJECT, on_change=on_change)
    try:
        return open_subject(folders[name])
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return None
