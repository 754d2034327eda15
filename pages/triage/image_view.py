"""Images: uploaded or photographed, shown with their flagged patches outlined."""

from __future__ import annotations

import streamlit as st
from PIL import Image

from atpatch_core import Column, Inspection, Layout, limits
from atpatch_core.figures.image import outlined_image
from atpatch_core.figures.png import as_png
from atpatch_core.layout import patch_boxes
from atpatch_core.wording.phrases import listed
from atpatch_core.wording.verdict import split_columns
from pages.components.stale.stale import Typed
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject
from pages.shared.triage_address import View
from pages.triage.own_input import take_file

SOURCES = ("Upload", "Camera")
HIJACKED = "Looks hijacked"
CULPRIT = "A hidden sign"
EXPLANATION = """
**The model** cuts the image into patches. In every layer, each of its *heads* decides how much each patch
(the *query*) attends to every other patch (the *key*). That table of numbers is an **attention map**; one *column* of
it is all the attention that one patch draws.

**What it cannot see:** triggers that are spread over the whole image, and backdoors that need no attention. No
column stands out then, and nothing is flagged.
"""

_UPLOAD = "input_upload"
_CAMERA = "input_camera"


def show_source(source: str, opened: OpenSubject) -> None:
    """A file to upload, or the camera."""
    if source == "Camera":
        st.camera_input("Take an image", key=_CAMERA, on_change=take_file, args=(_CAMERA,))
        return
    st.file_uploader(
        f"PNG, JPEG or WebP image, up to {limits.UPLOADS.megabytes} MB",
        key=_UPLOAD,
        on_change=take_file,
        args=(_UPLOAD,),
    )


def typed(source: str, opened: OpenSubject, opened_input: OpenInput) -> Typed | None:
    """Nothing: an image is looked at as soon as it is there."""
    return None


def show_input(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """The image, with the patches outlined whose columns are redistributed, and what can't be outlined in words."""
    columns, layout = inspection.flags.columns, inspection.layout
    detected, _ = split_columns(inspection.flags)
    places = patch_boxes(layout, *opened_input.value.size)
    outlined = [column for column in columns if column.key in places]
    elsewhere = sorted({layout.key_names[column.key] for column in columns if column.key not in places})
    st.image(
        _outlined(opened_input.value, layout, columns, opened_input.digest),
        width="content",
        alt=f"{opened_input.title}; patches outlined: {len({column.key for column in outlined})}",
    )
    caption = plain(opened_input.title)
    if outlined:
        what = "what is flagged" if detected else "what was chosen by hand"
        caption += f". Outlined: {what}, named by layer (L) and head (H)."
    if elsewhere:
        caption += plain(f" Not part of the image: {listed(elsewhere[:6])}.")
    st.caption(caption)


def decided_by_flags(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> bool:
    """Whether the answer is another one with AtPatch."""
    return inspection.changes_answer


def show_small(opened_input: OpenInput, inspection: Inspection) -> None:
    """The image, half as large."""
    columns = inspection.flags.columns
    st.image(
        _outlined(opened_input.value, inspection.layout, columns, opened_input.digest),
        width=240,
        alt=f"{opened_input.title}; patches outlined: {len({column.key for column in columns})}",
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _outlined(_image: Image.Image, layout: Layout, columns: tuple[Column, ...], digest: str) -> bytes:
    return as_png(outlined_image(_image, layout, columns))
