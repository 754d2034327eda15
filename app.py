"""The dashboard: `streamlit run app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.start import start

ASSETS = Path(__file__).parent / "assets"

st.set_page_config(page_icon=ASSETS / "favicon.svg", layout="wide")
st.logo(ASSETS / "logo.svg")
start()
