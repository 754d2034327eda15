"""What a detector would learn from labels, in sentences."""

from __future__ import annotations

from ..labels.learnt_from import LearntFrom
from .wording import counted


def in_sentences(found: LearntFrom) -> tuple[str, ...]:
    """Which inputs there are, what is learnt from and what is left out, then what is too little, one sentence each."""
    inputs = (
        f"{counted(found.inputs, 'labelled input')}: {found.over_attended_inputs} with an over-attended column, "
        f"{found.clean_inputs} of which every column was judged benign, {found.other_inputs} neither."
    )
    taught = (
        f"Learnt from: {counted(found.over_attended, 'over-attended column')} and "
        f"{counted(found.benign, 'benign column')}."
    )
    left = (
        f"Not learnt from: {counted(found.unjudged, 'unjudged column')}, {found.unsure} unsure, and {found.disputed} "
        "about which annotators contradict each other."
    )
    return (inputs, taught, left, *found.too_little)
