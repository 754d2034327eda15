"""The overview as an image whose maps can be opened with the mouse or the keyboard.

Plotly's heatmaps send no selection events, hence this component. It gets only numbers and sentences made here, and
writes them with `textContent` and `setAttribute`: nothing is ever parsed as HTML.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import streamlit as st

from atpatch_core.figures.atlas import AtlasGeometry
from pages.components.files import component_of

_HTML = """
<div class="atlas">
  <img alt="" draggable="false">
  <div class="cells" role="group"></div>
</div>
"""


_component = component_of(__file__, _HTML)


def atlas_image(
    key: str,
    webp: bytes,
    geometry: AtlasGeometry,
    labels: dict[tuple[int, int], str],
    selected: tuple[int, int],
    on_open: Callable[[], None],
) -> None:
    """Show the atlas; `labels` describe each (layer, head) to screen readers. `opened_map` reads what was opened."""
    cells: list[dict[str, Any]] = []
    for (layer, head), label in labels.items():
        box = geometry.box(layer, head)
        cells.append(
            {
                "layer": layer,
                "head": head,
                "left": box.left,
                "top": box.top,
                "width": box.width,
                "height": box.height,
                "label": label,
                "selected": (layer, head) == selected,
            }
        )
    data = {
        "image": "data:image/webp;base64," + base64.b64encode(webp).decode("ascii"),
        "width": geometry.width,
        "above": geometry.marks_above,
        "label": "Attention maps of all layers and heads: arrow keys move, Enter opens one",
        "cells": cells,
    }
    _component(key=key, data=data, on_opened_change=on_open)


def opened_map(key: str, geometry: AtlasGeometry) -> tuple[int, int] | None:
    """The (layer, head) of the map that was just opened, or `None`; for use in `on_open`."""
    point = getattr(st.session_state.get(key), "opened", None)
    try:
        return geometry.at(float(point["x"]), float(point["y"])) if point is not None else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
