"""Start a comparison, watch it, cancel it. It runs in a thread of its own and outlives this page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from atpatch_core.jobs import JobQueue, OnStep, State
from pages.shared.job_progress import show_progress
from pages.shared.markdown import plain


def show_job(key: str, told: str, work: Callable[[OnStep], Any], weights: Mapping[str, float]) -> Any | None:
    """The button, or how far the comparison `key` is; its result once it is there.

    `told` says what will be compared, `weights` how long each stage takes compared with the others.
    """
    job = _queue().get(key)
    if job is not None and job.state is State.DONE:
        return job.result
    if job is not None and not job.over:
        show_progress(_queue(), key, "comparison")
        return None
    if job is not None and job.state is State.FAILED:
        st.error(plain(job.problem or ""), icon=":material/block:")
    if job is not None and job.state is State.CANCELLED:
        st.info("The comparison was cancelled; nothing of it is kept.", icon=":material/cancel:")
    st.button("Compare", type="primary", icon=":material/play_arrow:", on_click=_start, args=(key, work, weights))
    st.caption(
        f"{told}. It runs in the background: you can go to another page meanwhile, and come back by this address."
    )
    return None


def _start(key: str, work: Callable[[OnStep], Any], weights: Mapping[str, float]) -> None:
    _queue().start(key, work, weights)


@st.cache_resource(show_spinner=False)
def _queue() -> JobQueue[Any]:
    return JobQueue()
