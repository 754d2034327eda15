"""AtPatch without its second half: flagged columns shrink, and what they lose goes nowhere."""

from __future__ import annotations

import torch
from torch import Tensor

from ...subjects.subject import Subject
from .column_fix import ColumnFix, own_detector
from .contract import DefenderData


def shrink_only(attention: Tensor, flagged: Tensor, benign: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Flagged columns become benign where they are more; rows then sum to less than 1.

    Args:
        attention: maps after softmax, `[batch, heads, queries, keys]`.
        flagged: which columns to shrink, as for `redistribute`.
        benign: the attention each flagged column may keep, broadcastable to `attention`.
        allowed: which entries the model may attend to, bool, broadcastable to `attention`; `None` means all.
    """
    columns = (flagged.unsqueeze(-2) if flagged.ndim == 3 else flagged).expand(attention.shape)
    if allowed is not None:
        columns = columns & allowed
    return torch.where(columns, torch.minimum(attention, benign.to(attention.dtype).expand_as(attention)), attention)


def no_rescale(subject: Subject, _have: DefenderData) -> ColumnFix:
    """The subject's detector and reference, rows not rescaled."""
    return ColumnFix(own_detector(subject), formula=shrink_only)
