"""What the comparisons of pictures, texts and records show alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from atpatch_core.figures.tradeoff import Place, tradeoff

from .resources import OpenSubject
from .text import plain

_CONFIG = {"displayModeBar": False}


def write_address(params: Mapping[str, str]) -> None:
    """Make the address of the page lead back to these settings; empty ones are left out."""
    given = {name: value for name, value in params.items() if value}
    if st.query_params.to_dict() != given:
        st.query_params.from_dict(given)


def show_verdict(told: str) -> None:
    """The sentence that a comparison comes down to."""
    (st.info if "nothing to repair" in told else st.success)(plain(told), icon=":material/gavel:")


def csv_button(opened: OpenSubject, what: str, make: Callable[[], str]) -> None:
    """Download all figures; `what` ends the name of the file."""
    st.download_button(
        "CSV",
        make,
        f"{file_stem(opened)}-{what}.csv",
        "text/csv",
        on_click="ignore",
        help="All figures with their 95 % intervals.",
        icon=":material/download:",
    )


def file_stem(opened: OpenSubject) -> str:
    """What the names of files about a subject begin with."""
    return opened.subject.name.replace("/", "-")


def show_tradeoff(places: Sequence[Place], key: str, axes: str, caption: str = "", **names: str) -> None:
    """The chart of what is left over what is lost; `axes` says both in words, `names` are those of `tradeoff`."""
    st.plotly_chart(
        tradeoff(places, **names),
        key=key,
        config=_CONFIG,
        alt=f"{axes}, one mark for each defence. "
        + " ".join(f"{one.name}: {100 * one.left:.2f} over {100 * one.lost:.2f}." for one in places),
    )
    st.caption(f"Bottom left is best. {caption}".strip())
