"""The sheet on which an input is judged: keys and clicks answer at once in the browser, answers arrive in batches.

Each batch holds every answer that was not yet confirmed as stored, and each answer a token of its own. So a batch may
be sent again, after a lost connection or a crash of the app, without anything being stored twice; until it is
confirmed, the browser keeps it. The inputs that come next are sent ahead of time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from atpatch_core import AtPatchError, Column
from atpatch_core.labels import ColumnVerdict, NewAnswer, Rest, State, Verdict
from pages.components.files import component_of

_MOST_ANSWERS = 500

_component = component_of(__file__, '<div class="sheet"></div>')


@dataclass(frozen=True)
class SentAnswers:
    """What the browser sent: `answers` to be saved, `refused` (token, why) that can't be, digest and token of
    every `skipped` input, and whose they are (`owner`).
    """

    owner: str
    answers: tuple[NewAnswer, ...]
    refused: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]


def label_sheet(key: str, data: dict[str, Any], on_actions: Callable[[], None]) -> None:
    """Show the sheet; `sent_answers` reads what was done on it."""
    _component(key=key, data=data, on_actions_change=on_actions)


def sent_answers(key: str, fingerprint: str, annotator: str) -> SentAnswers | None:
    """What the browser just sent about this subject, or `None`; for use in `on_actions`."""
    sent = getattr(st.session_state.get(key), "actions", None)
    if not isinstance(sent, dict):
        return None
    answers, refused = [], []
    given = sent.get("answers")
    for sent_answer in given[:_MOST_ANSWERS] if isinstance(given, list) else []:
        try:
            answers.append(_answer(sent_answer, fingerprint, annotator))
        except AtPatchError as error:
            refused.append((str(sent_answer.get("token")), str(error)))
        except (KeyError, TypeError, ValueError, AttributeError):
            token = sent_answer.get("token") if isinstance(sent_answer, dict) else None
            refused.append((str(token), "An answer could not be understood and was left out: judge its input again."))
    given = sent.get("skipped")
    skipped = tuple(
        (str(skip.get("digest")), str(skip.get("token")))
        for skip in (given[:_MOST_ANSWERS] if isinstance(given, list) else [])
        if isinstance(skip, dict)
    )
    return SentAnswers(str(sent.get("owner")), tuple(answers), tuple(refused), skipped)


def _answer(sent: Any, fingerprint: str, annotator: str) -> NewAnswer:
    verdicts = []
    for layer, head, key, verdict, score in sent["verdicts"]:
        column = Column(int(layer), int(head), int(key))
        verdicts.append(ColumnVerdict(column, Verdict(verdict), None if score is None else float(score)))
    detector, seen = sent["detector"], sent.get("seen")
    return NewAnswer(
        fingerprint=fingerprint,
        digest=str(sent["digest"]),
        annotator=annotator,
        state=State(sent["state"]),
        verdicts=tuple(verdicts),
        detector=None if detector is None else str(detector),
        token=str(sent["token"]),
        # What a browser kept from before this was asked says nothing about the rest.
        rest=Rest(sent.get("rest", Rest.UNJUDGED)),
        suggestion_seen=seen if isinstance(seen, bool) else None,
    )
