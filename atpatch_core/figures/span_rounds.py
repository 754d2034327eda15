"""How the span of a trigger was grown, round by round, as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from ..inspection.results import Inspection
from ..wording.phrases import percent

_MOST_NAMES = 4


@dataclass(frozen=True)
class SpanRow:
    """One step of the search.

    Attributes:
        step: "Flagged", "Round 1".
        joined: what is redistributed from here on, or why nothing joined.
        probability: of the answer under suspicion then: "99.8 %".
        trials: how many candidates were tried.
    """

    step: str
    joined: str
    probability: str
    trials: int


def span_rows(inspection: Inspection) -> tuple[SpanRow, ...]:
    """What was flagged, and what joined it in each round; empty where there was nothing to try.

    Args:
        inspection: what was found in an input.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/ankle-boot.png").read_bytes())
        >>> span_rows(atpatch.inspect(subject, image))  # nothing is flagged, so there is nothing to grow from
        ()
    """
    following, names = inspection.following, inspection.layout.key_names
    if following is None or following.entry_probability is None or not following.rounds:
        return ()
    rows = [SpanRow("Flagged", _named(names, following.entry), percent(following.entry_probability), 0)]
    for number, found in enumerate(following.rounds, 1):
        if found.taken is None:
            best = min(range(len(found.tried)), key=lambda trial: found.probabilities[trial])
            joined = f"nothing lowers it by enough; most of all {_in_words(names, found.tried[best])}"
        else:
            best = found.taken
            joined = _in_words(names, found.tried[best])
        rows.append(SpanRow(f"Round {number}", joined, percent(found.probabilities[best]), len(found.tried)))
    return tuple(rows)


def span_caption(inspection: Inspection) -> str:
    """What the rows show, in a sentence; for an input for which there are rows."""
    answer, following = inspection.original.prediction.label, inspection.following
    kept = 1.0 if following is None or following.entry_probability is None else following.entry_probability
    return (
        f"With only the flagged columns redistributed, \u201c{answer}\u201d keeps a probability of {percent(kept)}. So "
        "more columns are redistributed on trial, and those that make it much less likely join."
    )


def _in_words(names: tuple[str, ...], keys: tuple[int, ...]) -> str:
    return _named(names, keys) if keys else "the same columns, in all heads"


def _named(names: tuple[str, ...], keys: tuple[int, ...]) -> str:
    shown = [names[key] for key in keys[:_MOST_NAMES]]
    if len(keys) > _MOST_NAMES:
        shown.append(f"{len(keys) - _MOST_NAMES} more")
    return "; ".join(shown)  # names of patches have commas of their own
