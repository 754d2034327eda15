"""Which pictures to compare on: the model's own evaluation data, or a file that is uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.evaluation.comparison import LEAST_CLEAN
from atpatch_core.evaluation.datasets import LabelledImages, parse_labelled_images, read_labelled_images

from .resources import OpenSubject, uploads
from .text import plain

_SOURCE = "evaluate_source"
_FILE = "evaluate_file"
_DIGEST = "evaluate_upload"
_OWN, _UPLOADED = "Its own evaluation data", "A file of mine"


@dataclass(frozen=True)
class ChosenData:
    """Labelled pictures; `upload` is the digest of the file they came in, empty for the model's own."""

    pictures: LabelledImages
    upload: str = ""


def chosen_data(opened: OpenSubject) -> ChosenData | None:
    """The widgets, and the pictures chosen in them; `None`, with the reason on the page, without any."""
    if _SOURCE not in st.session_state:
        st.session_state[_DIGEST] = st.query_params.get("data", "")
        st.session_state[_SOURCE] = _UPLOADED if st.session_state[_DIGEST] else _OWN
    source = st.segmented_control("Labelled pictures", [_OWN, _UPLOADED], key=_SOURCE, required=True)
    try:
        data = _own(opened) if source == _OWN else _uploaded(opened)
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return None
    if data is not None and len(data.pictures) < 2 * LEAST_CLEAN:
        st.info(
            f"{len(data.pictures)} pictures are too few to compare defences on: bring at least {2 * LEAST_CLEAN}.",
            icon=":material/info:",
        )
        return None
    return data


def forget_data() -> None:
    """Another model has other classes."""
    for key in (_SOURCE, _FILE, _DIGEST):
        st.session_state.pop(key, None)


def _own(opened: OpenSubject) -> ChosenData | None:
    file = opened.subject.folder / "eval" / "images.parquet"
    if not file.is_file():
        st.info("This model brings no evaluation data of its own: choose a file of yours.", icon=":material/info:")
        return None
    return ChosenData(_read(opened.subject.labels, file, opened.key))


def _uploaded(opened: OpenSubject) -> ChosenData | None:
    file = st.file_uploader(
        "Parquet file",
        type="parquet",
        key=_FILE,
        help="A column `image` (the bytes of a PNG, JPEG or WebP file) and a column `label` (the name or the number of "
        "the class). The labels are what CA and recovery are measured by.",
    )
    if file is not None:
        st.session_state[_DIGEST] = uploads().put(file.getvalue())
    digest: str = st.session_state.get(_DIGEST, "")
    if not digest:
        return None
    content = uploads().get(digest)
    if content is None:
        st.info("The file of this address is no longer kept here: upload it again.", icon=":material/history:")
        return None
    return ChosenData(_parse(opened.subject.labels, content, digest), digest)


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=4, show_spinner="Reading the pictures\u2026")
def _read(_labels: tuple[str, ...], _path: Path, key: str) -> LabelledImages:
    return read_labelled_images(_path, _labels)


@st.cache_resource(max_entries=2, show_spinner="Reading the pictures\u2026")
def _parse(labels: tuple[str, ...], _content: bytes, digest: str) -> LabelledImages:
    return parse_labelled_images(_content, labels)
