"""The way from an input on another page into Triage."""

from __future__ import annotations

from typing import Any

import streamlit as st

from atpatch_core import AtPatchError

from .resources import OpenSubject, uploads
from .text import plain


def triage_link(opened: OpenSubject, one: Any, label: str = "Open in Triage") -> None:
    """A link that opens the input `one` of the subject in Triage, or in a sentence why it can't be kept for that."""
    try:
        digest = uploads().put(opened.subject.write(one))
    except AtPatchError as error:
        st.caption(plain(str(error)))
        return
    st.page_link(
        "pages/triage.py",
        label=label,
        icon=":material/search:",
        query_params={"subject": opened.subject.name, "upload": digest, "patch": "off"},
    )
