"""What is redistributed: the detector's threshold, and columns chosen by hand."""

from __future__ import annotations

import streamlit as st

from atpatch_core import Column, Inspection
from atpatch_core.detector.contract import ColumnDetector, Manner
from atpatch_core.figures.threshold_scale import threshold_scale
from atpatch_core.subjects.detector_versions import name_in
from atpatch_core.wording.phrases import listed, score_text, unique
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject
from pages.shared.triage_address import View
from pages.triage import state

_THRESHOLD = "threshold"
_CHOSEN = "columns_chosen"


def show_threshold(view: View, opened: OpenSubject) -> None:
    """A slider over the detector's scores that starts at the calibrated threshold, and the way back to it."""
    st.subheader("Threshold", anchor=False)
    detector = opened.subject.detector
    if detector is None:
        st.info("There is no detector for this model: choose columns by hand.", icon=":material/sensors_off:")
        return
    if not detector.watched:
        st.info(
            "The detector of this model watches no layer, so there are no scores: choose columns by hand.",
            icon=":material/visibility_off:",
        )
        return
    calibrated = detector.threshold
    used = calibrated if view.threshold is None else view.threshold
    used = min(max(used, 0.0), 1.0)
    st.select_slider(
        f"Flag columns that score at least this (calibrated: {score_text(calibrated)})",
        threshold_scale(min(calibrated, 1.0), used),
        format_func=score_text,
        key=state.bound(_THRESHOLD, used),
        on_change=_choose_threshold,
        args=(calibrated,),
    )
    st.caption(_who_scores(opened, detector))
    if view.threshold is None:
        st.caption("This is the calibrated threshold.")
    else:
        st.caption(f"Changed by hand: {score_text(view.threshold)} instead of the calibrated {score_text(calibrated)}.")
        st.button("Reset to the calibrated threshold", on_click=_reset_threshold, icon=":material/restart_alt:")


def _who_scores(opened: OpenSubject, detector: ColumnDetector) -> str:
    """Which version of the detector is at work, where it looks and where it repairs."""
    watched = [str(layer) for layer in detector.watched]
    sentence = f"Detector {name_in(opened.subject.version or 'given')} scores columns in layer"
    sentence += f"{'s' if len(watched) > 1 else ''} {listed(watched)}"
    reach = Manner.of(detector).reach
    if reach is not None and set(reach.layers) != set(detector.watched):
        sentence += f"; what it flags is redistributed in layers {listed([str(layer) for layer in reach.layers])}"
    return plain(f"{sentence}. Steps of the slider are finer near 0 and near 1.")


def show_columns(view: View, inspection: Inspection) -> None:
    """The columns of the current head to choose from, and all that were chosen in any head."""
    layer, head = view.layer or 0, view.head or 0
    # Select boxes tell their options apart by what they show.
    names = unique(inspection.layout.key_names)
    here = [column.key for column in view.columns if (column.layer, column.head) == (layer, head)]
    st.subheader("Columns chosen by hand", anchor=False)
    key = f"columns_{layer}_{head}"
    st.multiselect(
        f"Also redistribute in layer {layer} \u00b7 head {head}",
        range(len(names)),
        format_func=lambda number: names[number],
        key=state.bound(key, here),
        placeholder="Choose columns",
        on_change=_choose_columns,
        args=(key, layer, head),
    )
    if any((column.layer, column.head) != (layer, head) for column in view.columns):
        st.multiselect(
            "Chosen in all heads",
            view.columns,
            format_func=lambda column: f"layer {column.layer} \u00b7 head {column.head} \u00b7 {names[column.key]}",
            key=state.bound(_CHOSEN, list(view.columns)),
            on_change=_keep_columns,
        )
    if view.columns:
        st.button("Clear the choice", on_click=_clear_columns, icon=":material/restart_alt:")


def _choose_threshold(calibrated: float) -> None:
    value = st.session_state[_THRESHOLD]
    state.update(threshold=None if value == min(calibrated, 1.0) else value)


def _reset_threshold() -> None:
    state.update(threshold=None)


def _choose_columns(key: str, layer: int, head: int) -> None:
    others = [column for column in state.settled_view().columns if (column.layer, column.head) != (layer, head)]
    state.update(columns=tuple(sorted(others + [Column(layer, head, number) for number in st.session_state[key]])))


def _keep_columns() -> None:
    state.update(columns=tuple(sorted(st.session_state[_CHOSEN])))


def _clear_columns() -> None:
    state.update(columns=())
