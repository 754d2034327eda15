"""The view of this browser session, kept in step with the address of the page.

The address is read when the session starts, and when it changed without a widget having been used (the browser's Back
button); who comes back from another page finds the view that they left. Widgets show the view and change it through
their callbacks, never the other way round.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from pages.shared import address
from pages.shared.markdown import plain
from pages.shared.navigation import just_arrived
from pages.shared.triage_address import View, from_params, to_params

_VIEW = "view"
_ADDRESS = "view_address"
_CAME_BY = "view_came_by"  # the address that was completed, which the next run may still get
_NOTICES = "view_notices"
_REFUSAL = "view_refusal"
_MISSING = object()


def current_view() -> View:
    """The view to show in this run."""
    state = st.session_state
    used = address.take_use()
    params = address.parameters()
    came_back = not params and just_arrived()
    moved = just_arrived() or params not in (state.get(_ADDRESS), state.get(_CAME_BY))
    if _VIEW not in state or (moved and not used and not came_back):
        state[_VIEW], state[_NOTICES] = from_params(params)
        state[_REFUSAL] = None
    view: View = state[_VIEW]
    return view


def settled_view() -> View:
    """The view as it stands, without another look at the address."""
    view: View = st.session_state[_VIEW]
    return view


def update(**changes: Any) -> None:
    """Change the view because of something a person did; what was said before is then out of date."""
    state = st.session_state
    state[_VIEW] = replace(state[_VIEW], **changes)
    state[_NOTICES], state[_REFUSAL] = (), None
    address.note_use()


def settle(view: View, notice: str | None = None) -> View:
    """Replace the view by what it came to (a default chosen, something unknown left out), and say so if it matters."""
    st.session_state[_VIEW] = view
    if notice is not None and notice not in st.session_state[_NOTICES]:
        st.session_state[_NOTICES] = (*st.session_state[_NOTICES], notice)
    return view


def refuse(sentence: str) -> None:
    """Say why something a person did is refused; the view stays as it is."""
    st.session_state[_REFUSAL] = sentence
    address.note_use()


def write_address(view: View) -> None:
    """Make the address of the page lead back to `view`."""
    params = to_params(view)
    st.session_state[_CAME_BY] = address.parameters() if just_arrived() else None
    address.write(params)
    st.session_state[_ADDRESS] = params


def show_notices() -> None:
    """What could not be done, in the order in which it came up."""
    refusal: str | None = st.session_state[_REFUSAL]
    if refusal is not None:
        st.error(plain(refusal), icon=":material/block:")
    for notice in st.session_state[_NOTICES]:
        st.warning(plain(notice), icon=":material/info:")


def bound(key: str, value: object) -> str:
    """Make the widget with this key show `value`, and return the key.

    Only where it differs: a value that is set is sent to the browser, and would undo what the person does meanwhile.
    """
    if st.session_state.get(key, _MISSING) != value:
        st.session_state[key] = value
    return key
