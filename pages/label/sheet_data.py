"""The sheet of an input and what is suggested about it, made once."""

from __future__ import annotations

from typing import Any

import streamlit as st

from atpatch_core import Subject, inspect
from atpatch_core.figures.label_sheet import label_sheet
from atpatch_core.labels import Suggestion
from atpatch_core.labels.suggestion import suggest
from pages.shared.resources import OpenSubject


def sheet_data(opened: OpenSubject, content: bytes, digest: str, suggestion: Suggestion | None) -> dict[str, Any]:
    """The sheet of an input and what is suggested about it, from memory if it was made before.

    Without a `suggestion` of the active detector, it is made here. Raises `AtPatchError`.
    """
    return _sheet(opened.subject, content, suggestion, opened.subject.version, opened.key, digest)


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_data(max_entries=64, show_spinner=False)
def _sheet(
    _subject: Subject, _content: bytes, _suggestion: Suggestion | None, detector: str | None, key: str, digest: str
) -> dict[str, Any]:
    value = _subject.read(_content)
    inspection = inspect(_subject, value)
    found = _suggestion or suggest(inspection, detector)
    sheet = label_sheet(inspection, value, tuple(suggested.column for suggested in found.columns))
    columns = [
        {"layer": column.column.layer, "head": column.column.head, "key": column.column.key, "score": column.score}
        for column in found.columns
    ]
    scored = any(suggested.score is not None for suggested in found.columns)
    return sheet.as_data() | {
        "columns": columns,
        "threshold": found.threshold,
        "detector": found.detector if scored else None,
    }
