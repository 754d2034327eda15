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
        # The address first, then what was looked at in Triage.
        wanted = st.query_params.get("subject") or getattr(st.session_state.get("view"), "subject", None)
        first = next(iter(folders))
        if wanted is not None and wanted not in folders:
            address.in_vain("model", wanted, f"showing {first}")
        st.session_state[_SUBJECT] = wanted if wanted in folders else first
    name = st.selectbox("Model", list(folders), key=_SUBJECT, on_change=on_change)
    try:
        return open_subject(folders[name])
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return None
