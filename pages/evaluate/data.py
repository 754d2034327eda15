"""Which labelled inputs to compare defences on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from atpatch_core.evaluation.datasets import parse_labelled_images, read_labelled_images
from atpatch_core.evaluation.modalities import LEAST_CLEAN, MODALITIES
from atpatch_core.evaluation.record_data import parse_labelled_records, read_labelled_records
from atpatch_core.evaluation.text_data import read_labelled_texts
from atpatch_core.subjects.record import record_schema
from pages.evaluate.source import Readers, Source, chosen_source
from pages.evaluate.wording import WORDS
from pages.shared.resources import OpenSubject

_LABELS = """
A column `image` (the bytes of a PNG, JPEG or WebP file) and a column `label` (the name or the number of the class). The
labels are what CA and recovery are measured by.
"""
_FIELDS = "The fields that the model reads, and a column `label` with the true class of every record."


def chosen_data(opened: OpenSubject) -> Source[Any] | None:
    """The widgets, and the inputs chosen in them; `None`, with the reason on the page, without enough of them."""
    kind = opened.subject.kind
    files, columns = ("Parquet file", _LABELS) if kind == "image" else ("CSV, JSON or Parquet file", _FIELDS)
    source = chosen_source(
        WORDS[kind].data,
        Readers(
            own=opened.subject.folder / "eval" / f"{kind}s.parquet",
            read=lambda path: _read(opened, path, opened.key),
            parse=None if kind == "text" else lambda content, digest: _parse(opened, content, opened.key, digest),
            label=files,
            columns=columns,
        ),
    )
    if source is not None and len(source.data) < 2 * LEAST_CLEAN:
        st.info(
            f"{len(source.data)} {MODALITIES[kind].inputs} are too few to compare defences on: bring at least "
            f"{2 * LEAST_CLEAN}.",
            icon=":material/info:",
        )
        return None
    return source


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=8, show_spinner="Reading the data\u2026")
def _read(_opened: OpenSubject, _path: Path, key: str) -> Any:
    subject = _opened.subject
    if subject.kind == "record":
        return read_labelled_records(_path, record_schema(subject), subject.labels)
    return (read_labelled_images if subject.kind == "image" else read_labelled_texts)(_path, subject.labels)


@st.cache_resource(max_entries=4, show_spinner="Reading the data\u2026")
def _parse(_opened: OpenSubject, _content: bytes, key: str, digest: str) -> Any:
    subject = _opened.subject
    if subject.kind == "record":
        return parse_labelled_records(_content, record_schema(subject), subject.labels)
    return parse_labelled_images(_content, subject.labels)
