"""Complete the address of the page without an entry in the browser's history.

Streamlit adds an entry whenever a page changes its address. That is right for what a person does. A page that only
completes the address it was opened with replaces the entry instead, which takes a script.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.components.files import component_of

_KEY = "address"

_component = component_of(__file__, "<span></span>")


def complete_address(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Replace the parameters `before` by those `after`, unless a person has gone on meanwhile."""
    with st.container(key=_KEY):  # which the style sheet hides
        _component(key=f"{_KEY}_completed", data={"before": dict(before), "after": dict(after)})
