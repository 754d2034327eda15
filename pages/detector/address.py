"""The address of the Detector page: what is chosen in its widgets, so that a copied link shows the same again."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared import address
from pages.shared.markdown import quoted
from pages.shared.navigation import just_arrived

PREFIX = "detector_"
NAMES = ("subject", "version", "on", "fpr", "layer", "with", "training")


def choice(name: str, options: Sequence[str], default: str) -> str:
    """The key of the widget for `name`, which begins with what the address says, or with `default`.

    What is no longer among `options` is replaced by the default.
    """
    return address.widget(
        PREFIX + name, lambda: address.text_of(name, options, default, f"showing {quoted(default)}"), options
    )


def choose(name: str, value: str) -> None:
    """Make the widget for `name` show `value` in the next run; for callbacks."""
    st.session_state[PREFIX + name] = value


def write_at_once(name: str) -> None:
    """Put what is chosen for `name` into the address before the rest of the page is there."""
    if not just_arrived():
        address.put(name, str(st.session_state[PREFIX + name]))


def write_address() -> None:
    """Put what is chosen now into the address."""
    address.write({name: str(st.session_state.get(PREFIX + name) or "") for name in NAMES})
