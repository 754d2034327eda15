"""Attention is evidence, not proof: what each flagged column does to the answer on its own."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError, Inspection
from atpatch_core.figures.causal_table import MOST_CHECKED, causal_table
from atpatch_core.figures.scores import ranked_columns

from .resources import OpenInput, OpenSubject, causal_check
from .text import plain


def show_causal_check(opened: OpenSubject, one: OpenInput, inspection: Inspection) -> None:
    """A table, made when it is opened: the answer after redistributing each column and nothing else."""
    with st.expander(
        "Causal check: attention is evidence, not proof", icon=":material/science:", key="causal", on_change="rerun"
    ) as expander:
        if not expander.open:
            return
        columns = ranked_columns(inspection.flags)
        if not columns:
            st.markdown("No column is flagged or chosen, so there is nothing to check.")
            return
        st.markdown(
            "A column that draws much attention need not decide anything. Each row redistributes **one** column and "
            "nothing else: if the answer changes, that column caused it. The last row redistributes all of them."
        )
        try:
            effects = causal_check(opened, one, columns[:MOST_CHECKED])
        except AtPatchError as error:
            st.error(plain(str(error)), icon=":material/block:")
            return
        found = causal_table(inspection, effects)
        rows = (*found.alone, found.together)
        st.table(
            {
                "Column": [*(plain(row.column) for row in found.alone), f"**{plain(found.together.column)}**"],
                "Answer before": [plain(row.before) for row in rows],
                "Answer with this redistributed": [plain(row.after) for row in rows],
                "Changes the answer": ["yes" if row.changes else "no" for row in rows],
            },
            hide_index=True,
        )
        for note in found.notes:
            st.caption(note)
