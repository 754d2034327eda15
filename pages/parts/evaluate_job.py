"""Start a comparison, watch it, cancel it. It runs in a thread of its own and outlives this page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from atpatch_core.figures.wording import counted
from atpatch_core.jobs import Job, JobQueue, OnStep, State

from .text import plain

_EVERY = 1.0  # seconds


def show_job(key: str, told: str, work: Callable[[OnStep], Any], weights: Mapping[str, float]) -> Any | None:
    """The button, or how far the comparison `key` is; its result once it is there.

    `told` says what will be compared, `weights` how long each stage takes compared with the others.
    """
    job = _queue().get(key)
    if job is not None and job.state is State.DONE:
        return job.result
    if job is not None and not job.over:
        _show_progress(key)
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


@st.fragment(run_every=_EVERY)
def _show_progress(key: str) -> None:
    job = _queue().get(key)
    if job is None or job.over:
        st.rerun()
    if job.stopping:
        st.progress(job.progress, "Cancelling\u2026")
    elif job.state is State.WAITING:
        ahead = _queue().ahead_of(job)
        st.progress(0.0, f"Waiting for {counted(ahead, 'other comparison')} to finish\u2026")
    else:
        st.progress(job.progress, f"{plain(job.stage or 'starting')} \u00b7 {_left(job)}")
    st.button("Cancel", icon=":material/close:", on_click=job.cancel, disabled=job.stopping)


def _left(job: Job[Any]) -> str:
    seconds = job.seconds_left
    if seconds is None:
        return "working out how long it will take\u2026"
    if seconds < 90:
        return f"about {counted(max(1, round(seconds)), 'second')} left"
    return f"about {round(seconds / 60)} minutes left"


@st.cache_resource(show_spinner=False)
def _queue() -> JobQueue[Any]:
    return JobQueue()
