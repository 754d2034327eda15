"""Step 7: the same repair on a record, where a protected attribute draws too much attention."""

from __future__ import annotations

import streamlit as st

from atpatch_core import inspect
from atpatch_core.inspection.what_if import what_if
from atpatch_core.subjects.record import RecordAdapter
from atpatch_core.wording.phrases import counted
from atpatch_core.wording.verdict import answer
from pages.learn.question import Question
from pages.learn.resources import record_subject
from pages.learn.settings import setting
from pages.shared.markdown import plain
from pages.shared.resources import samples

TITLE = "The same repair for fairness"
QUESTION = Question(
    "With AtPatch, flipping the sex no longer changes the answer. Is the model fair now?",
    (
        "Yes: the attribute no longer decides.",
        "Not proven: other fields may give the sex away.",
        "No: the weights are still the same.",
    ),
    1,
    "A field such as \u201cHusband\u201d tells the sex as well (a *proxy*), and flipping one field can't show that. "
    "Look at the groups, too.",
)

_ATTRIBUTE = "sex"


def show() -> None:
    """A person, the same person with the other sex, each without and with AtPatch."""
    opened = record_subject()
    available = samples(opened)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(
            "This model decides from a census record whether a person earns over $50,000, and was taught with labels "
            "that favour men. Each field is one column. The column *sex* is flagged where it draws attention "
            "as it does where it decides, which may also be where it only shifts the probability."
        )
        wanted = st.selectbox(
            "Person", list(available), format_func=lambda sample_id: available[sample_id].title, key=setting(7, "who")
        )
        record = opened.subject.read(available[wanted].path.read_bytes())
        flip = st.toggle("Flip the sex in this record", key=setting(7, "flip"))
        flips = [flip for flip in what_if(opened.subject, record) if flip.attribute == _ATTRIBUTE]
        if flip and flips:
            record = {**record, _ATTRIBUTE: flips[0].value}
            st.caption(plain(f"All else as before, but {_ATTRIBUTE}: {record[_ATTRIBUTE]}."))
        inspection = inspect(opened.subject, record)
        flips = [flip for flip in what_if(opened.subject, record) if flip.attribute == _ATTRIBUTE]
        adapter = opened.subject.adapter
        assert isinstance(adapter, RecordAdapter)
        key = adapter.schema.key(_ATTRIBUTE)
        heads = [column for column in inspection.flags.columns if column.key == key]
        st.markdown(
            "The column *sex* is "
            + (f"**flagged in {counted(len(heads), 'head')}**." if heads else "**not flagged** for this person.")
        )
    with right:
        before, after = inspection.original.prediction, inspection.patched.prediction
        who = [f"{_ATTRIBUTE}: {record[_ATTRIBUTE]} (this record)", *(f"{_ATTRIBUTE}: {flip.value}" for flip in flips)]
        st.table(
            {
                "The same person with": [plain(person) for person in who],
                "Without AtPatch": [plain(answer(found)) for found in (before, *(flip.original for flip in flips))],
                "With AtPatch": [plain(answer(found)) for found in (after, *(flip.patched for flip in flips))],
            },
            hide_index=True,
        )
        if flips:
            positive = before.labels.index(adapter.schema.positive_label)
            gaps = [
                abs(float(own.probabilities[positive] - other.probabilities[positive]))
                for own, other in ((before, flips[0].original), (after, flips[0].patched))
            ]
            with st.container(horizontal=True):
                st.metric("What the sex alone changes, without AtPatch", f"{100 * gaps[0]:.1f} points")
                st.metric("With AtPatch", f"{100 * gaps[1]:.1f} points")
            st.caption(f"The difference in the probability of {plain(adapter.schema.positive_label)}, all else equal.")
        fields = [f"{name}: {value}" for name, value in record.items() if name != _ATTRIBUTE]
        st.caption(plain(" \u00b7 ".join(fields)))
    st.page_link(
        "pages/triage/page.py", label="That is the tour. Now try it on an input of your own", icon=":material/search:"
    )
