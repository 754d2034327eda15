"""What detectors share that stand in for the subject's own one and differ from it in a single point."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ...detector.contract import ColumnDetector, Manner
from ...detector.growth import Growth
from ...detector.joint import Jointly
from ...detector.reach import Reach


@dataclass(frozen=True)
class SameWatch:
    """Does in everything what `detector` does (see `ColumnDetector`), for others to change one thing."""

    detector: ColumnDetector

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

    @property
    def reach(self) -> Reach | Jointly | None:
        """That of the detector."""
        return Manner.of(self.detector).reach

    @property
    def alongside(self) -> float | None:
        """That of the detector."""
        return Manner.of(self.detector).alongside

    @property
    def growth(self) -> Growth | None:
        """That of the detector."""
        return Manner.of(self.detector).growth

    @property
    def adds_repeats(self) -> bool:
        """Whether the detector judges the copies of a token as one column."""
        return Manner.of(self.detector).adds_repeats

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """The detector's scores (see `ColumnDetector`)."""
        return self.detector.score(layer, attention, key_valid, query_valid)

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The detector's reference (see `ColumnDetector`)."""
        return self.detector.benign(layer, attention, key_valid)
