"""The verdict, and what the model answers with and without AtPatch."""

from __future__ import annotations

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.figures.evidence import evidence_sentence, plainest_evidence
from atpatch_core.figures.probabilities import probability_bars
from atpatch_core.figures.redistributed import redistributed_parts
from atpatch_core.wording.phrases import counted, score_text
from atpatch_core.wording.thresholds import other_threshold, threshold_texts
from atpatch_core.wording.verdict import answer, found_sentence, heads_in_words, split_columns, verdict
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject
from pages.shared.triage_address import View
from pages.triage import state
from pages.triage.input_views import view_of

_TOGGLE = "patch"
_MOST_ROWS = 8  # of a table that is shown in full


def show_verdict(view: View, opened: OpenSubject, inspection: Inspection) -> None:
    """What is wrong and what helps, the way back to the calibrated threshold, and behind a click in which heads."""
    calibrated = None if opened.subject.detector is None else opened.subject.detector.threshold
    sentence = plain(verdict(inspection, calibrated))
    with st.container(key="verdict"):
        if not inspection.flags.any:
            st.info(sentence, icon=":material/info:")
        elif view.patch:
            st.success(sentence, icon=":material/healing:")
        else:
            st.warning(sentence, icon=":material/flag:")
        with st.container(horizontal=True):
            if calibrated is not None and other_threshold(inspection.flags, calibrated) is not None:
                st.button(
                    f"Use the calibrated threshold, {threshold_texts(inspection.flags.threshold, calibrated)[1]}",
                    key="verdict_calibrated",
                    on_click=_use_calibrated,
                    icon=":material/restart_alt:",
                )
            if inspection.flags.any:
                with st.popover("In which heads", icon=":material/grid_view:", key="found"):
                    _show_found(inspection)


def show_answer(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """What the model answers now, in large letters, and the switch that changes it."""
    now = inspection.patched if view.patch else inspection.original
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("The model answers now", width="content")
            _show_state(view, opened, opened_input, inspection)
        st.header(plain(answer(now.prediction)), anchor=False)
        nothing = _why_nothing(opened, inspection)
        on = view.patch and nothing is None  # a view keeps the switch for the next input
        st.toggle(
            "AtPatch on" if on else "Switch AtPatch on",
            key=state.bound(_TOGGLE, on),
            on_change=_switch,
            disabled=nothing is not None,
        )
        st.caption(nothing or _explanation(view, inspection))


def show_probabilities(view: View, inspection: Inspection) -> None:
    """Both predictions as bars."""
    st.plotly_chart(
        probability_bars(inspection.original.prediction, inspection.patched.prediction, view.patch),
        key="probabilities",
        config={"displayModeBar": False},
        alt=f"Class probabilities. Without AtPatch: {answer(inspection.original.prediction)}. "
        f"With AtPatch: {answer(inspection.patched.prediction)}.",
    )


def _show_state(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    detected, _ = split_columns(inspection.flags)
    own = view_of(opened.subject.kind)
    # What a person set by hand may just as well take a right answer away.
    trusted = (
        view.threshold is None and not view.columns and own.decided_by_flags(view, opened, opened_input, inspection)
    )
    if view.patch and inspection.flags.any:
        st.badge("Repaired" if trusted else "Redistributed", icon=":material/healing:", color="green")
    elif detected:
        # Under another threshold than the calibrated one, to be flagged does not mean to draw too much.
        plainly = "Over-attended" if view.threshold is None else "Flagged"
        st.badge(own.HIJACKED if trusted else plainly, icon=":material/warning:", color="orange")


def _show_found(inspection: Inspection) -> None:
    parts = redistributed_parts(inspection)
    st.markdown(plain(found_sentence(inspection)))
    with st.container(height=360 if len(parts) > _MOST_ROWS else "content", border=False):
        st.table(
            {
                "Part of the input": [plain(part.name) for part in parts],
                "Redistributed in": ["; ".join(heads_in_words(*place) for place in part.places) for part in parts],
                "Highest score": ["none" if part.highest is None else score_text(part.highest) for part in parts],
            },
            hide_index=True,
        )


def _why_nothing(opened: OpenSubject, inspection: Inspection) -> str | None:
    """Why the switch would change nothing, and what to do; `None` where it does."""
    if not inspection.flags.any:
        detector = opened.subject.detector
        if detector is None or not detector.watched:
            return "Nothing is chosen, so there is nothing to redistribute. Choose columns by hand below."
        if inspection.following is not None and inspection.following.cleared:
            return (
                "The answer does not depend on what is flagged, so nothing is redistributed. "
                "Choose columns by hand below to see what they do."
            )
        return (
            "Nothing is flagged, so there is nothing to redistribute. "
            "Choose columns by hand below, or lower the threshold."
        )
    if plainest_evidence(inspection) is None:
        return (
            "All columns of a map are marked, so none is left to get their attention, and nothing changes. "
            "Raise the threshold, or choose fewer columns."
        )
    return None


def _explanation(view: View, inspection: Inspection) -> str:
    columns = counted(len(inspection.flags.columns), "column")
    detected, _ = split_columns(inspection.flags)
    plainest = plainest_evidence(inspection)
    assert plainest is not None  # or else `_why_nothing` has said so
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


def _use_calibrated() -> None:
    state.update(threshold=None)


def _switch() -> None:
    state.update(patch=st.session_state[_TOGGLE])
