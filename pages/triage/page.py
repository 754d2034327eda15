"""Triage: look at one input, see what is wrong, see it repaired."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from atpatch_core import AtPatchError, Inspection
from atpatch_core.inspection.words import group_words
from atpatch_core.wording.phrases import with_article
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject, inspect
from pages.shared.style import apply_style
from pages.shared.triage_address import View
from pages.triage import state
from pages.triage.adjust import show_columns, show_threshold
from pages.triage.answer import show_answer, show_probabilities, show_verdict
from pages.triage.attribution import show_attribution
from pages.triage.causal import show_causal_check
from pages.triage.compare import show_comparison, show_pin
from pages.triage.detail import show_detail
from pages.triage.edit import show_edit, show_parent
from pages.triage.help import show_help
from pages.triage.input_choice import chosen_input, show_input_choice, show_unsent
from pages.triage.input_views import view_of
from pages.triage.overview import first_map, has_map, show_map_choice, show_overview
from pages.triage.send_to_labelling import show_send_button
from pages.triage.share import show_share
from pages.triage.subject_choice import opened_subject, show_detector_version, show_subject_choice, show_summary
from pages.triage.welcome import note_visitor, show_welcome


def main() -> None:
    """Draw the page for the view of this session."""
    note_visitor()
    apply_style()
    with st.container(horizontal=True, vertical_alignment="center", key="heading"):
        st.title("Triage", anchor=False, width="content")
        st.caption("AtPatch: see where a model over-attends, and repair it while it runs.", width="stretch")
        explanation = st.container(width="content")
    opened = opened_subject(state.current_view())
    if opened is None:
        return
    own = view_of(opened.subject.kind)
    with explanation:
        show_help(own.EXPLANATION)
    opened_input = chosen_input(state.settled_view(), opened)
    inspection = None if opened_input is None else _inspection(state.settled_view(), opened, opened_input)
    if inspection is not None:
        _settle_map(state.settled_view(), inspection)
        show_welcome(state.settled_view(), opened.subject.kind, inspection)
    _show_choices(opened)
    state.show_notices()
    if opened_input is None:
        st.info(f"Choose or upload {with_article(opened.subject.kind)} to begin.", icon=":material/search:")
    elif inspection is not None:
        _show(state.settled_view(), opened, opened_input, inspection)
    view = state.settled_view()
    state.write_address(replace(view, detector=view.detector or opened.subject.version))


def _inspection(view: View, opened: OpenSubject, opened_input: OpenInput) -> Inspection | None:
    try:
        return inspect(opened, opened_input, view.threshold, view.columns)
    except AtPatchError as error:
        problem = str(error)
    if view.columns:
        # Most likely a link to columns that this model does not have.
        state.settle(replace(view, columns=()), f"{problem} No column is chosen by hand now.")
        try:
            return inspect(opened, opened_input, view.threshold, ())
        except AtPatchError as error:
            problem = str(error)
    st.error(plain(problem), icon=":material/block:")
    return None


def _settle_map(view: View, inspection: Inspection) -> None:
    chosen = view.layer is not None and view.head is not None
    if chosen and has_map(inspection, view.layer or 0, view.head or 0):
        return
    layer, head = first_map(inspection)
    notice = f"This model has no layer {view.layer}, head {view.head}: showing another map." if chosen else None
    state.settle(replace(view, layer=layer, head=head), notice)


def _show_choices(opened: OpenSubject) -> None:
    view = state.settled_view()
    with st.container(border=True, gap="small", key="choices"):
        left, right = st.columns(2, gap="medium")
        with left:
            show_subject_choice(view)
        with right:
            show_input_choice(view, opened)
        show_summary(opened)
        show_detector_version(view, opened)


def _show(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    show_unsent(opened, opened_input)
    show_verdict(view, opened, inspection)
    # The style sheet puts the input to the left of the other two where there is room.
    with st.container(key="findings"):
        with st.container(key="answer"):
            show_answer(view, opened, opened_input, inspection)
        with st.container(key="image"):
            show_parent(view)
            view_of(opened.subject.kind).show_input(view, opened, opened_input, inspection)
            with st.container(horizontal=True):
                show_pin(view)
                show_send_button(view, opened, opened_input)
        with st.container(key="bars"):
            show_probabilities(view, inspection)
    if view.reference is not None:
        show_comparison(view, opened, opened_input, inspection)
    as_shown = group_words(inspection) if view.whole_words else inspection
    left, right = st.columns([1, 1], gap="medium")
    with left:
        show_overview(view, opened, opened_input, as_shown)
    with right:
        show_map_choice(view, opened, opened_input, as_shown)
    show_detail(view, opened, opened_input, inspection, as_shown)
    left, right = st.columns(2, gap="medium")
    with left:
        show_threshold(view, opened)
    with right:
        show_columns(view, inspection)
    show_causal_check(view, opened, opened_input, inspection)
    show_attribution(view, opened, opened_input, inspection)
    show_edit(view, opened, opened_input, inspection)
    if view.reference is None:
        show_comparison(view, opened, opened_input, inspection)
    show_share(view, opened, opened_input, inspection)


main()
