"""AtPatch with another benign reference: what a flagged column keeps is nothing, or one fair part."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ...detector.contract import ColumnDetector
from ...subjects.subject import Subject
from .column_fix import ColumnFix, own_detector
from .contract import DefenderData
from .shares import Share, share_of


@dataclass(frozen=True)
class OtherShare:
    """Flags what `detector` flags, but lets flagged columns keep `share` (see `ColumnDetector`)."""

    detector: ColumnDetector
    share: Share

    @property
    def threshold(self) -> float:
        """That of the detector."""
        return self.detector.threshold

    @property
    def watched(self) -> tuple[int, ...]:
        """Those of the detector."""
        return self.detector.watched

    @property
    def layers(self) -> int:
        """As many as the detector's model has."""
        return self.detector.layers

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """The detector's scores."""
        return self.detector.score(layer, attention, key_valid, query_valid)

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The other share."""
        return self.share(layer, attention, key_valid)


def flagged_to_zero(subject: Subject, _have: DefenderData) -> ColumnFix:
    """Flagged columns get no attention at all."""
    return ColumnFix(OtherShare(own_detector(subject), share_of("zero")))


def flagged_to_uniform(subject: Subject, _have: DefenderData) -> ColumnFix:
    """Flagged columns get one fair part."""
    return ColumnFix(OtherShare(own_detector(subject), share_of("uniform")))
