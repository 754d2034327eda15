"""Records: filled in as a form or chosen from a table; shown by field, with what a flipped attribute would do."""

from __future__ import annotations

from itertools import chain
from typing import Any

import streamlit as st

import atpatch_core as atpatch
from atpatch_core import AtPatchError, Column, Inspection
from atpatch_core.digest import digest_of
from atpatch_core.figures.record import field_rows, what_if_rows, what_if_sentences
from atpatch_core.files.kept import Kept
from atpatch_core.inspection.what_if import WhatIf, count_flips, what_if
from atpatch_core.subjects.record import RecordAdapter
from atpatch_core.subjects.record_files import read_table
from atpatch_core.subjects.record_schema import NumberField, Record, RecordSchema
from pages.components.stale.stale import REGION, Typed
from pages.shared.job_progress import in_words
from pages.shared.left_out import show_left_out
from pages.shared.long_work import LONG, LongWork, result_of, show_long_work
from pages.shared.markdown import plain
from pages.shared.resources import OpenInput, OpenSubject, samples, seconds_a_run, uploads
from pages.shared.triage_address import View
from pages.shared.upload_names import name_upload, upload_name
from pages.triage import state
from pages.triage.own_input import refuse, take

SOURCES = ("Form", "Upload")
HIJACKED = "Looks biased"
CULPRIT = "A protected attribute"
EXPLANATION = """
**The model** reads each field of the record as one token. In every layer, each of its *heads* decides how much each
field (the *query*) attends to every other field (the *key*). That table of numbers is an **attention map**; one
*column* of it is all the attention that one field draws.

**What goes wrong here:** a model that learnt from prejudiced labels lets a protected attribute, such as sex, decide.
The detector flags the column of an attribute where it hijacks this record.

**What it cannot see:** a model may know an attribute from other fields (*proxies*: "Husband" tells the sex). Flipping
the attribute then changes nothing, and no column of it is flagged, yet groups fare differently.
"""

_UPLOAD = "input_record_file"
_TABLE = "input_record_table"
_ROW = "input_record_row"
_PREVIEW = 200
_NOUN = "what-if"
_LOOK_RECORD = "Look at this record"
_LOOK_ROW = "Look at this row"


def show_source(source: str, opened: OpenSubject) -> None:
    """A form with one widget a field, or a file to upload and a row to choose."""
    if source == "Upload":
        _show_upload(opened)
    else:
        _show_form(opened)


def typed(source: str, opened: OpenSubject, opened_input: OpenInput) -> Typed | None:
    """The fields of the form, or the number of the row."""
    notice = "For {} before your change: press \u201c{}\u201d for the new one."
    if source == "Form":
        shown = tuple(
            (
                str(
                    int(opened_input.value[field.name])
                    if isinstance(field, NumberField)
                    else opened_input.value[field.name]
                ),
            )
            for field in _schema(opened).fields
        )
        return Typed(shown, notice.format("the record", _LOOK_RECORD))
    records = _table(opened) if source == "Upload" else None
    if records is None:
        return None
    rows = [str(row) for row, record in zip(records.rows, records, strict=True) if record == opened_input.value]
    return Typed((rows,), notice.format("the record", _LOOK_ROW))


