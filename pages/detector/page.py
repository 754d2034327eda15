"""Detector: train versions from labels and debugging sets, judge and compare them, put one to work, roll back."""

from __future__ import annotations

import streamlit as st

from atpatch_core import AtPatchError
from pages.detector.address import write_address
from pages.detector.comparison import show_comparison
from pages.detector.judgement import show_judgement
from pages.detector.training import show_training_form, show_trainings
from pages.detector.versions import chosen_model, chosen_version, show_versions
from pages.shared.address import show_unknown_parameters
from pages.shared.heading import show_heading
from pages.shared.markdown import plain

_HELP = """
A **detector** looks at the columns of a model's attention maps and flags those that draw far more attention than they
should. It is trained for one model, and kept in **versions**: the one that is *active* is what Triage and the hot-fix
use.

* **Labels** come from the Label page. A column that nobody judged is left out: it counts as benign only where an
  annotator said that the rest is.
* **Debugging sets** come from `atpatch debug-set`: triggers that were found in the model itself, or, for records,
  people about whom a protected attribute decides.
* **Held-out inputs** are those that a network did not learn from. Only they tell how good it is.
* **AUROC** is the chance that an over-attended input scores higher than another one: 0.5 is guessing, 1 is perfect.
* **Precision**: how many flagged inputs are rightly flagged. **Recall**: how many over-attended ones are flagged.

A training goes on when you close this page, and nothing of it is kept before it is complete. A new version is **ready**
once it was judged at its own threshold: of held-out inputs, it has to find a share of the over-attended ones that is at
least 50 percentage points larger than the share of others that it flags. It does nothing until you make it active; the
one before stays and can be brought back.
"""


def main() -> None:
    """Draw the page."""
    show_heading(
        "Detector",
        "What is a detector?",
        _HELP,
        "Train it from what you labelled, see how good it is, compare versions, put the best one to work.",
    )
    notices = st.container()
    opened = chosen_model()
    if opened is None:
        return
    left, right = st.columns([3, 2], gap="large")
    try:
        with left:
            show_versions(opened)
        with right:
            show_training_form(opened)
        show_trainings(opened)
        version = chosen_version(opened)
        if version is not None:
            data = show_judgement(opened, version)
            if data is not None:
                show_comparison(opened, version, data)
    except AtPatchError as error:
        st.error(plain(str(error)), icon=":material/block:")
    write_address()
    with notices:
        show_unknown_parameters()


main()
