"""Label: say which columns draw too much attention, so that the next detector learns it."""

from __future__ import annotations

import streamlit as st

from atpatch_core.errors import LabelError
from atpatch_core.labels.contract import annotator_name
from pages.label.choice import (
    chosen_annotator,
    chosen_subject,
    opened_input,
    suggestion_hidden,
    write_address,
)
from pages.label.intake import show_file_intake, show_sample_intake, show_unseen
from pages.label.overview import show_exchange, show_statistics
from pages.label.queue import show_queue
from pages.shared.address import show_unknown_parameters
from pages.shared.heading import show_heading
from pages.shared.markdown import plain
from pages.shared.resources import OpenSubject

_HELP = """
You see one input at a time. The list names the **columns** the detector finds worth a look: how much attention one
place of the input draws in one head of one layer. Say for each whether it is **over-attended** (it draws far more
attention than it should), **benign**, or whether you are **unsure**. Columns that are not listed can be judged too:
click the place in the input or in the map.

What the detector suggests is shown apart from what you say, and never counts as an answer. You can hide it until you
have answered.

A column that you don't judge counts as nothing: neither as benign nor as over-attended. So say so if **the rest is
benign**: it holds for every column of the input that you did not judge, listed or not, and only inputs that are judged
through and through tell how often a detector raises a false alarm.

| Key | |
|---|---|
| `A` `X` `U` | over-attended, benign, unsure |
| `\u2190` `\u2192` | previous, next column |
| `B` | the rest is benign; what the detector marks is left for you to judge first |
| `Enter` | submit and go on; asks once if flagged columns are not judged |
| `S` | skip: it comes back at the end |
| `D` | discard: the input is not fit to be judged |
| `Z` | undo what was done since the page was opened, also back into the input before |

Every answer is kept as a draft while you work. After a reload or a crash you go on where you were.
"""


def main() -> None:
    """Draw the page."""
    show_heading(
        "Label",
        "How do I label?",
        _HELP,
        "Say which columns draw too much attention: the next detector learns it from you.",
    )
    with st.container(border=True):
        left, right = st.columns(2)
        with left:
            opened = chosen_subject()
        with right:
            name = chosen_annotator()
        hide = suggestion_hidden()
    notices = st.container()
    opened_input()
    if opened is not None:
        _show(opened, name, hide)
    write_address()
    with notices:
        show_unknown_parameters()


def _show(opened: OpenSubject, name: str, hide: bool) -> None:
    try:
        queued = True
        if name:
            queued = show_queue(opened, annotator_name(name), hide)
        else:
            st.info("Write your name to begin: your answers are kept under it.", icon=":material/person:")
        with st.expander("Send inputs to labelling", expanded=not queued, icon=":material/add_photo_alternate:"):
            show_sample_intake(opened)
            show_file_intake(opened)
        show_unseen(opened)
        with st.expander("Progress and agreement", icon=":material/groups:", on_change="rerun") as overview:
            if overview.open:
                show_statistics(opened)
        with st.expander("Export and import", icon=":material/swap_vert:"):
            show_exchange(opened)
    except LabelError as error:
        st.error(plain(str(error)), icon=":material/block:")


main()
