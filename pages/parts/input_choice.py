"""Which picture is looked at: a sample, an uploaded file, or a photo."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from atpatch_core import AtPatchError

from . import state
from .resources import OpenSubject, Picture, Sample, open_subject, read_picture, samples, subject_folders, uploads
from .text import quoted
from .view import View

_SOURCE = "input_source"
_SAMPLE = "input_sample"
_UPLOAD = "input_upload"
_CAMERA = "input_camera"
_SOURCES = ("Sample", "Upload", "Camera")


def chosen_picture(view: View, opened: OpenSubject) -> Picture | None:
    """The picture of `view`, or the first triggered sample; `None` if there is none that can be read.

    Whatever was wrong with the one asked for becomes a notice.
    """
    notice = None
    if view.upload is not None:
        content = uploads().get(view.upload)
        if content is not None:
            try:
                return read_picture(opened, content, "your upload")
            except AtPatchError as error:
                notice = str(error)
        else:
            notice = "The uploaded picture is no longer stored here: upload it again. Showing a sample instead."
    available = samples()
    if notice is None and view.sample is not None and view.sample not in available:
        notice = f"There is no sample {quoted(view.sample)}: showing another one instead."
    for sample in _in_order(available, view.sample):
        try:
            picture = read_picture(opened, sample.path.read_bytes(), sample.title)
        except (AtPatchError, OSError) as error:
            notice = notice or f"The sample {quoted(sample.title)} can't be read ({error})."
            continue
        state.settle(replace(view, sample=sample.id, upload=None), notice)
        return picture
    state.settle(replace(view, sample=None, upload=None), notice)
    return None


def show_input_choice(view: View) -> None:
    """The source, and what there is to choose from it. Choosing a source alone leaves the picture as it is."""
    if _SOURCE not in st.session_state:
        st.session_state[_SOURCE] = "Upload" if view.upload is not None else "Sample"
    source = st.segmented_control("Picture", _SOURCES, key=_SOURCE, required=True, on_change=_choose_source)
    if source == "Sample":
        _show_samples(view)
    elif source == "Upload":
        st.file_uploader(
            "PNG, JPEG or WebP image, up to 20 MB",
            type=["png", "jpg", "jpeg", "webp"],
            key=_UPLOAD,
            on_change=_take_file,
            args=(_UPLOAD,),
        )
        if view.upload is not None:
            st.caption("Shown below: your upload. It stays on this computer; the link to this view finds it again.")
    else:
        st.camera_input("Take a picture", key=_CAMERA, on_change=_take_file, args=(_CAMERA,))


def _show_samples(view: View) -> None:
    available = samples()
    if not available:
        st.info("No sample pictures are installed here: upload one.", icon=":material/image_not_supported:")
        return
    st.selectbox(
        "Sample picture",
        list(available),
        format_func=lambda one: available[one].title if one in available else str(one),
        key=state.bound(_SAMPLE, view.sample if view.upload is None else None),
        placeholder="Choose a sample",
        on_change=_choose_sample,
    )


def _in_order(available: dict[str, Sample], wanted: str | None) -> list[Sample]:
    """The wanted sample first, then the triggered ones."""
    return sorted(available.values(), key=lambda sample: (sample.id != wanted, not sample.triggered))


def _choose_source() -> None:
    # The person moved on from whatever was refused; the picture stays until they choose another one.
    state.update()


def _choose_sample() -> None:
    wanted = st.session_state[_SAMPLE]
    if wanted is not None:
        state.update(sample=wanted, upload=None, layer=None, head=None)


def _take_file(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        state.update()
        return
    content = file.getvalue()
    name = state.settled_view().subject or ""
    try:
        read_picture(open_subject(subject_folders()[name]), content, "your upload")
        digest = uploads().put(content)
    except KeyError:
        state.refuse("The model is no longer there: choose another one and upload the picture again.")
    except AtPatchError as error:
        state.refuse(str(error))
    else:
        state.update(upload=digest, sample=None, layer=None, head=None)
