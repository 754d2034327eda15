"""A question at the end of a step, to check oneself."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Question:
    """A question, its answers (the right one is number `right`), and why it is right. Markdown, written by us."""

    asked: str
    answers: tuple[str, ...]
    right: int
    because: str


def show_question(question: Question, key: str) -> None:
    """A button that opens the question; each answer is told whether it is right, and why."""
    with st.popover("Check yourself", icon=":material/quiz:"):
        numbers = range(len(question.answers))
        chosen = st.radio(question.asked, numbers, index=None, key=key, format_func=question.answers.__getitem__)
        if chosen == question.right:
            st.success(f"Right. {question.because}", icon=":material/check:")
        elif chosen is not None:
            st.warning("Not quite: try another one.", icon=":material/replay:")
