"""Start a comparison, watch it, cancel it. It runs in a thread of its own and outlives this page."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from atpatch_core.evaluation.comparison import Comparison, OnStep, compare, split_defender, take
from atpatch_core.evaluation.datasets import LabelledImages
from atpatch_core.evaluation.defences.catalogue import DEFENCES
from atpatch_core.evaluation.evaluate import Triggered, apply_trigger
from atpatch_core.figures.wording import counted
from atpatch_core.jobs import Job, JobQueue, State

from .evaluate_settings import Settings
from .text import plain

_EVERY = 1.0  # seconds


def show_job(settings: Settings) -> Comparison | None:
    """The button, or how far the comparison is; its result once it is there."""
    job = _queue().get(settings.key)
    if job is not None and job.state is State.DONE:
        return job.result
    if job is not None and not job.over:
        _show_progress(settings.key)
        return None
    if job is not None and job.state is State.FAILED:
        st.error(plain(job.problem or ""), icon=":material/block:")
    if job is not None and job.state is State.CANCELLED:
        st.info("The comparison was cancelled; nothing of it is kept.", icon=":material/cancel:")
    st.button("Compare", type="primary", icon=":material/play_arrow:", on_click=_start, args=(settings,))
    st.caption(
        f"{counted(len(settings.defences), 'defence')} against {counted(len(settings.triggers), 'attack')}. It runs in "
        "the background: you can go to another page meanwhile, and come back by this address."
    )
    return None


@st.fragment(run_every=_EVERY)
def _show_progress(key: str) -> None:
    job = _queue().get(key)
    if job is None or job.over:
        st.rerun()
    if job.state is State.WAITING:
        ahead = _queue().ahead_of(job)
        st.progress(0.0, f"Waiting for {counted(ahead, 'other comparison')} to finish\u2026")
    else:
        st.progress(job.progress, f"{plain(job.stage or 'starting')} \u00b7 {_left(job)}")
    st.button("Cancel", icon=":material/close:", on_click=job.cancel)


def _left(job: Job[Comparison]) -> str:
    seconds = job.seconds_left
    if seconds is None:
        return "working out how long it will take\u2026"
    if seconds < 90:
        return f"about {max(1, round(seconds))} seconds left"
    return f"about {round(seconds / 60)} minutes left"


def _start(settings: Settings) -> None:
    weights = {name: float(DEFENCES[name].effort) for name in settings.defences}
    _queue().start(settings.key, lambda on_step: _compare(settings, on_step), weights)


def _compare(settings: Settings, on_step: OnStep) -> Comparison:
    chosen = np.random.default_rng(0).permutation(len(settings.data.pictures))[: settings.pictures]
    judged, defender = split_defender(take(settings.data.pictures, np.sort(chosen)))

    def attack(pictures: LabelledImages, seed: int) -> Mapping[str, Triggered]:
        return {name: apply_trigger(trigger, pictures, seed) for name, trigger in settings.triggers.items()}

    methods = {name: DEFENCES[name] for name in settings.defences}
    rate, seeds = settings.false_positive_rate, range(settings.seeds)
    return compare(settings.opened.subject, methods, judged, attack, defender, rate, seeds, on_step)


@st.cache_resource(show_spinner=False)
def _queue() -> JobQueue[Comparison]:
    return JobQueue()
