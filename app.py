"""The dashboard: `streamlit run app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.shared.front_door import FrontDoor
from pages.shared.left_behind import swept_at_start
from pages.shared.memory import give_memory_back
from pages.shared.navigation import declare, start

ASSETS = Path(__file__).parent / "assets"

if __name__ == "__main__":  # what Streamlit runs for every visitor
    st.set_page_config(page_icon=ASSETS / "favicon.svg", layout="wide")
    st.logo(ASSETS / "logo.svg")
    start()
else:  # what it imports once, to serve it
    give_memory_back()
    declare()
    app = st.App(__file__, lifespan=swept_at_start, middleware=[Middleware(FrontDoor)])
