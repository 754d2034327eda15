"""Work on one view that may take long: it waits until it is asked for, tells how far it is, and can be cancelled.

It runs in a thread of its own. When the view changes, what was begun for the one before is cancelled: nobody waits for
it any more.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import streamlit as st

from atpatch_core.digest import digest_of
from pages.shared import address
from pages.shared.job_progress import show_progress
from pages.shared.markdown import plain
from pages.shared.threaded_work import JobQueue, OnStep, State

LONG = 5.0  # seconds, beyond which work is asked for
_SESSION = "long_work"
_KEPT = 8


@dataclass(frozen=True)
class LongWork:
    """What to do and how to speak of it.

    `noun` is what it is called ("attribution"), `button` what the button that starts it says, `caption` the sentence
    under it. `weights` say how long each stage of `work` takes compared with the others.
    """

    noun: str
    button: str
    caption: str
    work: Callable[[OnStep], Any]
    weights: Mapping[str, float]


@dataclass
class _Session:
    """What this browser session began, by what it is called: the key of the job, and the last results by view."""

    name: str = field(default_factory=lambda: uuid4().hex)
    begun: dict[str, str] = field(default_factory=dict)
    results: dict[str, OrderedDict[tuple[object, ...], Any]] = field(default_factory=dict)


def result_of(noun: str, view: tuple[object, ...]) -> Any | None:
    """The result of the work that is called `noun` for this view, if it was done."""
    results = _session().results.setdefault(noun, OrderedDict())
    job = _queue().get(_key(noun, view))
    if view not in results and job is not None and job.state is State.DONE:
        results[view] = job.result
        while len(results) > _KEPT:
            results.popitem(last=False)
    return results.get(view)


def show_long_work(work: LongWork, view: tuple[object, ...]) -> Any | None:
    """The result for this view if it was done; or else how far it is, or the button that starts it."""
    queue, key = _queue(), _key(work.noun, view)
    _leave_others(work.noun, key)
    found = result_of(work.noun, view)
    if found is not None:
        return found
    job = queue.get(key)
    if job is not None and not job.over:
        show_progress(queue, key, work.noun)
        return None
    if job is not None and job.state is State.FAILED:
        st.error(plain(job.problem or ""), icon=":material/block:")
    if job is not None and job.state is State.CANCELLED:
        st.info(f"The {work.noun} was cancelled; nothing of it is kept.", icon=":material/cancel:")
    st.button(
        work.button,
        type="primary",
        icon=":material/play_arrow:",
        key=f"start_{work.noun}",
        on_click=_start,
        args=(work, key),
    )
    st.caption(work.caption)
    return None


def _key(noun: str, view: tuple[object, ...]) -> str:
    return f"{_session().name}_{noun}_{digest_of(repr(view).encode())[:32]}"


def _leave_others(noun: str, key: str) -> None:
    begun = _session().begun
    if begun.get(noun) not in (None, key):
        job = _queue().get(begun.pop(noun))
        if job is not None:
            job.cancel()


def _start(work: LongWork, key: str) -> None:
    address.note_use()
    _session().begun[work.noun] = key
    _queue().start(key, work.work, work.weights)


def _session() -> _Session:
    session: _Session = st.session_state.setdefault(_SESSION, _Session())
    return session


@st.cache_resource(show_spinner=False)
def _queue() -> JobQueue[Any]:
    return JobQueue()
