"""The verdict, and what the model answers with and without AtPatch."""

from __future__ import annotations

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.figures.evidence import evidence_sentence, plainest_evidence
from atpatch_core.figures.probabilities import probability_bars
from atpatch_core.figures.verdict import answer, split_columns, verdict
from atpatch_core.figures.wording import counted

from . import state
from .input_views import view_of
from .resources import OpenInput, OpenSubject
from .text import plain
from .view import View

_TOGGLE = "patch"


def show_verdict(view: View, opened: OpenSubject, inspection: Inspection) -> None:
    """The sentence that says what is wrong and what helps."""
    sentence = plain(verdict(inspection, opened.subject.detector is not None))
    with st.container(key="verdict"):
        if not inspection.flags.any:
            st.info(sentence, icon=":material/info:")
        elif view.patch:
            st.success(sentence, icon=":material/healing:")
        else:
            st.warning(sentence, icon=":material/flag:")


def show_answer(view: View, opened: OpenSubject, one: OpenInput, inspection: Inspection) -> None:
    """What the model answers now, in large letters, and the switch that changes it."""
    now = inspection.patched if view.patch else inspection.original
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("The model answers now", width="content")
            _show_state(view, opened, one, inspection)
        st.header(plain(answer(now.prediction)), anchor=False)
        st.toggle(
            "AtPatch on" if view.patch else "Switch AtPatch on",
            key=state.bound(_TOGGLE, view.patch),
            on_change=_switch,
        )
        st.caption(_explanation(view, inspection))


def show_probabilities(view: View, inspection: Inspection) -> None:
    """Both predictions as bars."""
    st.plotly_chart(
        probability_bars(inspection.original.prediction, inspection.patched.prediction, view.patch),
        key="probabilities",
        config={"displayModeBar": False},
        alt=f"Class probabilities. Without AtPatch: {answer(inspection.original.prediction)}. "
        f"With AtPatch: {answer(inspection.patched.prediction)}.",
    )


def _show_state(view: View, opened: OpenSubject, one: OpenInput, inspection: Inspection) -> None:
    detected, _ = split_columns(inspection.flags)
    own = view_of(opened.subject.kind)
    # What a person set by hand may just as well take a right answer away.
    trusted = view.threshold is None and not view.columns and own.decided_by_flags(view, opened, one, inspection)
    if view.patch and inspection.flags.any:
        st.badge("Repaired" if trusted else "Redistributed", icon=":material/healing:", color="green")
    elif detected:
        st.badge(own.HIJACKED if trusted else "Over-attended", icon=":material/warning:", color="orange")


def _explanation(view: View, inspection: Inspection) -> str:
    columns = counted(len(inspection.flags.columns), "column")
    detected, _ = split_columns(inspection.flags)
    if not inspection.flags.any:
        return "There is nothing to redistribute, so the answer is the same with AtPatch on or off."
    plainest = plainest_evidence(inspection)
    if plainest is None:
        return (
            "All columns of a map are marked, so none is left to get their attention, and nothing changes. "
            "Raise the threshold, or choose fewer columns."
        )
    evidence = plain(evidence_sentence(plainest, view.patch))
    if view.patch:
        return (
            f"{evidence} The attention of {columns} is redistributed while the model runs. Its weights are unchanged."
        )
    if not detected:
        return f"{evidence} AtPatch would redistribute the attention of {columns} while the model runs."
    return (
        f"{evidence} AtPatch gives that attention to everything else: it redistributes {columns} while the model runs. "
        "Its weights stay unchanged."
    )


def _switch() -> None:
    state.update(patch=st.session_state[_TOGGLE])
