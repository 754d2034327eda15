"""The dashboard: `streamlit run app.py`."""

from __future__ import annotations

import streamlit as st

from pages.parts.start import start

st.set_page_config(page_title="AtPatch", layout="wide")
start()
