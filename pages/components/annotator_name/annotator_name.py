"""The field for the annotator's name: Enter hands the keys over to the sheet."""

from __future__ import annotations

import streamlit as st

from atpatch_core.labels.contract import LONGEST_NAME
from pages.components.files import component_of

_given = component_of(__file__, "<span></span>")


def annotator_name(key: str) -> str:
    """Show the field, whose widget has this key, and return what is in it."""
    name = st.text_input("Your name", key=key, max_chars=LONGEST_NAME, placeholder="for example Ada")
    with st.container(key="label_name_given"):  # which the style sheet hides
        _given(key="label_name_given_script")
    return name.strip()
