"""One map in detail: original, redistributed, difference."""

from __future__ import annotations

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.figures.map_detail import MapDetail, map_detail
from atpatch_core.figures.map_values import map_values
from atpatch_core.inspection.words import has_parts
from pages.components.map_canvas.map_canvas import map_canvas
from pages.shared.resources import OpenInput, OpenSubject
from pages.shared.triage_address import View
from pages.triage import state
from pages.triage.maps_key import maps_key

_HIDE = "hide_special"
_WORDS = "whole_words"
_LARGEST_CHART = 64  # columns; beyond, charts would be megabytes, and the map is drawn as pixels instead


def show_detail(
    view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection, as_shown: Inspection
) -> None:
    """Three figures of the chosen map, side by side, or below each other where there is no room.

    `as_shown` is the inspection with its words put together, if that was chosen.
    """
    layer, head = view.layer or 0, view.head or 0
    title, switches = st.columns([3, 2], vertical_alignment="bottom")
    title.subheader(f"Layer {layer} \u00b7 head {head} in detail", anchor=False)
    if any(inspection.layout.special):
        switches.toggle(
            "Hide columns the model added",
            key=state.bound(_HIDE, view.hide_special),
            on_change=_hide,
            help="Such as [CLS], which is not part of the input and often draws much attention by nature.",
        )
    if has_parts(inspection.layout):
        switches.toggle(
            "Put the parts of a word together",
            key=state.bound(_WORDS, view.whole_words),
            on_change=_put_together,
            help="Attention to a word is then the sum over its parts, attention from it their mean.",
        )
    values = map_values(as_shown, layer, head, view.hide_special)
    alt = f"Attention map of layer {layer}, head {head}"
    if len(values.names) > _LARGEST_CHART and values.before.shape[0] == values.before.shape[1]:
        map_canvas("detail", values, alt)
        return
    figures = _figures(as_shown, maps_key(view, opened, opened_input), layer, head, view.hide_special)
    for column, (name, figure) in zip(
        st.columns(3),
        (
            ("original", figures.original),
            ("redistributed", figures.redistributed),
            ("difference", figures.difference),
        ),
        strict=True,
    ):
        column.plotly_chart(figure, key=f"detail_{name}", config={"displayModeBar": False}, alt=f"{alt}: {name}")


@st.cache_resource(max_entries=24, show_spinner=False)
def _figures(_as_shown: Inspection, key: tuple[object, ...], layer: int, head: int, hide_special: bool) -> MapDetail:
    return map_detail(_as_shown, layer, head, hide_special)


def _hide() -> None:
    state.update(hide_special=st.session_state[_HIDE])


def _put_together() -> None:
    state.update(whole_words=st.session_state[_WORDS])
