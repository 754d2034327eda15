"""The way from an input on another page into Triage."""

from __future__ import annotations

from typing import Any

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.wording.phrases import with_article
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject, uploads
from pages.shared.triage_address import View, to_params
from pages.shared.upload_names import name_upload


def triage_link(opened: OpenSubject, value: Any, label: str = "Open in Triage", detector: str | None = None) -> None:
    """A link that opens the input `value` of the subject in Triage, or in a sentence why it can't be kept for that.

    `detector` is the label of the version to look at it with; the active one if `None`.
    """
    try:
        digest = uploads().put(opened.subject.write(value))
    except AtPatchError as error:
        st.caption(plain(str(error)))
        return
    name_upload(digest, f"{with_article(opened.subject.kind)} from another page")
    params = to_params(View(opened.subject.name, upload=digest, detector=detector))
    st.page_link("pages/triage/page.py", label=label, icon=":material/search:", query_params=params)
