"""The dashboard: `streamlit run app.py`."""

from __future__ import annotations

import streamlit as st

st.set_page_config(page_title="AtPatch", layout="wide")
st.navigation([st.Page("pages/triage.py", title="Triage", default=True)], position="top").run()
