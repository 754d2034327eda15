"""The pictures behind a figure of the comparison, each with a way into Triage."""

from __future__ import annotations

import streamlit as st

from atpatch_core.evaluation.comparison import CLEAN, Comparison
from atpatch_core.evaluation.outcomes import Judged, behind, class_name, outcomes
from atpatch_core.wording.phrases import counted
from pages.evaluate.panels import chosen_group
from pages.evaluate.settings import Settings
from pages.shared.markdown import plain
from pages.shared.triage_link import triage_link

_MOST = 12
_SIDE = 112  # pixels on the screen


def show_inputs(settings: Settings, comparison: Comparison, defence: str, attack: str) -> None:
    """Choose what became of the inputs; see those that it became of."""
    detects = comparison.answers[defence][CLEAN].scores is not None
    names = {f"attacked: {one}": (attack, one) for one in outcomes(attack, detects)}
    names |= {f"clean: {one}": (CLEAN, one) for one in outcomes(CLEAN, detects)}
    found = {name: behind(comparison, defence, *where) for name, where in names.items()}
    sizes = {name: len(some) for name, some in found.items()}
    some = found[chosen_group("What became of them", sizes, "evaluate_cell")]
    if not some:
        st.markdown("No picture: nothing of the kind happened.")
        return
    with st.container(horizontal=True, gap="medium", key="evaluate_pictures_behind"):
        for one in some[:_MOST]:
            _show(settings, one)
    if len(some) > _MOST:
        st.caption(f"The first {_MOST} of {counted(len(some), 'picture')}.")


def _show(settings: Settings, one: Judged) -> None:
    subject = settings.opened.subject
    truth, before, after = (class_name(answer, subject.labels) for answer in (one.truth, one.before, one.after))
    with st.container(width=_SIDE + 40, gap="small"):
        shown = one.picture.resize((_SIDE, _SIDE), 0) if max(one.picture.size) < _SIDE else one.picture
        st.image(shown, width=_SIDE, alt=f"A picture of {truth}")
        st.caption(
            f"{plain(truth)}: {plain(before)} \u2192 {plain(after)}" + (" \u00b7 flagged" if one.flagged else "")
        )
        triage_link(settings.opened, one.picture)
