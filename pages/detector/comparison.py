"""Two versions on the same inputs: who flags what the other does not, each with a way into Triage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from atpatch_core.figures.score_pairs import score_pairs
from atpatch_core.subjects import detector_versions as versions
from atpatch_core.versions.compare import Comparison, compare_scores
from atpatch_core.versions.held_out import HeldOut
from atpatch_core.wording.phrases import counted
from pages.detector import address
from pages.detector.resources import Version, inputs_to_judge_on, open_version, scores_of
from pages.shared.markdown import plain, quoted
from pages.shared.resources import OpenSubject
from pages.shared.triage_link import triage_link

_CONFIG = {"displayModeBar": False}
_NOBODY = "nobody"
_MOST = 8
_SIDE = 96  # pixels on the screen


def show_comparison(opened: OpenSubject, version: Version, data: str) -> None:
    """Choose another version, and see where the two differ."""
    names = [known.name for known in versions.list_versions(opened.subject.folder) if known.name != version.name]
    if not names:
        return
    st.divider()
    st.header(plain(f"{version.name} compared with another version"), anchor=False)
    options = [_NOBODY, *names]
    chosen = st.selectbox(
        "Compare with",
        options,
        key=address.choice("with", options, _NOBODY),
        format_func=lambda name: "no other version" if name == _NOBODY else name,
    )
    if chosen == _NOBODY:
        return
    other = open_version(opened, chosen)
    inputs = inputs_to_judge_on(opened, data, version, other)
    if not len(inputs):
        st.info("There is no input that neither of the two learnt from: label some more.", icon=":material/inbox:")
        return
    scores = np.stack([scores_of(opened, compared, inputs, data) for compared in (version, other)])
    found = compare_scores(scores, (version.detector, other.detector))
    _show_sentence(version.name, other.name, inputs, found)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.plotly_chart(
            score_pairs(
                scores,
                inputs.over_attended,
                inputs.titles,
                (version.name, other.name),
                (version.detector.threshold, other.detector.threshold),
            ),
            key="detector_pairs",
            config=_CONFIG,
            alt=f"Scores by {version.name} against scores by {other.name}.",
        )
        st.caption("Dotted: the two thresholds. Right of one and above the other, both flag.")
    with right:
        _show_inputs(opened, version, found.only_first, inputs)
        _show_inputs(opened, other, found.only_second, inputs)


def _show_sentence(first: str, second: str, inputs: HeldOut, found: Comparison) -> None:
    def rightly(numbers: Sequence[int]) -> str:
        right = int(inputs.over_attended[list(numbers)].sum()) if numbers else 0
        return f"**{len(numbers)}** ({right} rightly)" if numbers else "**0**"

    st.markdown(
        f"Of {counted(len(inputs), 'input')}, both flag {rightly(found.both)}, only {plain(first)} "
        f"{rightly(found.only_first)}, only {plain(second)} {rightly(found.only_second)}; neither flags "
        f"**{found.neither}**."
    )


def _show_inputs(opened: OpenSubject, flagged_by: Version, numbers: Sequence[int], inputs: HeldOut) -> None:
    """The inputs that only the version `flagged_by` flags, to be looked at in Triage with this one."""
    st.markdown(plain(f"Only {flagged_by.name} flags"))
    if not numbers:
        st.caption("Nothing that the other does not.")
        return
    with st.container(horizontal=True, gap="small"):
        for number in numbers[:_MOST]:
            with st.container(width=_SIDE + 64, gap="small"):
                _show_input(opened, inputs.inputs[number], inputs.titles[number], bool(inputs.over_attended[number]))
                triage_link(opened, inputs.inputs[number], detector=flagged_by.label)
    if len(numbers) > _MOST:
        st.caption(f"The first {_MOST} of {len(numbers)}.")


def _show_input(opened: OpenSubject, judged: Any, title: str, over_attended: bool) -> None:
    subject = opened.subject
    if subject.kind == "image":
        shown = judged.resize((_SIDE, _SIDE), 0) if max(judged.size) < _SIDE else judged
        st.image(shown, width=_SIDE, alt=title)
        st.caption(plain(title))
    else:
        text = judged if isinstance(judged, str) else ", ".join(f"{name} {value}" for name, value in judged.items())
        st.markdown(plain(quoted(text, 80)))
    st.caption("over-attended" if over_attended else "not over-attended")
