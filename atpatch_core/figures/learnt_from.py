"""What a detector would learn from labels, in sentences."""

from __future__ import annotations

from ..labels.learnt_from import AnnotatorShare, LearntFrom
from ..wording.phrases import counted


def in_sentences(found: LearntFrom) -> tuple[str, ...]:
    """Which inputs there are, what is learnt from, what is left out, and what there is too little of, one sentence
    each.
    """
    inputs = (
        f"{counted(found.inputs, 'labelled input')}: {found.over_attended_inputs} with an over-attended column, "
        f"{found.clean_inputs} of which every column was judged benign, {found.other_inputs} neither."
    )
    taught = (
        f"{counted(found.over_attended, 'over-attended column')} and {counted(found.benign, 'benign column')} "
        "are learnt from."
    )
    left = (
        f"{counted(found.unjudged, 'unjudged column')}, {found.unsure} unsure, and {found.disputed} "
        "about which annotators contradict each other are left out."
    )
    return (inputs, taught, left, *found.too_little)


def share_in_words(share: AnnotatorShare) -> str:
    """What one annotator's answers say."""
    return (
        f"{counted(share.inputs, 'input')}: {share.over_attended} columns over-attended, {share.benign} benign, "
        f"{share.rest_benign} benign as the rest, {share.unsure} unsure, {share.unjudged} unjudged"
    )


def as_rows(found: LearntFrom) -> list[tuple[str, str]]:
    """All of it as (name, value) rows of a table."""
    inputs, taught, left, *too_little = in_sentences(found)
    rows = [("inputs", inputs), ("learnt from", taught), ("not learnt from", left)]
    rows += [(share.name, share_in_words(share)) for share in found.annotators]
    return rows + [("too little", sentence) for sentence in too_little]
