"""What the tables of the page show of a figure, and its lists of groups."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from atpatch_core.evaluation.rates import Rate

CONFIG = {"displayModeBar": False}
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


def selected_row(cells: Mapping[str, Sequence[object]], key: str, **shown: Any) -> int | None:
    """A table of which a row can be selected, and that row, counted from 0; `shown` is how it looks."""
    event = st.dataframe(
        cells,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=key,
        placeholder=NOT_MEASURED,
        **shown,
    )
    rows: list[int] = event["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(next(iter(cells.values()))) else None
