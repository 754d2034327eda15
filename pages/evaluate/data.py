"""Which labelled inputs to compare defences on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from atpatch_core.evaluation.comparison_data import own_file, parse_upload, read_file
from atpatch_core.evaluation.modalities import LEAST_CLEAN, MODALITIES
from pages.evaluate.source import Readers, Source, chosen_source
from pages.evaluate.wording import WORDS
from pages.shared.resources import OpenSubject

_LABELS = """
A column `image` (the bytes of a PNG, JPEG or WebP file) and a column `label` (the name or the number of the class). The
labels are what CA and recovery are measured against.
"""
_FIELDS = "The fields that the model reads, and a column `label` with the true class of every record."


def chosen_data(opened: OpenSubject) -> Source[Any] | None:
    """The widgets, and the inputs chosen in them; `None`, with the reason on the page, without enough of them."""
    kind = opened.subject.kind
    files, columns = ("Parquet file", _LABELS) if kind == "image" else ("CSV, JSON or Parquet file", _FIELDS)
    source = chosen_source(
        WORDS[kind].data,
        Readers(
            own=own_file(opened.subject),
            read=lambda path: _read(opened, path, opened.key),
            parse=None if kind == "text" else lambda content, digest: _parse(opened, content, opened.key, digest),
            label=files,
            columns=columns,
        ),
    )
    if source is not None and len(source.data) < 2 * LEAST_CLEAN:
        st.info(
            f"{len(source.data)} {MODALITIES[kind].inputs} are too few to compare defences on: use at least "
            f"{2 * LEAST_CLEAN}.",
            icon=":material/info:",
        )
        return None
    return source


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=8, show_spinner="Reading the data\u2026")
def _read(_opened: OpenSubject, _path: Path, key: str) -> Any:
    return read_file(_opened.subject, _path)


@st.cache_resource(max_entries=4, show_spinner="Reading the data\u2026")
def _parse(_opened: OpenSubject, _content: bytes, key: str, digest: str) -> Any:
    return parse_upload(_opened.subject, _content)
