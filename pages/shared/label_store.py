"""The label store of the dashboard, and whose weights an answer in it is about."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from atpatch_core import Subject
from atpatch_core.labels import LabelStore
from atpatch_core.subjects.fingerprint import fingerprint
from pages.shared.resources import OpenSubject

_FILE = Path(__file__).resolve().parents[2] / ".atpatch" / "labels.sqlite"


def label_store() -> LabelStore:
    """The store in `ATPATCH_DATABASE_URL`, or else in `.atpatch/labels.sqlite` beside the app. Raises `LabelError`."""
    return _store(os.environ.get("ATPATCH_DATABASE_URL") or f"sqlite:///{_FILE}")


def fingerprint_of(opened: OpenSubject) -> str:
    """The fingerprint of a subject's weights."""
    return _fingerprint(opened.subject, opened.key)


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=4, show_spinner=False)
def _store(url: str) -> LabelStore:
    return LabelStore.open(url)


@st.cache_data(max_entries=32, show_spinner=False)
def _fingerprint(_subject: Subject, key: str) -> str:
    return fingerprint(_subject.model)
