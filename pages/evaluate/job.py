"""Start a comparison, watch it, cancel it. It runs in a process of its own and outlives this page and the app."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.evaluation.comparison import Comparison
from atpatch_core.evaluation.comparison_request import KIND, ComparisonRequest
from atpatch_core.jobs import Job, JobStore, State, Status
from pages.evaluate.kept import Done
from pages.shared.folders import jobs_folder
from pages.shared.job_progress import time_left
from pages.shared.markdown import plain

_EVERY = 1.0  # seconds
_PROBLEM = "evaluate_problem"


def show_job(
    request: ComparisonRequest, summary: str, result_of: Callable[[Done], Comparison | None]
) -> Comparison | None:
    """The button, or how far the comparison is that `request` asks for; its result once it is there.

    `summary` says what will be compared, `result_of` reads what was kept of one that is done: `None` where that is
    damaged, which is as if it had never been made.
    """
    job = comparisons().latest(request.key)
    state = None if job is None else job.status.state
    if job is not None and state is State.DONE:
        found = result_of(Done(job.id, comparisons().folder / job.id))
        if found is not None:
            return found
    if job is not None and state is State.RUNNING:
        _show_progress(job.id)
        return None
    if job is not None and state is State.FAILED:
        st.error(plain(job.status.problem or "The comparison failed."), icon=":material/block:")
    if state is State.CANCELLED:
        st.info("The comparison was cancelled; nothing of it is kept.", icon=":material/cancel:")
    _show_problem()
    st.button("Compare", type="primary", icon=":material/play_arrow:", on_click=_start, args=(request,))
    st.caption(f"{summary}. It runs in the background and goes on when you close this page: come back by this address.")
    return None


def comparisons() -> JobStore[ComparisonRequest, Status]:
    """The comparisons in `ATPATCH_JOBS`, or in `.atpatch/jobs` beside the app."""
    return JobStore(jobs_folder(), KIND)


@st.fragment(run_every=_EVERY)
def _show_progress(comparison: str) -> None:
    job = comparisons().get(comparison)
    if job is None or job.over:
        st.rerun()
    st.progress(job.status.progress, "Cancelling\u2026" if job.stopping else _how_far(job))
    st.button("Cancel", icon=":material/close:", on_click=_cancel, args=(comparison,), disabled=job.stopping)
    _show_problem()


def _how_far(job: Job[ComparisonRequest, Status]) -> str:
    return f"{plain(job.status.stage)} \u00b7 {time_left(job.seconds_left(time.time()))}"


def _show_problem() -> None:
    problem = st.session_state.pop(_PROBLEM, None)
    if problem is not None:
        st.error(plain(problem), icon=":material/block:")


def _start(request: ComparisonRequest) -> None:
    job = comparisons().latest(request.key)
    if job is not None and not job.over:  # somebody else was quicker
        return
    try:
        comparisons().start(request)
    except AtPatchError as error:
        st.session_state[_PROBLEM] = str(error)


def _cancel(comparison: str) -> None:
    try:
        comparisons().cancel(comparison)
    except AtPatchError as error:
        st.session_state[_PROBLEM] = str(error)
