"""What the comparisons of pictures, texts and records show alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from atpatch_core.evaluation.rates import Rate
from atpatch_core.figures.tradeoff import Place, tradeoff
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

_CONFIG = {"displayModeBar": False}
NOT_MEASURED = "\N{EN DASH}"


def chosen_group(label: str, sizes: Mapping[str, int], key: str) -> str:
    """The list of groups with how many belong to each of them, and the one that is chosen: at first one with any.

    `key` is where the choice is kept. The list itself is another one whenever a size changes, because a browser goes on
    showing the text of an option that was chosen before.
    """
    widget = f"{key} {tuple(sizes.values())}"
    if st.session_state.get(widget) not in sizes:
        first = next((name for name, size in sizes.items() if size), next(iter(sizes)))
        kept = st.session_state.get(key)
        st.session_state[widget] = kept if kept in sizes else first
    chosen: str = st.selectbox(label, list(sizes), format_func=lambda name: f"{name} ({sizes[name]:,})", key=widget)
    st.session_state[key] = chosen
    return chosen


def per_cent(share: float) -> float | None:
    """What a table shows of a share; `None`, for which it has a sign, where there is nothing to measure."""
    return None if math.isnan(share) else 100 * share


def interval(rate: Rate) -> str | None:
    """The 95 % interval of a share in per cent; `None` where there is nothing to measure."""
    return None if math.isnan(rate.value) else f"{100 * rate.low:.1f} to {100 * rate.high:.1f}"


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
