"""Which model is under debugging."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.errors import DetectorError
from atpatch_core.subjects.detector_versions import active_version, name_in
from atpatch_core.subjects.loading import kind_in
from pages.shared.folders import models_folder
from pages.shared.markdown import plain, quoted
from pages.shared.model_list import shown_instead
from pages.shared.resources import OpenSubject, open_subject, subject_folders
from pages.shared.triage_address import View
from pages.triage import state

_KEY = "subject_choice"
_INPUTS = "subject_choice_inputs"  # by kind, the last view with an input of it


def opened_subject(view: View) -> OpenSubject | None:
    """The subject of `view`, or the first that can be loaded; `None`, with the reason on the page, if there is none.

    Whatever was wrong with the one asked for becomes a notice.
    """
    folders = subject_folders()
    if not folders:
        st.warning(
            f"There are no models in {plain(str(models_folder()))}: build the samples with "
            "`python -m sample_models build`, or name another folder in `ATPATCH_MODELS`.",
            icon=":material/folder_off:",
        )
        return None
    names = list(folders)
    if view.subject in folders:
        names.sort(key=lambda name: name != view.subject)
    problems: dict[str, str] = {}
    for name in names:
        try:
            opened = _open(view, name, folders[name])
        except AtPatchError as error:
            problems[name] = str(error)
            continue
        _explain(state.settled_view(), name, problems)
        return opened
    for problem in problems.values():
        st.error(plain(problem), icon=":material/block:")
    return None


def show_subject_choice(view: View) -> None:
    """The select box."""
    st.selectbox("Model", list(subject_folders()), key=state.bound(_KEY, view.subject), on_change=_choose)


def show_summary(opened: OpenSubject) -> None:
    """What the model does, if its card says so."""
    if opened.subject.summary:
        st.caption(plain(opened.subject.summary))


def show_detector_version(view: View, opened: OpenSubject) -> None:
    """That a link asks for another detector than the active one, where it does, and the way to the active one."""
    if view.detector is not None:
        name, _, digits = view.detector.partition(" ")
        st.warning(
            plain(
                f'This link was made with the detector "{name}" ({digits}), and shows what that one finds. The active '
                f'detector is "{active_version(opened.subject.folder)}".'
            ),
            icon=":material/history:",
        )
        st.button("Use the active detector", on_click=_follow_active, icon=":material/update:")


def _open(view: View, name: str, folder: Path) -> OpenSubject:
    """The subject with the detector that the view asks for, or else with the active one. Raises `AtPatchError`."""
    if view.detector is None or name != view.subject:
        return open_subject(folder)
    version = name_in(view.detector)
    with suppress(DetectorError):
        opened = open_subject(folder, version)
        # With digits, the same name is not enough: a model may come with a detector that was made again.
        if view.detector in (version, opened.subject.version):
            state.settle(replace(view, detector=None if version == active_version(folder) else opened.subject.version))
            return opened
    notice = f"The detector that the link asks for, {quoted(view.detector)}, is not here: showing the active one."
    opened = open_subject(folder)
    state.settle(replace(view, detector=None), notice)
    return opened


def _follow_active() -> None:
    state.update(detector=None)


def _explain(view: View, name: str, problems: dict[str, str]) -> None:
    if view.subject is None and problems:
        state.settle(replace(view, subject=name), shown_instead(name, problems))
        return
    if view.subject in (None, name):
        state.settle(replace(view, subject=name))
        return
    # What was chosen for another model means nothing for this one.
    kept = View(subject=name, sample=view.sample, upload=view.upload, patch=view.patch, hide_special=view.hide_special)
    missing = {} if view.subject in problems else {"": f"There is no model {quoted(view.subject or '')} here."}
    state.settle(kept, shown_instead(name, missing | problems))


def _choose() -> None:
    name = st.session_state[_KEY]
    view = state.settled_view()
    try:
        folders = subject_folders()
        opened = open_subject(folders[name])
        kind_before = kind_in(folders[view.subject]) if view.subject in folders else None
    except KeyError:
        state.refuse(f"The model {name} is no longer there: choose another one.")
    except AtPatchError as error:
        state.refuse(str(error))
    else:
        # What was looked at with a model for images means nothing to one for texts, but is there again afterwards.
        inputs: dict[str, View] = st.session_state.setdefault(_INPUTS, {})
        if kind_before is not None:
            inputs[kind_before] = view
        kept = inputs.get(opened.subject.kind, View())
        state.update(
            subject=name,
            sample=kept.sample,
            upload=kept.upload,
            layer=None,
            head=None,
            threshold=None,
            columns=(),
            detector=None,
            reference=view.reference,
            parent=kept.parent,
        )
