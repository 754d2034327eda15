"""Make an edited copy of the input on the page, and the way back to what it was made from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from atpatch_core import AtPatchError, Inspection
from atpatch_core.inspection.edits import drop_words, erase_patches, with_field
from atpatch_core.inspection.words import group_words
from atpatch_core.subjects.record import RecordAdapter
from atpatch_core.subjects.record_schema import NumberField
from atpatch_core.wording.phrases import unique
from atpatch_core.wording.verdict import answer
from pages.shared import address
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject, uploads
from pages.shared.triage_address import Seen, View
from pages.shared.upload_names import name_upload
from pages.triage import state

_KEYS = "edit_keys"
_FIELD = "edit_field"
_EDITED = ", edited"
_UNTIL_THEN = (
    "Until then, everything above is about the input as it is shown. That stays as it is, and becomes the reference to "
    "compare with."
)


def show_parent(view: View) -> None:
    """That this is an edited copy, and a button back to its original."""
    parent = view.parent
    if parent is None or view.upload is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="parent"):
        st.badge("Edited copy", icon=":material/edit:", color="violet")
        st.button("Back to the original", icon=":material/undo:", on_click=_back, args=(parent,))


def show_edit(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """Widgets for one edit of an image, a text or a record."""
    with st.expander("Edit this input: what if a part of it were not there?", icon=":material/edit:", key="edit"):
        kind = opened.subject.kind
        if view.parent is not None:
            st.success(
                plain(
                    f"This is an edited copy: the model answers {answer(inspection.original.prediction)}, with AtPatch "
                    f"{answer(inspection.patched.prediction)}. Above the maps it is compared with its original."
                ),
                icon=":material/edit:",
            )
        if kind == "record":
            _show_fields(opened, opened_input)
            return
        noun = "patches"
        if kind == "text":
            noun, inspection = "words", group_words(inspection)
        names = unique(inspection.layout.key_names)
        own = [key for key, special in enumerate(inspection.layout.special) if not special]
        flagged = sorted({column.key for column in inspection.flags.columns if column.key in own})
        key = f"{_KEYS}_{opened_input.digest[:16]}"
        if key not in st.session_state:
            st.session_state[key] = flagged
        st.multiselect(
            "Words to drop" if kind == "text" else "Patches to erase",
            own,
            format_func=lambda number: names[number],
            key=key,
            on_change=address.note_use,
            placeholder=f"Choose {noun}",
            help="Filled in with the flagged ones." if flagged else None,
        )
        st.button(
            "Look at the edited copy",
            icon=":material/search:",
            on_click=_cut_out,
            args=(opened, opened_input, inspection, key),
            disabled=not st.session_state[key],
        )
        st.caption(_UNTIL_THEN)


def _show_fields(opened: OpenSubject, opened_input: OpenInput) -> None:
    adapter = opened.subject.adapter
    assert isinstance(adapter, RecordAdapter)
    schema = adapter.schema
    protected = [protected.name for protected in schema.protected]
    order = [*protected, *(name for name in schema.names if name not in protected)]
    left, right = st.columns(2)
    name = left.selectbox("Field", order, key=_FIELD, on_change=address.note_use)
    field = next(field for field in schema.fields if field.name == name)
    key = f"edit_{opened_input.digest[:16]}_{name}"
    value: Any
    if isinstance(field, NumberField):
        value = right.number_input(
            "Value",
            field.minimum,
            field.maximum,
            int(opened_input.value[name]),
            step=1,
            key=key,
            on_change=address.note_use,
        )
    else:
        others = [category for category in field.categories if category != opened_input.value[name]]
        value = right.selectbox("Value instead", others, key=key, on_change=address.note_use)
    st.button(
        "Look at the edited copy",
        icon=":material/search:",
        on_click=_set_field,
        args=(opened, opened_input, name, value),
        disabled=value == opened_input.value[name],
    )
    st.caption(_UNTIL_THEN)


def _cut_out(opened: OpenSubject, opened_input: OpenInput, inspection: Inspection, key: str) -> None:
    cut = erase_patches if opened.subject.kind == "image" else drop_words
    try:
        _look_at(opened, opened_input, cut(opened_input.value, inspection.layout, st.session_state[key]))
    except AtPatchError as error:
        state.refuse(str(error))


def _set_field(opened: OpenSubject, opened_input: OpenInput, name: str, value: Any) -> None:
    adapter = opened.subject.adapter
    assert isinstance(adapter, RecordAdapter)
    try:
        _look_at(opened, opened_input, with_field(adapter.schema, opened_input.value, name, value))
    except AtPatchError as error:
        state.refuse(str(error))


def _look_at(opened: OpenSubject, opened_input: OpenInput, edited: Any) -> None:
    """The edited copy, with the original as reference; the map, the threshold and the switch stay."""
    view = state.settled_view()
    # A copy of a copy leads back to what a person brought, too.
    original = view.parent or view.seen
    name = f"{opened_input.title.removesuffix(_EDITED)}{_EDITED}"
    digest = uploads().put(opened.subject.write(edited), name)
    name_upload(digest, name)
    state.update(upload=digest, sample=None, columns=(), parent=original, reference=original)


def _back(parent: Seen) -> None:
    view = state.settled_view()
    reference = None if view.reference == parent else view.reference
    kept = replace(view, subject=parent.subject, sample=parent.sample, upload=parent.upload)
    state.update(
        subject=kept.subject, sample=kept.sample, upload=kept.upload, columns=(), parent=None, reference=reference
    )
