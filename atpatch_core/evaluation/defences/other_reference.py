"""AtPatch with another benign reference: what a flagged column keeps is nothing, or one fair part."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ...subjects.subject import Subject
from .column_fix import ColumnFix, own_detector
from .contract import DefenderData
from .same_watch import SameWatch
from .shares import Share, share_of


@dataclass(frozen=True)
class OtherShare(SameWatch):
    """Flags what a detector flags, but lets flagged columns keep another share.

    Attributes:
        detector: flags columns.
        share: the attention that they keep.
    """

    share: Share

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The other share (see `ColumnDetector`)."""
        return self.share(layer, attention, key_valid)


def flagged_to_zero(subject: Subject, _have: DefenderData) -> ColumnFix:
    """Flagged columns get no attention at all."""
    return ColumnFix(OtherShare(own_detector(subject), share_of("zero")))


def flagged_to_uniform(subject: Subject, _have: DefenderData) -> ColumnFix:
    """Flagged columns get one fair part."""
    return ColumnFix(OtherShare(own_detector(subject), share_of("uniform")))
