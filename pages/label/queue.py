"""One annotator's queue: the sheet, what arrives from it, and how far the work is."""

from __future__ import annotations

from typing import Any

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.errors import LabelError
from atpatch_core.labels import LabelStore, QueueEntry, Rest, State
from atpatch_core.labels.database import StoreUnavailableError
from atpatch_core.wording.phrases import counted
from pages.components.label_sheet.label_sheet import label_sheet, sent_answers
from pages.label.choice import close_input, opened_input, typed_name
from pages.label.sheet_data import sheet_data
from pages.shared.address import note_unknown_parameter
from pages.shared.label_store import fingerprint_of, label_store
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

AHEAD = 3
_SHEET = "label_sheet"
_SETTLED = "label_settled"
_REFUSED = "label_refused"
_SKIPPED = "label_skipped"
_PROBLEM = "label_problem"
_MOST_REMEMBERED = 1_000


def show_queue(opened: OpenSubject, annotator: str, hide: bool) -> bool:
    """The sheet of the first open input of `annotator`, with the next ones behind it; whether there is anything queued.

    The input that a link asks for comes first. `hide`: what the detector suggests shows only once an input is answered.
    Not a fragment: a restarted app knows none, and would never take what an open page still has to send.
    """
    try:
        store = label_store()
        fingerprint = fingerprint_of(opened)
        queue = store.queue(fingerprint, annotator, opened.subject.version)
        answered = sum(entry.state in (State.SUBMITTED, State.DISCARDED) for entry in queue)
        _show_progress(queue, answered)
        problem = st.session_state.pop(_PROBLEM, None)
        if problem is not None:
            st.error(plain(problem), icon=":material/cloud_off:")
        if not queue:
            return False
        asked = opened_input()
        if asked and asked not in {entry.item.digest for entry in queue}:
            note_unknown_parameter("input", asked[:12], "showing what is open")
            close_input(asked)
            asked = ""
        items = _items(opened, store, fingerprint, annotator, queue, asked)
    except LabelError as error:
        st.error(plain(str(error)), icon=":material/cloud_off:")
        return True
    data = {
        "owner": f"{fingerprint} {annotator}",
        "annotator": annotator,
        "typed": typed_name(),
        "hide": hide,
        "opened": asked,
        "items": items,
        "open": len(queue) - answered,
        "done": "Everything here is answered. Send more to labelling below.",
        "acked": st.session_state.get(_SETTLED, [])[-_MOST_REMEMBERED:],
        "refused": st.session_state.get(_REFUSED, [])[-_MOST_REMEMBERED:],
    }
    label_sheet(_SHEET, data, lambda: _take(opened, annotator))
    return True


def _show_progress(queue: tuple[QueueEntry, ...], answered: int) -> None:
    if not queue:
        st.info(
            "Nothing is queued for this model yet: send inputs to labelling below, or from Triage.",
            icon=":material/inbox:",
        )
        return
    drafts = sum(entry.state is State.DRAFT for entry in queue)
    others = sum(entry.answers > (entry.state is State.SUBMITTED) for entry in queue)
    text = f"You have answered **{answered} of {counted(len(queue), 'input')}**"
    text += f" \u00b7 {counted(drafts, 'draft')}" if drafts else ""
    text += f" \u00b7 others have answered {others}" if others else ""
    st.progress(answered / len(queue), text=text)


def _items(
    opened: OpenSubject,
    store: LabelStore,
    fingerprint: str,
    annotator: str,
    queue: tuple[QueueEntry, ...],
    asked: str,
) -> list[dict[str, Any]]:
    """The input `asked` for, then the next open ones; what was skipped comes back once nothing else is open."""
    still_open = [entry for entry in queue if entry.state in (None, State.DRAFT)]
    skipped: set[str] = st.session_state.setdefault(_SKIPPED, set())
    ahead = [entry for entry in still_open if entry.item.digest not in skipped]
    if still_open and not ahead:
        skipped.clear()
        ahead = still_open
    first = [entry for entry in queue if entry.item.digest == asked]
    ahead = [*first, *(entry for entry in ahead if entry.item.digest != asked)]
    items: list[dict[str, Any]] = []
    unreadable = 0
    for entry in ahead:
        if len(items) == AHEAD:
            break
        item = entry.item
        content = store.content(item.digest)
        if content is None:
            continue
        detector = opened.subject.version
        suggestion = None if detector is None else store.suggestion(fingerprint, item.digest, detector)
        try:
            sheet = sheet_data(opened, content, item.digest, suggestion)
        except AtPatchError:
            unreadable += 1
            continue
        mine = store.current(fingerprint, item.digest, annotator)
        verdicts = [] if mine is None else mine.verdicts
        items.append(
            sheet
            | {
                "digest": item.digest,
                "title": item.title,
                "source": item.source,
                "state": None if mine is None else mine.state.value,
                "rest": Rest.UNJUDGED.value if mine is None else mine.rest.value,
                "seen": None if mine is None else mine.suggestion_seen,
                "verdicts": [
                    [said.column.layer, said.column.head, said.column.key, said.verdict.value, said.score]
                    for said in verdicts
                ],
            }
        )
    if unreadable:
        st.warning(f"This model can't read {counted(unreadable, 'input')}: passed over.")
    return items


def _take(opened: OpenSubject, annotator: str) -> None:
    """Save what the sheet sent; only what is on disk is confirmed to it."""
    fingerprint = fingerprint_of(opened)
    sent = sent_answers(_SHEET, fingerprint, annotator)
    # What was sent for another annotator stays in the browser until that one is back.
    if sent is None or sent.owner != f"{fingerprint} {annotator}":
        return
    settled: list[str] = st.session_state.setdefault(_SETTLED, [])
    refused: list[tuple[str, str]] = st.session_state.setdefault(_REFUSED, [])
    refused += sent.refused
    for digest, token in sent.skipped:
        if token not in settled:
            st.session_state.setdefault(_SKIPPED, set()).add(digest)
            settled.append(token)
            close_input(digest)
    for answer in sent.answers:
        if answer.token in settled:
            continue
        try:
            label_store().save(answer)
            settled.append(answer.token)
            if answer.state is not State.DRAFT:
                close_input(answer.digest)
        except StoreUnavailableError as error:
            st.session_state[_PROBLEM] = f"{error} Your answers stay in this browser and are sent again."
            return
        except LabelError as error:
            refused.append((answer.token, str(error)))
    del settled[:-_MOST_REMEMBERED], refused[:-_MOST_REMEMBERED]
