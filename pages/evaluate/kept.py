"""What was kept of a comparison that is done, read once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from atpatch_core.evaluation.comparison import Comparison
from atpatch_core.evaluation.comparison_result import read_comparison
from pages.evaluate.settings import Settings


@dataclass(frozen=True)
class Done:
    """A comparison that is done: its id, and the folder that it was kept in."""

    id: str
    folder: Path


def comparison_of(settings: Settings, done: Done) -> Comparison | None:
    """The comparison; `None` where what was kept is damaged, or of something else."""
    return _read(settings, done, f"{done.folder} {settings.request.key}")


# Arguments that start with an underscore are not part of a cache's key.


@st.cache_resource(max_entries=8, show_spinner="Reading the comparison\u2026")
def _read(_settings: Settings, _done: Done, key: str) -> Comparison | None:
    return read_comparison(_done.folder, _settings.opened.subject, _settings.source.data, _settings.request)
