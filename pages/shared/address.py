"""The address of a page: what it asks for, what stands in it, and a word on what it asks for in vain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar, overload

import streamlit as st

from atpatch_core import limits
from pages.components.address_completion.address_completion import complete_address
from pages.shared.markdown import plain, quoted
from pages.shared.navigation import OF_THIS_VISIT, just_arrived

Number = TypeVar("Number", int, float)

_CALLED = {"subject": "model"}  # parameters that people know by another name


def write(params: Mapping[str, str]) -> None:
    """Make the address of the page lead back to what these parameters say; empty ones are left out."""
    before, after = st.query_params.to_dict(), {name: value for name, value in params.items() if value}
    if before == after:
        return
    if just_arrived():
        complete_address(before, after)
    else:
        st.query_params.from_dict(after)
        st.session_state.pop(OF_THIS_VISIT, None)


def names(name: str, known: Collection[str], usual: Sequence[str]) -> list[str]:
    """Those of the names in this parameter, between commas, that are `known`; the `usual` ones without any."""
    asked = list(dict.fromkeys(one for one in _param(name, "").split(",") if one))
    found = [one for one in asked if one in known]
    if unknown := [one for one in asked if one not in known]:
        note_unknown_parameter(name, ", ".join(unknown), "left out" if found else "showing the usual ones")
    return found or list(usual)


def one_of(name: str, known: Sequence[Number], usual: Number | None = None) -> Number:
    """The number in this parameter if it is `known`; or else the `usual` one, which is the first if not given."""
    first = known[0] if usual is None else usual
    by_text = {f"{one:g}": one for one in known}
    return by_text.get(text_of(name, list(by_text), f"{first:g}", f"using {first:g}"), first)


def text_of(name: str, known: Collection[str], usual: str, instead: str) -> str:
    """The text of this parameter if it is `known`, or else the `usual` one, which `instead` says in words."""
    asked = _param(name)
    if asked is None or asked in known:
        return usual if asked is None else asked
    note_unknown_parameter(name, asked, instead)
    return usual


@overload
def _param(name: str, usual: str) -> str: ...
@overload
def _param(name: str) -> str | None: ...
def _param(name: str, usual: str | None = None) -> str | None:
    """What the address says for `name`, cut to what anybody could mean."""
    asked: str | None = st.query_params.get(name, usual)
    return None if asked is None else asked[: limits.ADDRESSES.characters]


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
