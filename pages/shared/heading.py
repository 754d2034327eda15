"""The heading of a page."""

from __future__ import annotations

import streamlit as st

from pages.shared.style import apply_style


def show_heading(title: str, question: str, answer: str, purpose: str) -> None:
    """Style the page, and say what it is for; a button beside the title answers what newcomers ask.

    Args:
        title: the name of the page.
        question: what the button says.
        answer: what it opens, in Markdown.
        purpose: the sentence below the title.
    """
    apply_style()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="heading"):
        st.title(title, anchor=False, width="content")
        with st.popover(question, icon=":material/help:"):
            st.markdown(answer)
    st.caption(purpose)
