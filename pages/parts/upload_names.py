"""What the inputs that a person brought are called in this session; the store of uploads knows only their digests."""

from __future__ import annotations

import streamlit as st

_NAMES = "upload_names"
_LONGEST = 60


def name_upload(digest: str, name: str) -> None:
    """Call the upload with this digest `name` until the session ends; whoever shows it must escape it."""
    short = f"{name[: _LONGEST - 1]}\u2026" if len(name) > _LONGEST else name
    st.session_state.setdefault(_NAMES, {})[digest] = short


def upload_name(digest: str, noun: str) -> str:
    """The name of an upload, or "your picture" if `noun` is "picture" and it has none (a link, a pasted text)."""
    name: str = st.session_state.get(_NAMES, {}).get(digest, "")
    return name or f"your {noun}"
