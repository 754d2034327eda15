"""A text in pieces that can be pointed at, with the mouse or the arrow keys.

The text comes from outside: it is written with `textContent` and `setAttribute` only, and never parsed as HTML. Each
word is isolated, so that one that is written from right to left can't rearrange the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from atpatch_core.figures.text import TextPiece
from pages.components.files import component_of

_HTML = """
<div class="strip" role="group" aria-label="The text, piece by piece: arrow keys move"></div>
<div class="readout" aria-live="polite"></div>
"""


_component = component_of(__file__, _HTML)


def text_strip(key: str, pieces: Sequence[tuple[TextPiece, str, str]], direction: str) -> None:
    """Show pieces, each with its title and the `readout` when it is pointed at; `direction` is "ltr" or "rtl"."""
    data = {
        "direction": direction,
        "pieces": [
            {
                "text": piece.text,
                "before": piece.before,
                "word": piece.word,
                "special": piece.special,
                "label": piece.label,
                "title": title,
                "readout": readout,
                "attends": [other for other, _ in piece.attends],
            }
            for piece, title, readout in pieces
        ],
    }
    _component(key=key, data=data)
