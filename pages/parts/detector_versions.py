"""The versions of a model's detector: which there are, which one is active, which one is looked at."""

from __future__ import annotations

import streamlit as st

from atpatch_core.errors import DetectorError
from atpatch_core.figures.wording import counted
from atpatch_core.versions import folder as versions
from atpatch_core.versions.folder import DetectorVersion

from . import detector_address as address
from .address import usual_subject
from .detector_resources import Version, open_version
from .label_resources import fingerprint_of
from .model_list import show_model_list
from .resources import OpenSubject
from .text import plain

_SAID = "detector_said"


def chosen_model() -> OpenSubject | None:
    """The select box, and the model chosen in it; `None`, with the reason on the page, if it can't be used."""
    return show_model_list(lambda names: address.choice("subject", names, usual_subject(names)))


def show_versions(opened: OpenSubject) -> None:
    """The table, and what can be done with the version chosen in it."""
    folder = opened.subject.folder
    found = versions.list_versions(folder)
    st.header("Versions", anchor=False)
    if not found:
        st.info("This model has no detector yet: train one.", icon=":material/inbox:")
        return
    names = [one.name for one in found]
    active = next((one.name for one in found if one.active), None)
    st.dataframe(
        {
            "version": [one.name for one in found],
            "state": ["active" if one.active else "" for one in found],
            "learnt from": [_origin(opened, one) for one in found],
            "made": [one.made[:10] or "\u2013" for one in found],
            "notes": [one.notes for one in found],
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
    notes = next(one.notes for one in found if one.name == chosen)
    if notes:
        st.caption(plain(notes))
    before = versions.can_roll_back(folder)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Make active",
            icon=":material/play_circle:",
            disabled=chosen == active,
            help="From now on, Triage and the hot-fix use this version.",
            on_click=_activate,
            args=(opened, chosen),
        )
        st.button(
            "Roll back" if before is None else f"Roll back to {plain(before)}",
            icon=":material/undo:",
            disabled=before is None,
            help="Make the version active that was so before the present one.",
            on_click=_roll_back,
            args=(opened,),
        )
    said = st.session_state.pop(_SAID, None)
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


def _origin(opened: OpenSubject, one: DetectorVersion) -> str:
    try:
        history = open_version(opened, one.name).detector.history
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


def _activate(opened: OpenSubject, name: str) -> None:
    try:
        versions.activate(opened.subject.folder, name, fingerprint_of(opened))
        st.session_state[_SAID] = (False, f"{name} is active now.")
    except DetectorError as error:
        st.session_state[_SAID] = (True, str(error))


def _roll_back(opened: OpenSubject) -> None:
    try:
        name = versions.roll_back(opened.subject.folder, fingerprint_of(opened))
        st.session_state[_SAID] = (False, f"Rolled back: {name} is active again.")
    except DetectorError as error:
        st.session_state[_SAID] = (True, str(error))
