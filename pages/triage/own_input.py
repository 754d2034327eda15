"""Take what a person brings (a file, a photo, a pasted text): check it, keep it, and look at it."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError
from pages.shared.resources import open_subject, read_input, subject_folders, uploads
from pages.shared.upload_names import name_upload
from pages.triage import state

_KEPT = "Below is still what was there before."


def refuse(sentence: str) -> None:
    """Say why what a person brought is refused; the view stays as it is."""
    state.refuse(f"{sentence} {_KEPT}")


def take_file(key: str) -> None:
    """Look at the file in the upload or camera widget with this key; for use as its callback."""
    file = st.session_state[key]
    if file is None:
        state.update()
    else:
        take(file.getvalue(), file.name)


def take(content: bytes, file_name: str = "") -> None:
    """Look at the input in a file's bytes, or say why not and leave the view as it is."""
    name = state.settled_view().subject or ""
    try:
        read_input(open_subject(subject_folders()[name]), content, "")
        digest = uploads().put(content, file_name)
    except KeyError:
        state.refuse("The model is no longer there: choose another one and try again.")
    except AtPatchError as error:
        refuse(str(error))
    else:
        name_upload(digest, file_name)
        state.update(upload=digest, sample=None, layer=None, head=None, columns=(), parent=None)
