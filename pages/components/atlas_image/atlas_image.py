"""The overview as a picture whose maps can be opened with the mouse or the keyboard.

Plotly's heatmaps send no selection events, hence this component. It gets only numbers and sentences made here, and
writes them with `textContent` and `setAttribute`: nothing is ever parsed as HTML.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import streamlit as st

from atpatch_core.figures.atlas import AtlasGeometry

_HTML = """
<div class="atlas">
  <img alt="" draggable="false">
  <div class="cells" role="group"></div>
</div>
"""

_CSS = """
.atlas { position: relative; max-width: 100%; line-height: 0; margin: 0 auto; }
.atlas img { width: 100%; height: auto; border-radius: 6px; display: block; }
.cells button {
  position: absolute; padding: 0; margin: 0; background: transparent; border: 0; border-radius: 2px; cursor: pointer;
}
.cells button:hover { outline: 2px dashed #ffffff; outline-offset: 3px; }
.cells button[aria-pressed="true"]::after {
  content: ""; position: absolute; inset: calc(-1 * var(--above)) -6% -6%; border: 3px solid #4cc3ff;
  border-radius: 4px;
}
.cells button:focus-visible { outline: 3px solid #ffffff; outline-offset: 4px; box-shadow: 0 0 0 9px #111111; }
"""

_JS = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const atlas = parentElement.querySelector(".atlas");
  const image = atlas.querySelector("img");
  const cells = atlas.querySelector(".cells");
  const held = parentElement.activeElement || document.activeElement;
  const focused = held && cells.contains(held) ? [...cells.children].indexOf(held) : -1;
  if (image.getAttribute("src") !== data.image) image.setAttribute("src", data.image);
  atlas.style.width = data.width + "px";
  atlas.style.setProperty("--above", 100 * data.above + "%");
  cells.setAttribute("aria-label", data.label);
  const buttons = data.cells.map((cell, number) => {
    const button = cells.children[number] || cells.appendChild(document.createElement("button"));
    button.type = "button";
    for (const side of ["left", "top", "width", "height"]) button.style[side] = 100 * cell[side] + "%";
    button.setAttribute("aria-label", cell.label);
    button.title = cell.label;
    button.setAttribute("aria-pressed", String(cell.selected));
    button.tabIndex = cell.selected ? 0 : -1;
    button.onclick = () =>
      setTriggerValue("opened", { x: cell.left + cell.width / 2, y: cell.top + cell.height / 2 });
    button.onkeydown = (event) => {
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const next = data.cells.findIndex(
        (other) => other.layer === cell.layer + step[0] && other.head === cell.head + step[1]);
      if (next >= 0) buttons[next].focus();
    };
    return button;
  });
  while (cells.children.length > buttons.length) cells.lastChild.remove();
  if (focused >= 0 && buttons[focused]) buttons[focused].focus();
}
"""

_component = st.components.v2.component("atpatch_atlas", html=_HTML, css=_CSS, js=_JS)


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
