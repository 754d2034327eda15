"""Send samples or files to labelling."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError, inspect, limits
from atpatch_core.errors import LabelError
from atpatch_core.labels.intake import send_to_labelling
from atpatch_core.labels.suggestion import suggest
from atpatch_core.wording.phrases import counted
from pages.shared.label_store import fingerprint_of, label_store
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject, samples

_FILES = "label_files"
_SENT = "label_sent"
_KINDS = {"image": "PNG, JPEG or WebP", "text": "texts in UTF-8", "record": "records in JSON or CSV"}


def show_sample_intake(opened: OpenSubject) -> None:
    """One button to begin with: the samples that come with the model."""
    available = samples(opened)
    if available and st.button(f"Send the {counted(len(available), 'sample')}", icon=":material/playlist_add:"):
        # Their titles would tell the answer.
        files = [
            (f"sample {number}", sample.path.read_bytes()) for number, sample in enumerate(available.values(), start=1)
        ]
        _queue(opened, files, "the samples")


def show_file_intake(opened: OpenSubject) -> None:
    """Files to be queued, and what became of the last ones."""
    with st.form("label_intake", border=False, clear_on_submit=True):
        files = st.file_uploader(
            f"Inputs for this model ({_KINDS[opened.subject.kind]}), up to {limits.UPLOADS.megabytes} MB each",
            max_upload_size=limits.UPLOADS.megabytes,
            accept_multiple_files=True,
            key=_FILES,
        )
        if st.form_submit_button("Send to labelling", icon=":material/label:") and files:
            _queue(opened, [(file.name, file.getvalue()) for file in files], "a file")
    sent = st.session_state.get(_SENT)
    if sent is not None:
        added, present, refused = sent
        st.caption(f"Last time: {counted(added, 'input')} added, {present} already queued.")
        for sentence in refused:
            st.error(plain(sentence), icon=":material/block:")


def show_unseen(opened: OpenSubject) -> None:
    """How many queued inputs the active detector has not looked at, and the way to let it."""
    detector = opened.subject.version
    if detector is None:
        return
    store, fingerprint = label_store(), fingerprint_of(opened)
    unseen = store.inputs(fingerprint, without=detector)
    if not unseen:
        return
    st.info(
        f"The active detector has not looked at {counted(len(unseen), 'queued input')} yet, so the order is a guess.",
        icon=":material/visibility_off:",
    )
    if st.button("Let it look at them", icon=":material/visibility:"):
        bar = st.progress(0.0)
        for number, item in enumerate(unseen, start=1):
            content = store.content(item.digest)
            try:
                if content is not None:
                    found = inspect(opened.subject, opened.subject.read(content))
                    store.suggest(fingerprint, item.digest, suggest(found, detector))
            except LabelError:
                raise
            except AtPatchError:
                pass  # an input that this version of the model can't read is passed over in the queue as well
            bar.progress(number / len(unseen), text=f"{number} of {counted(len(unseen), 'input')}")
        st.rerun()


def _queue(opened: OpenSubject, files: list[tuple[str, bytes]], source: str) -> None:
    added = present = 0
    refused: list[str] = []
    bar = st.progress(0.0)
    for number, (name, content) in enumerate(files, start=1):
        try:
            if send_to_labelling(label_store(), opened.subject, content, name, source, opened.subject.version):
                added += 1
            else:
                present += 1
        except AtPatchError as error:
            refused.append(f"{name}: {error}")
        bar.progress(number / len(files), text=f"{number} of {counted(len(files), 'input')}")
    st.session_state[_SENT] = (added, present, refused[:20])
    st.rerun()
