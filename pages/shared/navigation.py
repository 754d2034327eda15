"""The pages of the dashboard, and what a page may know about how a visitor came to it."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager

_ENTERED = "entered_through_app"
_ARRIVED = "arrived_from_another_page"
OF_THIS_VISIT = "of_this_visit"  # what is kept under it is forgotten when another page is opened


def declare() -> None:
    """Say before the first visit that the pages are declared with `st.navigation`; for app.py.

    Wherever there is a folder called `pages`, Streamlit goes by its older way of making pages until it has run the
    declaration once: a first visit to /label would be told that there is no such page.
    """
    PagesManager.uses_pages_directory = False


def start() -> None:
    """Run the page that is asked for; for app.py."""
    page = _navigation()
    # Without an address of its own, a page that one comes back to shows what it showed before.
    st.session_state[_ARRIVED] = st.session_state.get(_ENTERED) != page.url_path
    st.session_state[_ENTERED] = page.url_path
    if st.session_state[_ARRIVED]:
        st.session_state.pop(OF_THIS_VISIT, None)
    st.set_page_config(page_title=f"{page.title} \u00b7 AtPatch")
    page.run()


def just_arrived() -> bool:
    """Whether this run is the first one after coming from another page, or the first of all."""
    return bool(st.session_state.get(_ARRIVED))


def _navigation() -> StreamlitPage:
    pages = [
        st.Page("pages/triage/page.py", title="Triage", url_path="triage", default=True),
        st.Page("pages/learn/page.py", title="Learn", url_path="learn"),
        st.Page("pages/evaluate/page.py", title="Evaluate", url_path="evaluate"),
        st.Page("pages/label/page.py", title="Label", url_path="label"),
        st.Page("pages/detector/page.py", title="Detector", url_path="detector"),
    ]
    return st.navigation(pages, position="top")
