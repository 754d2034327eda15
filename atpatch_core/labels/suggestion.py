"""What a detector suggests to an annotator: which columns of an input are worth a look."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch

from ..column import Column
from ..inspection.results import AttentionTrace, Inspection
from .contract import NO_DETECTOR, SuggestedColumn, Suggestion
from .queue import uncertainty

WORTH_A_LOOK = 8  # columns: more take an annotator longer, fewer may miss one. No measurement is kept.


def suggest(inspection: Inspection, detector: str | None, most: int = WORTH_A_LOOK) -> Suggestion:
    """The columns with the highest scores, most suspicious first.

    Without a detector, or with one that watches no layer, those that draw most attention (mean over queries) are worth
    a look, without a score, and the input counts as the more uncertain, the more of its attention the query that the
    prediction is read from gives to one of them. Columns that the model added itself come only if they score above the
    threshold.

    Args:
        inspection: of the input.
        detector: the version that gave the scores; `None` if there is none.
        most: how many columns to suggest; 8 by default.
    """
    flags, special = inspection.flags, inspection.layout.special
    scored: list[tuple[float, Column]] = []
    drawn: list[tuple[float, Column]] = []
    for layer, (scores, attention) in enumerate(zip(flags.scores, inspection.original.trace.maps, strict=True)):
        # In every head, what the model added itself may come first: so many more, and enough others are left.
        many = most + attention.shape[0] * sum(special)
        if scores is not None:
            scored += [(score, Column(layer, *place)) for place, score in _highest(scores, many)]
        drawn += [(share, Column(layer, *place)) for place, share in _highest(attention.mean(-2), many)]
    candidates = [
        SuggestedColumn(column, min(max(score, 0.0), 1.0))
        for score, column in sorted(scored, key=lambda entry: (-entry[0], entry[1]))
        if not special[column.key] or score >= flags.threshold
    ]
    if detector is None or not candidates:
        unscored = [
            SuggestedColumn(column, None)
            for _, column in sorted(drawn, key=lambda entry: (-entry[0], entry[1]))
            if not special[column.key]
        ]
        doubt = readout_peak(inspection.original.trace.maps, torch.tensor(special))
        return Suggestion(detector or NO_DETECTOR, flags.threshold, doubt, tuple(unscored[:most]))
    highest = candidates[0].score or 0.0
    return Suggestion(detector, flags.threshold, uncertainty(highest, flags.threshold), tuple(candidates[:most]))


def readout_peak(maps: Sequence[torch.Tensor], special: torch.Tensor) -> float:
    """The most attention that the first query, from which the prediction is read, gives to one column.

    It needs no training, and is high for many hijacked inputs.

    Args:
        maps: for each layer `[heads, queries, keys]`.
        special: columns that the model added itself, which don't count, bool `[keys]`.

    Returns:
        0 to 1.
    """
    if bool(special.all()):
        return 0.0
    return max(float(attention[:, 0, ~special].max()) for attention in maps)


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
