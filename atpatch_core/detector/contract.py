"""What interception may ask of any detector, trained or not.

`ColumnDetector` is what every detector has. What only some have, interception asks for through `Manner`, which holds
what counts for a detector that does not have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from .growth import Growth
from .joint import Jointly
from .reach import Reach


class ColumnDetector(Protocol):
    """Scores the columns of one layer's maps, and knows how much attention is benign."""

    @property
    def threshold(self) -> float:
        """The score from which on a column is flagged."""
        ...

    @property
    def watched(self) -> tuple[int, ...]:
        """Numbers of the layers it looks at; all others run as if there were no detector."""
        ...

    @property
    def layers(self) -> int:
        """How many attention layers the model must have."""
        ...

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """Score every column, 0 (benign) to 1 (hijacked).

        Args:
            layer: number of the layer.
            attention: its maps, `[batch, heads, queries, keys]`.
            key_valid: bool `[batch, keys]`, `False` for padding.
            query_valid: bool `[batch, queries]`, `False` for padding.

        Returns:
            `[batch, heads, keys]`; padding scores 0.
        """
        ...

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The attention a flagged column may keep.

        Args:
            layer: number of the layer.
            attention: its maps, `[batch, heads, queries, keys]`.
            key_valid: bool `[batch, keys]`, `False` for padding.

        Returns:
            Shares from 0 to 1, broadcastable to `attention`.
        """
        ...


@runtime_checkable
class FollowsFlags(Protocol):
    """A detector whose flags lead to other columns."""

    @property
    def reach(self) -> Reach | Jointly | None:
        """How far flags are followed, or that all watched layers judge together; `None`: repaired where they are."""
        ...


@runtime_checkable
class FlagsAlongside(Protocol):
    """A detector with a second, lower threshold (hysteresis)."""

    @property
    def alongside(self) -> float | None:
        """The score from which on the other columns of a flagged input are flagged, too; `None`: the threshold."""
        ...


@runtime_checkable
class GrowsSpans(Protocol):
    """A detector whose flags are the entry to the span of a trigger."""

    @property
    def growth(self) -> Growth | None:
        """How the span is grown from what is flagged; `None`: only what is flagged is repaired."""
        ...


@runtime_checkable
class AddsRepeats(Protocol):
    """A detector that may judge the copies of a token together."""

    @property
    def adds_repeats(self) -> bool:
        """Whether a token that stands in an input several times is judged as one column (see `repeats`)."""
        ...


@runtime_checkable
class KnowsItsLengths(Protocol):
    """A detector that knows how long the inputs were that its threshold was chosen on."""

    @property
    def calibrated_keys(self) -> int | None:
        """How many columns the longest of them had; `None` if that is not known."""
        ...


@dataclass(frozen=True)
class Manner:
    """How a detector's flags are to be read; the defaults hold for a detector that says nothing about it.

    Attributes:
        reach: how far flags are followed, or that all watched layers judge together; by default columns are repaired
            where they are flagged.
        alongside: the score from which on the other columns of a flagged input are flagged, too; by default the
            threshold.
        growth: how the span of a trigger is grown from what is flagged; by default it is not.
        adds_repeats: whether a token that stands in an input several times is judged as one column; not by default.
        calibrated_keys: how many columns the longest input had that the threshold was chosen on; `None` if that is not
            known.
    """

    reach: Reach | Jointly | None = None
    alongside: float | None = None
    growth: Growth | None = None
    adds_repeats: bool = False
    calibrated_keys: int | None = None

    @classmethod
    def of(cls, detector: ColumnDetector | None) -> Manner:
        """That of `detector`; the defaults for `None`."""
        return cls(
            reach=detector.reach if isinstance(detector, FollowsFlags) else cls.reach,
            alongside=detector.alongside if isinstance(detector, FlagsAlongside) else cls.alongside,
            growth=detector.growth if isinstance(detector, GrowsSpans) else cls.growth,
            adds_repeats=detector.adds_repeats if isinstance(detector, AddsRepeats) else cls.adds_repeats,
            calibrated_keys=detector.calibrated_keys if isinstance(detector, KnowsItsLengths) else cls.calibrated_keys,
        )
