"""Evaluate: put defences to attacks on one model, and see what each achieves, what it costs, and on which inputs."""

from __future__ import annotations

import streamlit as st

from pages.parts.evaluate_job import show_job
from pages.parts.evaluate_results import show_results
from pages.parts.evaluate_settings import chosen_settings
from pages.parts.start import require_start
from pages.parts.style import apply_style

_HELP = """
One run puts every chosen **defence** to every chosen **attack**, on the same pictures.

* **Excess ASR**: how much more often pictures get the attacker's class than without any trigger. 0 is best.
* **CA drop**: what the defence costs in accuracy on clean pictures. 0 is best.
* **Recovery**: how many attacked pictures get their *true* class. A defence that answers rubbish has a low ASR, too.
* **FPR**, **TPR**: how many clean and how many triggered pictures are flagged.
* **Time**: for clean pictures, in multiples of the model's own.

The *oracle* knows where the trigger is, which nobody does in the field: it says how far any defence of this kind could
get. *Random columns* are the placebo. Half of the pictures, at most 1,000, are the defender's to prepare with; all
figures are measured on the others, with 95 % intervals.

**What to expect:** triggers that change the whole picture a little (blends, warps) leave no column that stands out.
AtPatch does not find them, and the table says so.
"""


def main() -> None:
    """Draw the page."""
    require_start()
    apply_style()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="heading"):
        st.title("Evaluate", anchor=False, width="content")
        with st.popover("What is measured?", icon=":material/help:"):
            st.markdown(_HELP)
    st.caption("Is AtPatch better than what else could be done about this model, and what does it cost?")
    settings = chosen_settings()
    if settings is None:
        return
    comparison = show_job(settings)
    if comparison is not None:
        show_results(settings, comparison)


main()
