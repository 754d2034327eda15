"""The little styling that themes have no setting for. Fixed text: nothing from outside goes in here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

_FILES = ("style.css", "streamlit_internals.css")


def apply_style() -> None:
    """Add the rules to the page."""
    st.html(_style())


@cache
def _style() -> str:
    folder = Path(__file__).parent
    return "<style>\n" + "".join((folder / name).read_text(encoding="utf-8") for name in _FILES) + "</style>"
