"""A large attention map as pixels: original, redistributed and difference, with query, key and values on hover.

A Plotly chart of 512 x 512 numbers would be megabytes; this gets the numbers packed. The names come from outside: they
are written with `textContent` only, and never parsed as HTML.
"""

from __future__ import annotations

import numpy as np

from atpatch_core.figures.colours import attention_colours, difference_colours
from atpatch_core.figures.map_bytes import pack_maps
from atpatch_core.figures.map_values import TITLES, MapValues
from pages.components.files import component_of

_HTML = """
<div class="maps"></div>
<div class="readout" aria-live="polite"></div>
"""


_component = component_of(__file__, _HTML)


def map_canvas(key: str, values: MapValues, alt: str) -> None:
    """Show a square map and what is made of it; `alt` says which one it is."""
    marked = list(values.marked)
    words = {1: f"\u25bc {values.marked[marked[0]]}: {values.names[marked[0]]}"} if marked else {0: ""}
    before, change_of = pack_maps(values.before, values.after, values.strongest)
    data = {
        "titles": list(TITLES),
        "names": list(values.names),
        "size": len(values.names),
        "ticks": list(zip(*values.ticks, strict=True))[::2],  # the axes are shorter than those of a chart
        "marked": marked,
        "marked_text": words.get(len(marked), f"\u25bc {len(marked)} columns redistributed"),
        "strongest": values.strongest,
        "change": values.largest_change,
        "before": before,
        "change_of": change_of,
        "attention": _table(attention_colours()),
        "difference": _table(difference_colours()),
        "alt": alt,
    }
    _component(key=key, data=data)


def _table(colours: np.ndarray) -> list[int]:
    table: list[int] = colours.reshape(-1).tolist()
    return table
