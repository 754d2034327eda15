"""Attention is evidence, not proof: what each flagged column does to the answer on its own."""

from __future__ import annotations

import streamlit as st

import atpatch_core as atpatch
from atpatch_core import AtPatchError, CausalEffect, Column, Inspection
from atpatch_core.figures.causal_table import MOST_CHECKED, causal_table
from atpatch_core.figures.scores import ranked_columns
from atpatch_core.figures.span_rounds import span_caption, span_rows
from atpatch_core.wording.phrases import counted
from pages.shared import address
from pages.shared.job_progress import in_words
from pages.shared.long_work import LONG, LongWork, show_long_work
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject, causal_check, seconds_a_run
from pages.shared.triage_address import View


def show_causal_check(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """A table, made when it is opened, or asked for if it takes long: the answer after redistributing each column and
    nothing else.
    """
    with st.expander(
        "Causal check: attention is evidence, not proof",
        icon=":material/science:",
        key="causal",
        on_change=address.note_use,
    ) as expander:
        if not expander.open:
            return
        _show_span(inspection)
        columns = ranked_columns(inspection.flags)
        if not columns:
            st.markdown("No column is flagged or chosen, so there is nothing to check.")
            return
        st.markdown(
            "A column that draws much attention need not decide anything. Each row redistributes **one** column and "
            "nothing else: if the answer changes, that column caused it. The last row redistributes all of them."
        )
        try:
            effects = _effects(view, opened, opened_input, columns[:MOST_CHECKED])
        except AtPatchError as error:
            st.error(plain(str(error)), icon=":material/block:")
            return
        if effects is None:
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


def _show_span(inspection: Inspection) -> None:
    """How the span of a trigger was grown from what is flagged, where it was."""
    rows = span_rows(inspection)
    if not rows:
        return
    st.markdown(f"**How the trigger was followed.** {plain(span_caption(inspection))}")
    st.table(
        {
            "Step": [row.step for row in rows],
            "Redistributed, too": [plain(row.joined) for row in rows],
            f"Probability of {plain(inspection.original.prediction.label)}": [row.probability for row in rows],
            "Tried": [str(row.trials) if row.trials else "" for row in rows],
        },
        hide_index=True,
    )


def _effects(
    view: View, opened: OpenSubject, opened_input: OpenInput, columns: tuple[Column, ...]
) -> tuple[CausalEffect, ...] | None:
    """The effects at once if that is quick, or else when they were asked for. Raises `AtPatchError`."""
    seconds = (1 + len(columns)) * seconds_a_run(opened, opened_input, view.threshold, view.columns)
    if seconds <= LONG:
        return causal_check(opened, opened_input, columns)
    work = LongWork(
        "causal check",
        "Check each column",
        f"{counted(len(columns), 'column')}, one after the other: {in_words(seconds)}. It stops when you look at "
        "something else.",
        lambda on_step: atpatch.causal_check(
            opened.subject, opened_input.value, columns, lambda done, total: on_step("checking columns", done, total)
        ),
        {},
    )
    found: tuple[CausalEffect, ...] | None = show_long_work(work, (opened.key, opened_input.digest, columns))
    return found
