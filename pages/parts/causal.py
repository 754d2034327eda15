"""Attention is evidence, not proof: what each flagged column does to the answer on its own."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError, Inspection
from atpatch_core.figures.scores import ranked_columns
from atpatch_core.figures.verdict import answer, column_name
from atpatch_core.figures.wording import percent

from .resources import OpenInput, OpenSubject, causal_check
from .text import plain

_MOST_COLUMNS = 12


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
            effects = causal_check(opened, one, columns[:_MOST_COLUMNS])
        except AtPatchError as error:
            st.error(plain(str(error)), icon=":material/block:")
            return
        before, after = inspection.original.prediction, inspection.patched.prediction
        alone = [effect.label_after != effect.label_before for effect in effects]
        together = before.index != after.index
        st.table(
            {
                "Column": [
                    *(plain(column_name(effect.column, inspection.layout)) for effect in effects),
                    f"**all {len(columns)} together**",
                ],
                "Answer before": [
                    *(plain(f"{effect.label_before} {percent(effect.probability_before)}") for effect in effects),
                    plain(answer(before)),
                ],
                "Answer with this redistributed": [
                    *(plain(f"{effect.label_after} {percent(effect.probability_after)}") for effect in effects),
                    plain(answer(after)),
                ],
                "Changes the answer": ["yes" if changes else "no" for changes in (*alone, together)],
            },
            hide_index=True,
        )
        if together and not any(alone):
            st.caption("No single one of these changes the answer, but all together do: they back each other up.")
        if len(columns) > _MOST_COLUMNS:
            st.caption(f"Only the {_MOST_COLUMNS} columns with the highest scores of {len(columns)} are checked.")