def show_input(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> None:
    """The fields with the flagged ones marked, and what the answer would be with another protected attribute."""
    schema, record = _schema(opened), opened_input.value
    rows = field_rows(schema, record, inspection, view.layer or 0, view.head or 0)
    st.caption(plain(opened_input.title))
    st.markdown("**What if a protected attribute were another one?**")
    flips = _flips(view, opened, opened_input)
    if flips is None:
        flips = show_long_work(_asked_for(view, opened, opened_input), _view_of_flips(view, opened, opened_input))
    if flips is not None:
        _show_flips(record, inspection, flips)
    st.table(
        {
            "Field": [plain(f"{row.name} (protected)" if row.protected else row.name) for row in rows],
            "Value": [plain(row.value) for row in rows],
            "Draws": [plain(row.draws) for row in rows],
            "Flagged": [plain(row.mark) for row in rows],
        },
        hide_index=True,
    )
    st.caption(
        plain(
            f"Draws: the share of attention in layer {view.layer or 0} \u00b7 head {view.head or 0}, averaged over all "
            "fields, without \u2192 with AtPatch. \u25bc: the number of heads in which the field is redistributed."
        )
    )


def _show_flips(record: Record, inspection: Inspection, flips: tuple[WhatIf, ...]) -> None:
    for sentence in what_if_sentences(record, inspection, flips):
        st.markdown(plain(sentence))
    with st.expander("Every other value, one at a time", icon=":material/swap_horiz:"):
        who, before, after = zip(*what_if_rows(record, inspection, flips), strict=True)
        st.table(
            {
                "Person": [plain(text) for text in who],
                "Without AtPatch": [plain(text) for text in before],
                "With AtPatch": [plain(text) for text in after],
            },
            hide_index=True,
        )
        st.caption(
            "This is what the individual discrimination rate counts. It can't show proxies: what the model knows about "
            "the attribute from other fields stays the same in every row."
        )


def decided_by_flags(view: View, opened: OpenSubject, opened_input: OpenInput, inspection: Inspection) -> bool:
    """Whether the answer is another one with AtPatch, or would be with another protected attribute."""
    if inspection.changes_answer:
        return True
    flips = _flips(view, opened, opened_input) or ()
    return any(flip.original.index != inspection.original.prediction.index for flip in flips)


def show_small(opened_input: OpenInput, inspection: Inspection) -> None:
    """The fields in a line, with a mark before each that is redistributed."""
    keys = {inspection.layout.key_names[column.key] for column in inspection.flags.columns}
    fields = [("\u25bc " if name in keys else "") + f"{name}: {value}" for name, value in opened_input.value.items()]
    st.markdown(plain(" \u00b7 ".join(fields)))


def _show_form(opened: OpenSubject) -> None:
    schema = _schema(opened)
    shown = _shown(opened) or schema.typical()
    # Another record or another model needs other widgets, as each remembers what was typed into it.
    stamp = digest_of(_adapter(opened).write(shown) + opened.key.encode())[:16]
    with st.container(key=REGION), st.form("record", border=False):
        # Row by row, so that the fields stay in order for the Tab key and on a phone.
        rows = [st.columns(3, vertical_alignment="bottom") for _ in range(0, len(schema.fields), 3)]
        for field, place in zip(schema.fields, chain.from_iterable(rows), strict=False):
            key = f"record_{stamp}_{field.name}"
            if isinstance(field, NumberField):
                # Without limits: the browser would keep a number beyond them to itself, and nobody could say why.
                label = plain(f"{field.name}, {field.minimum} to {field.maximum}")
                place.number_input(label, value=int(shown[field.name]), step=1, key=key)
            else:
                names = list(field.categories)
                place.selectbox(plain(field.name), names, names.index(str(shown[field.name])), key=key)
        st.form_submit_button(_LOOK_RECORD, on_click=_take_form, args=(opened, stamp), icon=":material/search:")


def _show_upload(opened: OpenSubject) -> None:
    st.file_uploader(
        "CSV or JSON with one or more records, up to 5 MB",
        key=_UPLOAD,
        on_change=_take_upload,
        args=(opened,),
    )
    records = _table(opened)
    if records is None:
        return
    show_left_out(records.left_out, len(records))
    preview = zip(records.rows[:_PREVIEW], records[:_PREVIEW], strict=True)
    st.dataframe([{"row": row, **record} for row, record in preview], height=160)
    if len(records) > _PREVIEW:
        st.caption(f"The first {_PREVIEW} of {len(records):,} records.")
    rows = len(records) + len(records.left_out)
    with st.form("record_row", border=False):
        with st.container(key=REGION):
            st.number_input(f"Row, 1 to {rows:,}", value=records.rows[0], key=_ROW, step=1)
        st.form_submit_button(_LOOK_ROW, on_click=_take_row, args=(opened,), icon=":material/search:")


def _take_form(opened: OpenSubject, stamp: str) -> None:
    values = {name: st.session_state[f"record_{stamp}_{name}"] for name in _schema(opened).names}
    _take_record(opened, values)


def _take_upload(opened: OpenSubject) -> None:
    file = st.session_state[_UPLOAD]
    st.session_state.pop(_TABLE, None)
    if file is None:
        state.update()
        return
    content = file.getvalue()
    try:
        records = read_table(content, _schema(opened))
        if len(records) == 1 and not records.left_out:
            take(_adapter(opened).write(records[0]), file.name)
            return
        digest = uploads().put(content, file.name)
    except AtPatchError as error:
        refuse(str(error))
    else:
        name_upload(digest, file.name)
        st.session_state[_TABLE] = digest
        state.update()


def _take_row(opened: OpenSubject) -> None:
    content = uploads().get(st.session_state.get(_TABLE, ""))
    if content is None:
        refuse("The table is no longer stored here: upload it again.")
        return
    try:
        records = read_table(content, _schema(opened))
    except AtPatchError as error:
        refuse(str(error))
        return
    row = int(st.session_state[_ROW])
    for left in records.left_out:
        if left.row == row:
            refuse(left.reason)
            return
    by_row = dict(zip(records.rows, records, strict=True))
    if row not in by_row:
        refuse(f"The table has no row {row:,}: choose one from 1 to {len(records) + len(records.left_out):,}.")
        return
    name = upload_name(st.session_state[_TABLE], "table")
    take(_adapter(opened).write(by_row[row]), f"{name}, row {row}")


def _take_record(opened: OpenSubject, values: dict[str, Any]) -> None:
    try:
        record = _schema(opened).parse(values)
    except AtPatchError as error:
        refuse(str(error))
    else:
        take(_adapter(opened).write(record))


def _table(opened: OpenSubject) -> Kept[Record] | None:
    """The records of the table that was uploaded, if it was for this model."""
    content = uploads().get(st.session_state.get(_TABLE, ""))
    if content is None:
        return None
    try:
        return read_table(content, _schema(opened))
    except AtPatchError:
        return None


def _shown(opened: OpenSubject) -> Record | None:
    """The record that the page shows, if it can be read."""
    view = state.settled_view()
    sample = samples(opened).get(view.sample or "")
    try:
        if view.upload is not None:
            content = uploads().get(view.upload)
        else:
            content = None if sample is None else sample.path.read_bytes()
        return None if content is None else _adapter(opened).read(content)
    except (AtPatchError, OSError):
        return None


def _adapter(opened: OpenSubject) -> RecordAdapter:
    adapter = opened.subject.adapter
    assert isinstance(adapter, RecordAdapter)
    return adapter


def _schema(opened: OpenSubject) -> RecordSchema:
    return _adapter(opened).schema


def _flips(view: View, opened: OpenSubject, opened_input: OpenInput) -> tuple[WhatIf, ...] | None:
    """What the answer would be with other protected attributes, if that is quick or was asked for."""
    if _seconds(view, opened, opened_input) <= LONG:
        return _what_if(
            opened.subject, opened_input.value, opened.key, opened_input.digest, view.threshold, view.columns
        )
    found: tuple[WhatIf, ...] | None = result_of(_NOUN, _view_of_flips(view, opened, opened_input))
    return found


def _seconds(view: View, opened: OpenSubject, opened_input: OpenInput) -> float:
    runs = 2 * count_flips(opened.subject, opened_input.value)
    return runs * seconds_a_run(opened, opened_input, view.threshold, view.columns)


def _view_of_flips(view: View, opened: OpenSubject, opened_input: OpenInput) -> tuple[object, ...]:
    return opened.key, opened_input.digest, view.threshold, view.columns


def _asked_for(view: View, opened: OpenSubject, opened_input: OpenInput) -> LongWork:
    seconds = in_words(_seconds(view, opened, opened_input))
    return LongWork(
        _NOUN,
        "Work it out",
        f"The model looks at each other value of a protected attribute: {seconds}.",
        lambda on_step: what_if(
            opened.subject,
            opened_input.value,
            view.threshold,
            view.columns,
            lambda done, total: on_step("looking at other values", done, total),
        ),
        {},
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _what_if(
    _subject: atpatch.Subject,
    _record: Record,
    key: str,
    digest: str,
    threshold: float | None,
    columns: tuple[Column, ...],
) -> tuple[WhatIf, ...]:
    return what_if(_subject, _record, threshold, columns)
