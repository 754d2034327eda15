"""Evaluate: put defences to attacks on one model, and see what each achieves, what it costs, and on which inputs."""

from __future__ import annotations

import streamlit as st

from pages.evaluate.job import show_job
from pages.evaluate.kept import comparison_of
from pages.evaluate.results import show_results
from pages.evaluate.settings import chosen_settings, forget_settings
from pages.evaluate.source import forget_source
from pages.shared.address import show_unknown_parameters
from pages.shared.heading import show_heading
from pages.shared.model_list import show_model_list
from pages.shared.resources import OpenSubject

_HELP = """
One run puts every chosen **defence** to every chosen **attack**, on the same images.

* **Excess ASR** (attack success rate): how much more often images get the attacker's class than without any trigger.
  0 is best.
* **CA drop** (clean accuracy): what the defence costs in accuracy on clean images. 0 is best.
* **Recovery**: how many attacked images get their *true* class. A defence that answers rubbish has a low ASR, too.
* **FPR**, **TPR** (false- and true-positive rate): how many clean and how many triggered images are flagged.
* **Time**: for clean images, in multiples of the model's own.

The *oracle* knows where the trigger is, which nobody does in the field: it says how far any defence of this kind could
get. *Random columns* are the placebo. Half of the images, at most 1,000, are the defender's to prepare with; all
figures are measured on the others, with 95 % intervals.

For records, the question is who is treated by a protected attribute: **IDR** (individual discrimination rate) counts
the people whose answer changes with any other value of it; **SPD** (statistical parity difference) and **EOD** (equal
opportunity difference) compare groups.

**What to expect:** triggers that change the whole image a little (blends, warps) leave no column that stands out.
AtPatch does not find them, and the table says so.
"""


def main() -> None:
    """Draw the page."""
    show_heading(
        "Evaluate",
        "What is measured?",
        _HELP,
        "Is AtPatch better than what else could be done about this model, and what does it cost?",
    )
    notices = st.container()
    opened = show_model_list("evaluate_subject", _forget)
    if opened is not None:
        _show_comparison(opened)
    with notices:
        show_unknown_parameters()


def _show_comparison(opened: OpenSubject) -> None:
    """Settings, the run, its results."""
    settings = chosen_settings(opened)
    if settings is None:
        return
    comparison = show_job(settings.request, settings.summary, lambda done: comparison_of(settings, done))
    if comparison is not None:
        show_results(opened, comparison)


def _forget() -> None:
    """Another model has other data."""
    forget_settings()
    forget_source()


main()
