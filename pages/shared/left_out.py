"""Which rows of a file could not be used, and why."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from atpatch_core import limits
from atpatch_core.files.kept import LeftOut, summary
from atpatch_core.wording.phrases import counted
from pages.shared.markdown import plain

_MOST_AT_ONCE = 2


def show_left_out(left_out: Sequence[LeftOut], kept: int) -> None:
    """Say which rows were left out, if any were: the first in a sentence, all of them in a table."""
    if not left_out:
        return
    st.warning(plain(summary(left_out, kept, _MOST_AT_ONCE)), icon=":material/playlist_remove:")
    if len(left_out) > _MOST_AT_ONCE:
        listed = left_out[: limits.LABELS.problems]
        with st.expander(f"All {counted(len(left_out), 'row')} that were left out", icon=":material/list:"):
            st.dataframe([{"row": row.row, "why": row.reason} for row in listed], hide_index=True, height=240)
