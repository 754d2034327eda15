"""The inputs behind a row of the results, each with a way into Triage."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from atpatch_core.evaluation.outcomes import class_name
from atpatch_core.evaluation.trial import Judged
from atpatch_core.wording.phrases import counted
from pages.evaluate.panels import chosen_group, selected_row
from pages.evaluate.wording import Words
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject
from pages.shared.triage_link import triage_link

_MOST_IMAGES, _MOST_ROWS = 12, 200
_SIDE = 112  # pixels on the screen


def show_behind(opened: OpenSubject, words: Words, outcomes: dict[str, list[Judged]]) -> None:
    """Choose what became of the inputs; see those that it became of."""
    sizes = {name: len(some) for name, some in outcomes.items()}
    some = outcomes[chosen_group("What became of them", sizes, "evaluate_cell")]
    if not some:
        st.markdown(words.nothing)
    elif opened.subject.kind == "image":
        _show_images(opened, some[:_MOST_IMAGES])
    else:
        _show_rows(opened, words, some[:_MOST_ROWS])
    most = _MOST_IMAGES if opened.subject.kind == "image" else _MOST_ROWS
    if len(some) > most:
        st.caption(f"The first {most} of {counted(len(some), words.one)}.")


def _show_images(opened: OpenSubject, some: Sequence[Judged]) -> None:
    with st.container(horizontal=True, gap="medium", key="evaluate_images_behind"):
        for judged in some:
            truth, before, after = _classes(opened, judged)
            with st.container(width=_SIDE + 40, gap="small"):
                image = judged.input
                shown = image.resize((_SIDE, _SIDE), 0) if max(image.size) < _SIDE else image
                st.image(shown, width=_SIDE, alt=f"An image of {truth}")
                flagged = " \u00b7 flagged" if judged.flagged else ""
                st.caption(f"{plain(truth)}: {plain(before)} \u2192 {plain(after)}{flagged}")
                triage_link(opened, image)


def _show_rows(opened: OpenSubject, words: Words, some: Sequence[Judged]) -> None:
    classes = [_classes(opened, judged) for judged in some]
    cells = {name: [row[number] for row in classes] for number, name in ((1, "before"), (2, "after"), (0, "true"))}
    if opened.subject.kind == "text":
        cells = {"text": [judged.input for judged in some], **cells}
    else:
        cells |= {name: [judged.input[name] for judged in some] for name in some[0].input}
    picked = selected_row(cells, "evaluate_rows_behind", height=320)
    if picked is not None:
        triage_link(opened, some[picked].input, f"Open this {words.one} in Triage")
    else:
        st.caption(f"Select a {words.one} to open {'them' if words.one == 'person' else 'it'} in Triage.")


def _classes(opened: OpenSubject, judged: Judged) -> tuple[str, str, str]:
    labels = opened.subject.labels
    return (
        labels[judged.truth],
        class_name(judged.before, labels),
        class_name(judged.after, labels),
    )
