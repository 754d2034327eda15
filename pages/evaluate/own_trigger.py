"""A patch trigger of the analyst's own, for a model whose trigger is known from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from atpatch_core.triggers.patch import PATTERNS, PatchTrigger
from pages.shared import address

OWN = "my-patch"
_LEAST, _MOST = 2, 16
_PIXEL = "Of its upper left pixel, counted from 0."
_KEYS = tuple(f"evaluate_trigger_{name}" for name in ("on", "pattern", "size", "target", "anywhere", "row", "column"))

# PATTERN:SIDE:ROW,COLUMN:CLASS, or "any" for the place.
_WRITTEN = re.compile(r"([a-z-]{1,40}):([0-9]{1,4}):(?:any|([0-9]{1,6}),([0-9]{1,6})):([0-9]{1,6})", re.ASCII)


@dataclass(frozen=True)
class ChosenTrigger:
    """The trigger, and how it is written in an address."""

    trigger: PatchTrigger
    address: str


def chosen_trigger(labels: Sequence[str], side: int) -> ChosenTrigger | None:
    """The widgets, and the trigger for images of `side` pixels that is set in them; `None` if none is wanted."""
    if side < _LEAST:
        return None
    asked = address.parameter("patch")
    known = parse_trigger(asked, len(labels), side)
    if asked and known is None:
        address.note_unknown_parameter("patch", asked, "using none")
    first = known or PatchTrigger(target=0, size=min(4, side))
    on, pattern, size, target, anywhere, row, column = _KEYS
    if not st.toggle(
        "Attack with a patch of my own",
        known is not None,
        key=on,
        help="For a model whose backdoor you know, or suspect, from elsewhere.",
    ):
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Pattern", PATTERNS, PATTERNS.index(first.pattern), key=pattern, width=190)
        pixels = st.number_input("Side in pixels", _LEAST, min(_MOST, side), first.size, key=size, width=140)
        wanted = st.selectbox(
            "Wanted class",
            range(len(labels)),
            first.target,
            key=target,
            format_func=lambda number: labels[number],
            width=190,
        )
        free = st.checkbox("At a random place", known is not None and first.row is None, key=anywhere)
        last = side - pixels
        if free:
            return ChosenTrigger(PatchTrigger(wanted, pixels, name), f"{name}:{pixels}:any:{wanted}")
        down, across = (
            st.number_input(what, 0, last, last if at is None else min(at, last), key=key, width=120, help=_PIXEL)
            for what, key, at in (("Row", row, first.row), ("Column", column, first.column))
        )
    return ChosenTrigger(PatchTrigger(wanted, pixels, name, down, across), f"{name}:{pixels}:{down},{across}:{wanted}")


def forget_trigger() -> None:
    """Another model has other classes."""
    for key in _KEYS:
        st.session_state.pop(key, None)


def parse_trigger(text: str, classes: int, side: int) -> PatchTrigger | None:
    """The trigger that an address describes, if it is one for `classes` classes and images of `side` pixels."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    pattern, size, row, column, target = found.groups()
    place = (None, None) if row is None else (int(row), int(column))
    trigger = PatchTrigger(int(target), int(size), pattern, *place)
    fits = _LEAST <= trigger.size <= _MOST and trigger.least_side <= side
    return trigger if pattern in PATTERNS and fits and trigger.target < classes else None
