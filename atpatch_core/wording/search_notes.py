"""What must be said about how far an input was looked at: the bound of a search, a cleared flag, an unusual length."""

from __future__ import annotations

from ..column import Column
from ..inspection.results import Inspection
from .parts import parts_in_words


def cleared_sentence(inspection: Inspection) -> str:
    """That the answer does not depend on what is flagged; empty where nothing was cleared."""
    following = inspection.following
    if following is None or not following.cleared:
        return ""
    keys, flags = set(following.cleared), inspection.flags
    columns = [
        column
        for layer, scores in enumerate(flags.scores)
        if scores is not None
        for head in range(len(scores))
        for key in sorted(keys)
        if flags.reaches(column := Column(layer, head, key))
    ]
    what, many = parts_in_words(columns, inspection)
    draw, them = ("draw", "them") if many else ("draws", "it")
    return (
        f"{what[0].upper()}{what[1:]} {draw} unusual attention, but the answer does not depend on {them}: with {them} "
        "redistributed the model is as sure as before, so nothing is redistributed."
    )


def following_sentence(inspection: Inspection) -> str:
    """What it took to follow the flags, and that the search ended early if it did; empty where none were followed."""
    following = inspection.following
    if following is None or (following.entry and not following.rounds and following.complete):
        return ""  # a span that is no more than its entry needs no word
    forwards = "1 more forward pass" if following.forwards == 1 else f"{following.forwards:,} more forward passes"
    cost = f"Following what is flagged took {forwards} ({following.seconds:.1f} s)"
    if following.complete:
        return f"{cost}."
    most = "that is allowed" if following.entry else "for a text of this length"
    return (
        f"{cost}; {following.most:,} is the most {most}, so the input is repaired as far as looked, and more of a "
        "trigger may be left."
    )


def length_sentence(inspection: Inspection) -> str:
    """That an input is longer than any that the detector's threshold was chosen on; empty where it is not."""
    keys, calibrated = len(inspection.layout.key_names), inspection.calibrated_keys
    if calibrated is None or keys <= calibrated:
        return ""
    return (
        f"This text has {keys:,} tokens; the longest that the detector was calibrated on has {calibrated:,}, and in a "
        "longer one a trigger may go unnoticed."
    )
