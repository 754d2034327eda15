"""The little styling that themes have no setting for. Fixed text: nothing from outside goes in here."""

from __future__ import annotations

import streamlit as st

_STYLE = """
<style>
.stMainBlockContainer { padding-top: 3.5rem; padding-bottom: 3rem; max-width: 1400px; }
.st-key-answer [data-testid="stHeading"] h2 { padding: 0; overflow-wrap: anywhere; }
.st-key-patch label { zoom: 1.25; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
}
</style>
"""


def apply_style() -> None:
    """Add the rules to the page."""
    st.html(_STYLE)
