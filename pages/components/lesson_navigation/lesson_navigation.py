"""The steps of the tour as buttons, and the arrow keys of a keyboard or a presenter's clicker.

The titles are ours, and are written with `textContent` and `setAttribute` only. The keys are left alone wherever they
mean something already: in sliders, fields, menus and maps. Page Up and Page Down, which clickers send, always work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages.components.files import component_of

_HTML = """
<nav aria-label="Steps of the tour">
  <button type="button" class="before" aria-label="Previous step">\u2190</button>
  <ol></ol>
  <button type="button" class="after" aria-label="Next step">Next \u2192</button>
</nav>
"""


_component = component_of(__file__, _HTML)


def step_buttons(key: str, titles: Sequence[str], step: int, on_step: Callable[[], None]) -> None:
    """Show the steps, of which `step` (from 1) is open; `asked_step` reads in `on_step` which one was asked for."""
    data = {"titles": list(titles), "step": step, "answered": st.session_state.get(_answered(key), 0)}
    _component(key=key, data=data, on_asked_change=on_step)


def asked_step(key: str, steps: int) -> int | None:
    """The step that was just asked for, or `None`; with this the request counts as answered."""
    asked = getattr(st.session_state.get(key), "asked", None)
    if not isinstance(asked, Mapping):
        return None
    step, number = _whole(asked.get("step")), _whole(asked.get("number"))
    st.session_state[_answered(key)] = number
    return step if 1 <= step <= steps else None


def _whole(value: object) -> int:
    # JavaScript has one kind of number.
    return int(value) if isinstance(value, int | float) and abs(value) < 2**53 else 0


def _answered(key: str) -> str:
    return f"{key}_answered"
