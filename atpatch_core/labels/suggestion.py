"""What a detector suggests to an annotator: which columns of an input are worth a look."""

from __future__ import annotations

import hashlib

import torch

from ..inspection import AttentionTrace, Column, Inspection
from .contract import SuggestedColumn, Suggestion
from .queue import uncertainty

WORTH_A_LOOK = 8
NO_DETECTOR = "no detector"


def suggest(inspection: Inspection, detector: str | None, most: int = WORTH_A_LOOK) -> Suggestion:
    """The columns with the highest scores of version `detector`, most suspicious first.

    Without a detector, or with one that watches no layer, those that draw most attention (mean over queries) are worth
    a look, without a score, and the input counts as uncertain. Columns that the model added itself come only if they
    score above the threshold.
    """
    flags, special = inspection.flags, inspection.layout.special
    scored: list[tuple[float, Column]] = []
    drawn: list[tuple[float, Column]] = []
    for layer, (scores, attention) in enumerate(zip(flags.scores, inspection.original.trace.maps, strict=True)):
        if scores is not None:
            scored += [(score, Column(layer, *place)) for place, score in _highest(scores, most + sum(special))]
        drawn += [(share, Column(layer, *place)) for place, share in _highest(attention.mean(-2), most + sum(special))]
    candidates = [
        SuggestedColumn(column, min(max(score, 0.0), 1.0))
        for score, column in sorted(scored, key=lambda one: (-one[0], one[1]))
        if not special[column.key] or score >= flags.threshold
    ]
    if detector is None or not candidates:
        unscored = [
            SuggestedColumn(column, None)
            for _, column in sorted(drawn, key=lambda one: (-one[0], one[1]))
            if not special[column.key]
        ]
        return Suggestion(detector or NO_DETECTOR, flags.threshold, 1.0, tuple(unscored[:most]))
    highest = candidates[0].score or 0.0
    return Suggestion(detector, flags.threshold, uncertainty(highest, flags.threshold), tuple(candidates[:most]))


def trace_fingerprint(trace: AttentionTrace) -> str:
    """A SHA-256 over the shapes of all maps and their entries in hundredths, to recognise the maps that were judged."""
    digest = hashlib.sha256()
    for attention in trace.maps:
        digest.update(str(tuple(attention.shape)).encode())
        digest.update((attention * 100).round().clamp(0, 100).to(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _highest(values: torch.Tensor, most: int) -> list[tuple[tuple[int, int], float]]:
    """The `most` highest entries of `[heads, keys]`, with their places."""
    top = values.flatten().topk(min(most, values.numel()))
    return [
        (divmod(int(place), values.shape[1]), float(value))
        for value, place in zip(top.values, top.indices, strict=True)
    ]
