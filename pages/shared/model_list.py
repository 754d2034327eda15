"""The list of models on the pages beside Triage: one that can't be opened says why, and the next one is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from atpatch_core import AtPatchError
from atpatch_core.wording.phrases import listed
from pages.shared import address
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject, open_subject, subject_folders

_REFUSED = "model_list_refused"  # by the widget's key: (what is shown instead, why)


def show_model_list(key: str, on_change: Callable[[], None] | None = None) -> OpenSubject | None:
    """The select box, and the model chosen in it, or else the next one that can be opened; why, is on the page.

    Args:
        key: The widget's key.
        on_change: Called when a person chooses another model.

    Returns:
        `None`, with the reason on the page, if there is no model that can be opened.
    """
    folders = subject_folders()
    if not folders:
        st.warning("There are no models here: build the samples, or name a folder in `ATPATCH_MODELS`.")
        return None
    names = list(folders)
    address.widget(key, lambda: address.subject(names), names)
    wanted: str = st.session_state[key]
    problems: dict[str, str] = {}
    opened = None
    for name in sorted(names, key=lambda name: name != wanted):
        try:
            opened = open_subject(folders[name])
        except AtPatchError as error:
            problems[name] = str(error)
        else:
            break
    if opened is None:
        st.selectbox("Model", names, key=key, on_change=on_change)
        for problem in problems.values():
            st.error(plain(problem), icon=":material/block:")
        return None
    refused: dict[str, tuple[str, str]] = st.session_state.setdefault(_REFUSED, {})
    if problems:
        st.session_state[key] = name
        refused[key] = (name, shown_instead(name, problems))
    st.selectbox("Model", names, key=key, on_change=on_change)
    shown, why = refused.get(key, ("", ""))
    if shown == st.session_state[key]:
        st.warning(plain(why), icon=":material/block:")
    else:
        refused.pop(key, None)
    return opened


def shown_instead(name: str, problems: Mapping[str, str]) -> str:
    """Why the model `name` is shown and none of those that were tried before it, which can't be opened.

    Args:
        problems: By the names of those, in the order in which they were tried, what is wrong with them.
    """
    (_, first), *others = problems.items()
    rest = [other for other, _ in others]
    too = f" {listed(rest)} can't be opened either." if rest else ""
    return f"{first}{too} Showing {name} instead."
