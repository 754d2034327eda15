"""What a hot-fix does to one map: score its columns, redistribute the flagged ones, and go on with the result."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..detector.flagging import scores_of
from ..errors import DetectorError, HotfixError
from .session import Forward, Repair


def repaired_map(repair: Repair, layer: int, attention: Tensor, visible: Tensor | None, forward: Forward) -> Tensor:
    """Redistribute the flagged columns of a map, and note scores and flags in `forward`.

    Args:
        repair: what the hot-fix looks for, and how it repairs.
        layer: number of the layer.
        attention: `[batch, heads, queries, keys]`.
        visible: which entries are not masked, as bool of the same shape; `None` if all are.
        forward: where scores and flags are noted.

    Returns:
        The repaired map, or `attention` itself if nothing is flagged.

    Raises:
        DetectorError: the detector gives a score that is no number for a map that is sound.
        HotfixError: a column that was named does not exist.
    """
    batch, heads, _, keys = attention.shape
    if visible is None:
        valid = torch.ones(batch, keys, dtype=torch.bool, device=attention.device)
    else:
        valid = visible.any(1).any(1)
    detector = repair.detector
    flagged = torch.zeros(batch, heads, keys, dtype=torch.bool, device=attention.device)
    if detector is not None and layer in repair.watched:
        scores = scores_of(detector, layer, attention, valid, forward.tokens)
        if bool((bad := scores.isnan().flatten(1).any(1)).any()):
            _note_unreadable(forward, layer, bad, attention)
            scores = scores.masked_fill(bad[:, None, None], 0.0)
        forward.scores[layer] = scores
        flagged = repair.flagging.flagged(scores, valid[:, None])
        if repair.follow is not None:  # what is flagged is repaired once it is known how far it reaches
            forward.found[layer], forward.valid = flagged.any(1), valid
            flagged = torch.zeros_like(flagged)
    for column in repair.columns:
        if column.layer == layer:
            if not (column.head < heads and column.key < keys):
                raise HotfixError(
                    f"Layer {layer} has {heads} heads and {keys} columns for this input, so there is no column "
                    f"{column.key} of head {column.head}: name one that exists."
                )
            flagged[:, column.head, column.key] = valid[:, column.key]
    forward.flagged[layer] = flagged
    if not bool(flagged.any()):
        return attention
    if detector is not None:
        benign = detector.benign(layer, attention, valid)
    else:
        benign = (1.0 / valid.sum(-1).clamp(min=1)).to(attention.dtype)[:, None, None, None]
    return repair.formula(attention, flagged, benign, visible)


def output_of_repaired(
    module: nn.Module, before: Tensor, after: Tensor, flagged: Tensor, value: Tensor, output: Tensor
) -> Tensor:
    """The layer's output with repaired maps, computed anew only for inputs with a flag.

    Args:
        module: the attention module, for the message.
        before: the maps it used, `[batch, heads, queries, keys]`.
        after: the maps to use instead, of the same shape.
        flagged: bool `[batch, heads, keys]`.
        value: its values, `[batch, heads, keys, size]`, or with fewer heads that several heads share.
        output: what it gave, `[batch, queries, heads, size]`.

    Returns:
        `[batch, queries, heads, size]`.

    Raises:
        HotfixError: the layer does not simply weigh its values by the map.
    """
    values = value.repeat_interleave(before.shape[1] // value.shape[1], dim=1)
    some = flagged.flatten(1).any(1)
    hit = slice(None) if bool(some.all()) else some  # a slice copies no maps
    expected = torch.matmul(before[hit], values[hit]).transpose(1, 2)
    tolerance = 1e-3 if before.dtype in (torch.float32, torch.float64) else 5e-2
    # What is no number in a map was no number in the layer's own output, either.
    if not torch.allclose(expected, output[hit], rtol=tolerance, atol=tolerance, equal_nan=True):
        raise HotfixError(
            f"{type(module).__name__} does more with its map than weigh the values, so a repaired map would have no "
            "defined effect: use another model."
        )
    repaired = output.clone()
    repaired[hit] = torch.matmul(after[hit], values[hit]).transpose(1, 2).to(output.dtype)
    return repaired


def _note_unreadable(forward: Forward, layer: int, bad: Tensor, attention: Tensor) -> None:
    """Inputs without a score because their maps hold no numbers are left as they are; else the detector is broken."""
    if bool((bad & attention.isfinite().flatten(1).all(1)).any()):
        raise DetectorError(f"The detector's score for layer {layer} is not a number: train it again.")
    forward.unreadable = bad if forward.unreadable is None else forward.unreadable | bad
