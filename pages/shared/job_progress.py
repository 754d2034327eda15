"""How far a job in the background is, with the time left and a way to cancel it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from atpatch_core.wording.phrases import counted
from pages.shared.markdown import plain
from pages.shared.threaded_work import JobQueue, State

_EVERY = 1.0  # seconds


@st.fragment(run_every=_EVERY)
def show_progress(queue: JobQueue[Any], key: str, noun: str) -> None:
    """The progress of the job `key`; `noun` is what such a job is called."""
    job = queue.get(key)
    if job is None or job.over:
        st.rerun()
    if job.stopping:
        st.progress(job.progress, "Cancelling\u2026")
    elif job.state is State.WAITING:
        ahead = queue.ahead_of(job)
        st.progress(0.0, f"Waiting for {counted(ahead, f'other {noun}')} to finish\u2026")
    else:
        st.progress(job.progress, f"{plain(job.stage or 'starting')} \u00b7 {time_left(job.seconds_left)}")
    st.button("Cancel", icon=":material/close:", on_click=job.cancel, disabled=job.stopping, key=f"cancel_{key}")


def in_words(seconds: float) -> str:
    """How long something takes: "about 12 seconds", "about 4 minutes"."""
    if seconds < 90:
        return f"about {counted(max(1, round(seconds)), 'second')}"
    return f"about {round(seconds / 60)} minutes"


def time_left(seconds: float | None) -> str:
    """How long something will still take; `None` where that can't be told yet."""
    return "working out how long it will take\u2026" if seconds is None else f"{in_words(seconds)} left"
