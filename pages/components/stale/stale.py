"""What was found is for the input before a change: said while a person types, before the change is sent.

Streamlit hears of a typed text only when the field is left, and of a form only when it is submitted. So a script of
the page compares what stands in the fields with what is shown. The style sheet dims what follows meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components.files import component_of

REGION = "typed"  # the key of the container of the fields
_KEY = "stale"


# Not isolated, so that the style sheet of the page can see whether the mark is there.
_component = component_of(__file__, '<div class="stale-note" role="status"></div>', isolate_styles=False)


@dataclass(frozen=True)
class Typed:
    """The fields in the container `REGION` that need not hold what is shown.

    `shown` has the texts for each field, in order, with which it holds what is shown; `notice` is what is said when it
    does not. Where a `button` (its key) is named, Ctrl+Enter in a text presses it.
    """

    shown: tuple[Sequence[str], ...]
    notice: str
    button: str = ""


def show_stale(typed: Typed | None) -> None:
    """Watch the fields, and say when they no longer hold what is shown; without any there is nothing to watch."""
    if typed is None:
        return
    data = {
        "region": REGION,
        "shown": [list(texts) for texts in typed.shown],
        "notice": typed.notice,
        "button": typed.button,
    }
    with st.container(key=_KEY):
        _component(key=f"{_KEY}_mark", data=data)
