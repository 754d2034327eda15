"""Evaluate: put defences to attacks on one model, and see what each achieves, what it costs, and on which inputs."""

from __future__ import annotations

import streamlit as st

from pages.evaluate.images import show_images
from pages.evaluate.records import show_records
from pages.evaluate.settings import forget_settings
from pages.evaluate.source import forget_source
from pages.evaluate.subject import chosen_subject
from pages.evaluate.texts import forget_texts, show_texts
from pages.shared.address import show_in_vain
from pages.shared.style import apply_style

_HELP = """
One run puts every chosen **defence** to every chosen **attack**, on the same pictures.

* **Excess ASR** (attack success rate): how much more often pictures get the attacker's class than without any trigger.
  0 is best.
* **CA drop** (clean accuracy): what the defence costs in accuracy on clean pictures. 0 is best.
* **Recovery**: how many attacked pictures get their *true* class. A defence that answers rubbish has a low ASR, too.
* **FPR**, **TPR** (false- and true-positive rate): how many clean and how many triggered pictures are flagged.
* **Time**: for clean pictures, in multiples of the model's own.

The *oracle* knows where the trigger is, which nobody does in the field: it says how far any defence of this kind could
get. *Random columns* are the placebo. Half of the pictures, at most 1,000, are the defender's to prepare with; all
figures are measured on the others, with 95 % intervals.

For records, the question is who is treated by a protected attribute: **IDR** (individual discrimination rate) counts
the people whose answer changes with any other value of it; **SPD** (statistical parity difference) and **EOD** (equal
opportunity difference) compare groups.

**What to expect:** triggers that change the whole picture a little (blends, warps) leave no column that stands out.
AtPatch does not find them, and the table says so.
"""

_SHOW = {"image": show_images, "text": show_texts, "record": show_records}


def main() -> None:
    """Draw the page."""
    apply_style()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="heading"):
        st.title("Evaluate", anchor=False, width="content")
        with st.popover("What is measured?", icon=":material/help:"):
            st.markdown(_HELP)
    st.caption("Is AtPatch better than what else could be done about this model, and what does it cost?")
    notices = st.container()
    opened = chosen_subject(_forget)
    if opened is not None:
        _SHOW[opened.subject.kind](opened)
    with notices:
        show_in_vain()


def _forget() -> None:
    """Another model has other data."""
    forget_settings()
    forget_source()
    forget_texts()


main()
