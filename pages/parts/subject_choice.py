"""Which model is under debugging."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from atpatch_core import AtPatchError

from . import state
from .resources import OpenSubject, models_folder, open_subject, subject_folders
from .text import plain, quoted
from .view import View

_KEY = "subject_choice"


def opened_subject(view: View) -> OpenSubject | None:
    """The subject of `view`, or the first that can be loaded; `None`, with the reason on the page, if there is none.

    Whatever was wrong with the one asked for becomes a notice.
    """
    folders = subject_folders()
    if not folders:
        st.warning(
            f"There are no models in {plain(str(models_folder()))}: build the samples with "
            "`python -m atpatch_core samples build`, or name another folder in `ATPATCH_MODELS`.",
            icon=":material/folder_off:",
        )
        return None
    names = list(folders)
    if view.subject in folders:
        names.sort(key=lambda name: name != view.subject)
    problems = []
    for name in names:
        try:
            opened = open_subject(folders[name])
        except AtPatchError as error:
            problems.append(str(error))
            continue
        _explain(view, name, problems)
        return opened
    for problem in problems:
        st.error(plain(problem), icon=":material/block:")
    return None


def show_subject_choice(view: View) -> None:
    """The select box."""
    st.selectbox("Model", list(subject_folders()), key=state.bound(_KEY, view.subject), on_change=_choose)


def show_summary(opened: OpenSubject) -> None:
    """What the model does, if its card says so."""
    if opened.subject.summary:
        st.caption(plain(opened.subject.summary))


def _explain(view: View, name: str, problems: list[str]) -> None:
    if view.subject in (None, name):
        state.settle(replace(view, subject=name))
        return
    # What was chosen for another model means nothing for this one.
    kept = View(subject=name, sample=view.sample, upload=view.upload, patch=view.patch, hide_special=view.hide_special)
    reason = problems[0] if problems else f"There is no model {quoted(view.subject or '')} here."
    state.settle(kept, f"{reason} Showing {name} instead.")


def _choose() -> None:
    name = st.session_state[_KEY]
    view = state.settled_view()
    try:
        folders = subject_folders()
        opened = open_subject(folders[name])
        same_kind = view.subject in folders and open_subject(folders[view.subject]).subject.kind == opened.subject.kind
    except KeyError:
        state.refuse(f"The model {name} is no longer there: choose another one.")
    except AtPatchError as error:
        state.refuse(str(error))
    else:
        # What was looked at with a model for pictures means nothing to one for texts.
        kept = view if same_kind else View()
        state.update(
            subject=name,
            sample=kept.sample,
            upload=kept.upload,
            layer=None,
            head=None,
            threshold=None,
            columns=(),
            reference=kept.reference,
            parent=kept.parent,
        )
