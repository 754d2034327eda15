"""One map in detail: original, redistributed, difference."""

from __future__ import annotations

import streamlit as st

from atpatch_core import Inspection
from atpatch_core.figures.map_detail import map_detail

from . import state
from .view import View

_HIDE = "hide_special"


def show_detail(view: View, inspection: Inspection) -> None:
    """Three figures of the chosen map, side by side, or below each other where there is no room."""
    layer, head = view.layer or 0, view.head or 0
    special = [
        name for name, added in zip(inspection.layout.key_names, inspection.layout.special, strict=True) if added
    ]
    title, switch = st.columns([3, 2], vertical_alignment="bottom")
    title.subheader(f"Layer {layer} \u00b7 head {head} in detail", anchor=False)
    if special:
        switch.toggle(
            "Hide columns the model added",
            key=state.bound(_HIDE, view.hide_special),
            on_change=_hide,
            help="Such as [CLS], which is not part of the picture and often draws much attention by nature.",
        )
    figures = map_detail(inspection, layer, head, view.hide_special)
    for column, (name, figure) in zip(
        st.columns(3),
        (
            ("original", figures.original),
            ("redistributed", figures.redistributed),
            ("difference", figures.difference),
        ),
        strict=True,
    ):
        column.plotly_chart(
            figure,
            key=f"detail_{name}",
            config={"displayModeBar": False},
            alt=f"Attention map of layer {layer}, head {head}: {name}",
        )


def _hide() -> None:
    state.update(hide_special=st.session_state[_HIDE])
