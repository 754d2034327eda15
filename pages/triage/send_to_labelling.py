"""Send the input on the page to labelling."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.errors import InputError
from atpatch_core.labels.intake import send_to_labelling
from pages.shared import address
from pages.shared.label_store import label_store
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject, samples, uploads
from pages.shared.triage_address import View


def show_send_button(view: View, opened: OpenSubject, opened_input: OpenInput) -> None:
    """A button that queues the input that is being looked at in Triage."""
    if st.button(
        "Send to labelling",
        icon=":material/label:",
        help="Judge its columns on the Label page.",
        on_click=address.note_use,
    ):
        try:
            content = _content(view, opened)
            new = send_to_labelling(
                label_store(), opened.subject, content, opened_input.title, "Triage", opened.subject.version
            )
        except AtPatchError as error:
            st.toast(plain(str(error)), icon=":material/block:")
            return
        st.toast("Queued for labelling." if new else "It is already in the labelling queue.", icon=":material/label:")


def _content(view: View, opened: OpenSubject) -> bytes:
    """The bytes of the file that is being looked at. Raises `InputError` when it is gone."""
    content = None
    if view.upload is not None:
        content = uploads().get(view.upload)
    elif view.sample in samples(opened):
        with suppress(OSError):
            content = samples(opened)[view.sample].path.read_bytes()
    if content is None:
        raise InputError("The file of this input is no longer here: upload it again.")
    return content
