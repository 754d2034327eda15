"""What the inputs that a person brought are called.

The store of uploads keeps the first name, for whoever opens a link. Who brought the same content under another name
sees that one until their session ends.
"""

from __future__ import annotations

import streamlit as st

from pages.shared.resources import uploads
from pages.shared.uploads import clean_name

_NAMES = "upload_names"


def name_upload(digest: str, name: str) -> None:
    """Call the upload with this digest `name` until the session ends; without a name it is the person's own."""
    st.session_state.setdefault(_NAMES, {})[digest] = clean_name(name)


def upload_name(digest: str, noun: str) -> str:
    """The name of an upload; whoever shows it must escape it.

    Without a name it is "your image" (if `noun` is "image") for who brought it, and "an uploaded image" for
    others.
    """
    own: str | None = st.session_state.get(_NAMES, {}).get(digest)
    if own is not None:
        return own or f"your {noun}"
    return uploads().name(digest) or f"an uploaded {noun}"
