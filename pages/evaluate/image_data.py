"""Which pictures to compare defences on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from atpatch_core.evaluation.comparison import LEAST_CLEAN
from atpatch_core.evaluation.datasets import LabelledImages, parse_labelled_images, read_labelled_images
from pages.evaluate.source import Readers, Source, chosen_source
from pages.shared.resources import OpenSubject

_COLUMNS = """
A column `image` (the bytes of a PNG, JPEG or WebP file) and a column `label` (the name or the number of the class). The
labels are what CA and recovery are measured by.
"""


def chosen_pictures(opened: OpenSubject) -> Source[LabelledImages] | None:
    """The widgets, and the pictures chosen in them; `None`, with the reason on the page, without enough of them."""
    labels = opened.subject.labels
    source = chosen_source(
        "Labelled pictures",
        Readers(
            own=opened.subject.folder / "eval" / "images.parquet",
            read=lambda path: _read(labels, path, opened.key),
            parse=lambda content, digest: _parse(labels, content, digest),
            label="Parquet file",
            columns=_COLUMNS,
        ),
    )
    if source is not None and len(source.data) < 2 * LEAST_CLEAN:
        st.info(
            f"{len(source.data)} pictures are too few to compare defences on: bring at least {2 * LEAST_CLEAN}.",
            icon=":material/info:",
        )
        return None
    return source


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=4, show_spinner="Reading the pictures\u2026")
def _read(_labels: tuple[str, ...], _path: Path, key: str) -> LabelledImages:
    return read_labelled_images(_path, _labels)


@st.cache_resource(max_entries=2, show_spinner="Reading the pictures\u2026")
def _parse(labels: tuple[str, ...], _content: bytes, digest: str) -> LabelledImages:
    return parse_labelled_images(_content, labels)
