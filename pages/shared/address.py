"""The address of a page: what it asks for, what stands in it, and a word on what it asks for in vain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from atpatch_core import limits
from pages.components.address_completion.address_completion import complete_address
from pages.shared.markdown import plain, quoted
from pages.shared.navigation import OF_THIS_VISIT, just_arrived

Number = TypeVar("Number", int, float)

_USED = "widget_used"
_CALLED = {"subject": "model"}  # parameters that people know by another name


def parameters() -> dict[str, str]:
    """All that the address says, as it stands."""
    params: dict[str, str] = st.query_params.to_dict()
    return params


def parameter(name: str) -> str:
    """What the address says for `name`, cut to what anybody could mean; empty if it says nothing."""
    asked: str = st.query_params.get(name, "")
    return asked[: limits.ADDRESSES.characters]


def widget(key: str, first: Callable[[], object], options: Collection[object] | None = None) -> str:
    """The key of a widget that begins with what the address asks for.

    Args:
        key: The widget's key.
        first: Reads its first value from the address, by one of the functions below.
        options: What it offers now. A value that is no longer offered is replaced by the first one.

    Returns:
        `key`, whose value is in the session's state from then on.
    """
    state = st.session_state
    if key not in state or (options is not None and state[key] not in options):
        state[key] = first()
    return key


def write(params: Mapping[str, str]) -> None:
    """Make the address of the page lead back to what these parameters say; empty ones are left out."""
    before, after = parameters(), {name: value for name, value in params.items() if value}
    if before == after:
        return
    if just_arrived():
        complete_address(before, after)
    else:
        st.query_params.from_dict(after)
        st.session_state.pop(OF_THIS_VISIT, None)


def put(name: str, value: str) -> None:
    """Change one parameter at once, as something that a person did."""
    if parameter(name) != value:
        st.query_params[name] = value


def send_again() -> None:
    """Send the address to the browser as it is: a link within the page tells the script, but not the browser."""
    st.query_params.from_dict(parameters())


def note_use() -> None:
    """Note that a person used a widget, which is why the page is drawn anew; the callback of one that needs no other.

    The browser sends the address that it shows along with what was done. That may still be the one from before the last
    change, while the next one is on its way, and is then no wish to go back.
    """
    st.session_state[_USED] = True


def take_use() -> bool:
    """Whether a widget was used since this was last asked."""
    used: bool = st.session_state.pop(_USED, False)
    return used


def names(name: str, known: Collection[str], usual: Sequence[str]) -> list[str]:
    """Those of the names in this parameter, between commas, that are `known`; the `usual` ones without any."""
    asked = list(dict.fromkeys(filter(None, parameter(name).split(","))))
    found = [item for item in asked if item in known]
    if unknown := [item for item in asked if item not in known]:
        note_unknown_parameter(name, ", ".join(unknown), "left out" if found else "showing the usual ones")
    return found or list(usual)


def one_of(name: str, known: Sequence[Number], usual: Number | None = None) -> Number:
    """The number in this parameter if it is `known`; or else the `usual` one, which is the first if not given."""
    first = known[0] if usual is None else usual
    by_text = {f"{number:g}": number for number in known}
    return by_text.get(text_of(name, list(by_text), f"{first:g}", f"using {first:g}"), first)


def text_of(name: str, known: Collection[str], usual: str, instead: str) -> str:
    """The text of this parameter if it is `known`, or else the `usual` one, which `instead` says in words."""
    asked = parameter(name)
    if asked in known:
        return asked
    if not asked:
        return usual
    note_unknown_parameter(name, asked, instead)
    return usual


def subject(known: Sequence[str]) -> str:
    """The model that the address asks for if it is `known`, or else the usual one."""
    usual = usual_subject(known)
    return text_of("subject", known, usual, f"showing {quoted(usual)}")


def usual_subject(known: Sequence[str]) -> str:
    """The model that was looked at in Triage, or else the first that is `known`."""
    looked_at: str | None = getattr(st.session_state.get("view"), "subject", None)
    return looked_at if looked_at is not None and looked_at in known else known[0]


def note_unknown_parameter(name: str, value: str, instead: str) -> None:
    """Note that the address asks for `value` as `name`, which does not exist, and what is shown `instead`."""
    if just_arrived():
        noted: dict[str, str] = st.session_state.setdefault(OF_THIS_VISIT, {})
        noted[name] = f"The link asks for {_CALLED.get(name, name)} {quoted(value)}, which is not here: {instead}."


def show_unknown_parameters() -> None:
    """Say what the address asked for in vain, until a person changes something."""
    for sentence in st.session_state.get(OF_THIS_VISIT, {}).values():
        st.warning(plain(sentence), icon=":material/info:")
