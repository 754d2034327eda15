"""The versions of a model's detector: which there are, which one is active, which one is looked at."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.errors import DetectorError
from atpatch_core.subjects import detector_versions as versions
from atpatch_core.subjects.detector_versions import DetectorVersion
from atpatch_core.versions.readiness import objections
from atpatch_core.wording.phrases import counted
from pages.detector import address
from pages.detector.readiness import SAID
from pages.detector.resources import Version, beside, open_version, readiness_of
from pages.shared.label_store import fingerprint_of
from pages.shared.markdown import plain
from pages.shared.model_list import show_model_list
from pages.shared.resources import OpenSubject

_ASKED_FOR = "detector_asked_for"  # the version that somebody wants to make active


def chosen_model() -> OpenSubject | None:
    """The select box, and the model chosen in it; `None`, with the reason on the page, if it can't be used."""
    return show_model_list(address.PREFIX + "subject")


def show_versions(opened: OpenSubject) -> None:
    """The table, and what can be done with the version chosen in it."""
    folder = opened.subject.folder
    found = versions.list_versions(folder)
    st.header("Versions", anchor=False)
    if not found:
        st.info("This model has no detector yet: train one.", icon=":material/inbox:")
        return
    names = [version.name for version in found]
    active = next((version.name for version in found if version.active), None)
    st.dataframe(
        {
            "version": [version.name for version in found],
            "state": ["active" if version.active else "" for version in found],
            "learnt from": [_origin(opened, version) for version in found],
            "made": [version.made[:10] or "\u2013" for version in found],
            "notes": [version.notes for version in found],
        },
        hide_index=True,
        height=min(38 + 35 * len(found), 290),
        column_config={
            "version": st.column_config.TextColumn(pinned=True),
            "notes": st.column_config.TextColumn(width="medium"),
        },
    )
    chosen = st.selectbox(
        "Version to look at",
        names,
        key=address.choice("version", names, active or names[0]),
        format_func=lambda name: f"{name} (active)" if name == active else name,
    )
    notes = next(version.notes for version in found if version.name == chosen)
    if notes:
        st.caption(plain(notes))
    before = versions.can_roll_back(folder)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Make active",
            icon=":material/play_circle:",
            disabled=chosen == active,
            help="From now on, Triage and the hot-fix use this version. If it was not judged, or does worse than the "
            "active one, you are asked first.",
            on_click=_ask_for,
            args=(chosen,),
        )
        st.button(
            "Roll back" if before is None else f"Roll back to {plain(before)}",
            icon=":material/undo:",
            disabled=before is None,
            help="Make the version active again that was active before this one.",
            on_click=_roll_back,
            args=(opened,),
        )
    _show_question(opened, chosen)
    said = st.session_state.pop(SAID, None)
    if said is not None:
        (st.error if said[0] else st.success)(
            plain(said[1]), icon=":material/block:" if said[0] else ":material/check_circle:"
        )


def chosen_version(opened: OpenSubject) -> Version | None:
    """The version chosen in the table, loaded; `None`, with the reason on the page, if it can't be."""
    name = st.session_state.get(f"{address.PREFIX}version")
    if not name or not versions.list_versions(opened.subject.folder):
        return None
    try:
        return open_version(opened, name)
    except DetectorError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return None


def _origin(opened: OpenSubject, version: DetectorVersion) -> str:
    try:
        history = open_version(opened, version.name).detector.history
    except DetectorError:
        return "damaged"
    found = []
    if history.get("pairs"):
        found.append(counted(int(history["pairs"]), "debugging pair"))
    if history.get("triggered_texts"):
        found.append(counted(int(history["triggered_texts"]), "triggered text"))
    if history.get("labelled_inputs"):
        found.append(counted(int(history["labelled_inputs"]), "labelled input"))
    return " and ".join(found)


def _ask_for(name: str | None) -> None:
    st.session_state[_ASKED_FOR] = name


def _show_question(opened: OpenSubject, chosen: str) -> None:
    """Make the version that was asked for active, or ask once more where something speaks against it."""
    name = st.session_state.get(_ASKED_FOR)
    if name is None or name != chosen:
        st.session_state[_ASKED_FOR] = None
        return
    try:
        against = _objections(opened, name)
    except AtPatchError as error:
        st.session_state[_ASKED_FOR], st.session_state[SAID] = None, (True, str(error))
        return
    if not against:
        _activate(opened, name)
        st.rerun()
    with st.container(border=True, key="detector_question"):
        st.warning(" ".join(map(plain, against)), icon=":material/warning:")
        st.markdown(f"Make **{plain(name)}** active all the same?")
        with st.container(horizontal=True):
            st.button("Make it active all the same", on_click=_activate, args=(opened, name))
            st.button("Leave it", type="primary", on_click=_ask_for, args=(None,))


def _objections(opened: OpenSubject, name: str) -> list[str]:
    """What speaks against making a version active. Raises `AtPatchError`."""
    version = open_version(opened, name)
    found, _ = readiness_of(opened, version)
    active = versions.active_version(opened.subject.folder)
    pair = None
    if active is not None and active != name and found.counts is not None:
        with suppress(DetectorError):  # the table says that the active one is damaged
            pair = beside(opened, version, open_version(opened, active))
    own, other = (found, None) if pair is None else pair
    return objections(own, version.detector.threshold, active, other)


def _activate(opened: OpenSubject, name: str) -> None:
    st.session_state[_ASKED_FOR] = None
    try:
        versions.activate(opened.subject.folder, name, fingerprint_of(opened))
        st.session_state[SAID] = (False, f"{name} is active now.")
    except DetectorError as error:
        st.session_state[SAID] = (True, str(error))


def _roll_back(opened: OpenSubject) -> None:
    try:
        name = versions.roll_back(opened.subject.folder, fingerprint_of(opened))
        st.session_state[SAID] = (False, f"Rolled back: {name} is active again.")
    except DetectorError as error:
        st.session_state[SAID] = (True, str(error))
