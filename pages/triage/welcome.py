"""For whoever opens the dashboard for the first time: the main thing it does, one click away."""

from __future__ import annotations

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.wording.phrases import with_article
from pages.shared import address
from pages.shared.markdown import plain
from pages.shared.triage_address import View
from pages.triage import state
from pages.triage.input_views import view_of

_NEW = "welcome"


def note_visitor() -> None:
    """Remember whether the session began without a link to a certain view; to be called before anything is shown."""
    if _NEW not in st.session_state:
        st.session_state[_NEW] = not address.parameters()


def show_welcome(view: View, kind: str, inspection: Inspection) -> None:
    """What is wrong here and the button that mends it, and then where to go on; until it is closed."""
    if not st.session_state.get(_NEW):
        return
    own = view_of(kind)
    before, after = inspection.original.prediction, inspection.patched.prediction
    hijacked = inspection.flags.any and before.index != after.index
    with st.container(border=True, key="welcome", horizontal=True, vertical_alignment="center"):
        if hijacked and not view.patch:
            st.markdown(
                f"**New here?** {own.CULPRIT} makes this model answer *{plain(before.label)}*.",
                width="stretch",
            )
            st.button("Repair it now", type="primary", icon=":material/healing:", on_click=_repair)
        else:
            invitation = (
                f"**Repaired**: the model answers *{plain(after.label)}* now. Next, choose "
                f"*{own.SOURCES[0]}* below and try {with_article(kind)} of your own."
                if hijacked
                else f"**New here?** Look at one of the samples, or try {with_article(kind)} of your own."
            )
            st.markdown(invitation, width="stretch")
        st.page_link("pages/learn/page.py", label="Tour in seven steps", icon=":material/school:", width="content")
        st.button("Close", icon=":material/close:", type="tertiary", on_click=_close)


def _repair() -> None:
    state.update(patch=True)


def _close() -> None:
    st.session_state[_NEW] = False
    address.note_use()
