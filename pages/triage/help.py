"""The page explained in plain words."""

from __future__ import annotations

import streamlit as st

_LIMITS = "**What it cannot see:**"
_TEXT = """
**What goes wrong:** a backdoored model was taught a secret sign, the *trigger*. Where the trigger is, one column
suddenly draws far too much attention, and the model gives the attacker's answer.

**What AtPatch does:** a detector scores every column. A column that scores above the threshold is *flagged*, and while
the model runs, its attention is shared out among the other columns. The model's weights are never changed. If nothing
is flagged, nothing is touched.

**How to read this page:** the sentence on top says what was found. The marks on the input show where. The switch
decides whether the model answers with or without AtPatch. Further down are all attention maps, one of them in detail,
and what you can change yourself: erase or drop a part, compare with another input or model, make a report. New to all
this? The **Learn** page explains it in seven steps.

"""
_ADDRESS = """
The address of this page holds the whole view: copy it to come back, or to show it to a colleague on this computer.
"""


def show_help(of_kind: str) -> None:
    """A button that opens the explanation.

    `of_kind` says how a model reads this kind of input, and in its last paragraph, which comes last here too, what
    cannot be seen.
    """
    reads, heading, limits = of_kind.partition(_LIMITS)
    with st.popover("What am I looking at?", icon=":material/help:"):
        st.markdown(reads + _TEXT + heading + limits + _ADDRESS)
