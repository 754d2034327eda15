"""The pages of the dashboard, and one way into them, whichever is asked for first.

Until `st.navigation` was called once, Streamlit takes a folder called `pages` for its older way of making pages: a
first visit to /label would run that file alone, without what app.py sets up.
"""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

_ENTERED = "entered_through_app"


def start() -> None:
    """Run the page that is asked for; for app.py."""
    st.session_state[_ENTERED] = True
    _navigation().run()


def require_start() -> None:
    """Begin again with app.py if it did not run in this session."""
    if _ENTERED not in st.session_state:
        _navigation()
        st.rerun()


def _navigation() -> StreamlitPage:
    pages = [
        st.Page("pages/triage.py", title="Triage", default=True),
        st.Page("pages/learn.py", title="Learn"),
        st.Page("pages/evaluate.py", title="Evaluate"),
        st.Page("pages/label.py", title="Label"),
    ]
    return st.navigation(pages, position="top")
