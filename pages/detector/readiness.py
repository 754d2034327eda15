"""How a version stands at its own threshold, and another threshold that would work, one click away."""

from __future__ import annotations

from itertools import count

import streamlit as st

from atpatch_core.errors import DetectorError
from atpatch_core.subjects.detector_versions import list_versions, save_version
from atpatch_core.versions.readiness import FEWEST, BetterThreshold, Readiness, Standing, with_threshold
from atpatch_core.wording.phrases import counted
from pages.detector import address
from pages.detector.resources import TEST, Version, readiness_of
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

SAID = "detector_said"  # (whether it is a problem, sentence), shown once below the versions


def show_readiness(opened: OpenSubject, version: Version, place: str, more: str = "") -> None:
    """Whether a version is ready, in a sentence with figures; `more` is said after it. Raises `AtPatchError`.

    `place` tells where on the page this is, as the same version may be shown twice.
    """
    found, data = readiness_of(opened, version)
    name = f"**{plain(version.name)}**"
    kind = "test inputs" if data == TEST else "labelled inputs that it did not learn from"
    if found.standing is Standing.NOT_JUDGED:
        why = (
            "it watches no layer, so it never flags anything"
            if not version.detector.watched
            else f"that takes at least {FEWEST} over-attended and {FEWEST} clean inputs that it did not learn from. "
            "Label some more, and it will be judged on them"
        )
        st.info(f"{name} is trained, but not judged yet: {why}.{more}", icon=":material/pending:")
    elif found.standing is Standing.READY:
        st.success(f"{name} is ready. {_figures(version, found, kind)}{more}", icon=":material/check_circle:")
    else:
        st.warning(
            f"{name} is trained, but not ready. {_figures(version, found, kind)}{more}", icon=":material/warning:"
        )
        _offer_threshold(opened, version, found, kind, place)


def _figures(version: Version, found: Readiness, kind: str) -> str:
    assert found.counts is not None  # it was judged
    own = found.counts
    return (
        f"At its own threshold, {version.detector.threshold:.4f}, it finds {own.found} of {own.found + own.missed} "
        f"over-attended {kind} and flags {own.false_alarms} of {own.false_alarms + own.left_alone} others."
    )


def _offer_threshold(opened: OpenSubject, version: Version, found: Readiness, kind: str, place: str) -> None:
    better = found.better
    if better is None:
        st.caption("No other threshold was found that would work: label more inputs, or add a debugging set.")
        return
    own = better.counts
    st.markdown(
        f"The threshold **{better.threshold:.4f}** would work: chosen on one half of the {kind}, it finds {own.found} "
        f"of {own.found + own.missed} in the other half and flags {own.false_alarms} of "
        f"{own.false_alarms + own.left_alone} others there."
    )
    st.button(
        f"Make a version with the threshold {better.threshold:.4f}",
        key=f"detector_better_{place}",
        icon=":material/tune:",
        help="A new version beside this one. It is judged on the half that did not choose the threshold.",
        on_click=_use_threshold,
        args=(opened, version, better),
    )


def _use_threshold(opened: OpenSubject, version: Version, better: BetterThreshold) -> None:
    folder = opened.subject.folder
    taken = {version.name for version in list_versions(folder)}
    base = version.name[:40]
    name = next(
        name
        for name in (f"{base}-threshold{'' if number == 1 else f'-{number}'}" for number in count(1))
        if name not in taken
    )
    notes = (
        f"{version.name} with the threshold {better.threshold:.4f} instead of {version.detector.threshold:.4f}, chosen "
        f"on {counted(len(better.chosen_on), 'held-out input')}."
    )
    try:
        save_version(with_threshold(version.detector, better), folder, name, notes)
    except DetectorError as error:
        st.session_state[SAID] = (True, str(error))
        return
    address.choose("version", name)
    st.session_state[SAID] = (False, f"{name} is a version now, and not active yet.")
