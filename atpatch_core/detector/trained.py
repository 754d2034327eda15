"""A trained detector: one network for each watched layer, a threshold, and a benign reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..errors import DetectorError
from .growth import Growth
from .joint import Jointly
from .networks import ColumnNetwork
from .per_token import role_shares
from .reach import Reach
from .reference import ReferenceKind, benign_reference
from .variants import VARIANTS


@dataclass(frozen=True)
class TrainedDetector:
    """What `train_detector` makes and a detector folder holds; see `ColumnDetector` for what it does.

    Attributes:
        variant: which kind of network it uses, a name in `VARIANTS`.
        networks: the network of each layer that has one.
        benign_means: for each layer `[heads, queries, keys]`, or, for a detector that takes inputs of any length,
            `[heads, 1, roles]` in fair parts.
        reference: how much attention a flagged column keeps.
        threshold: the score from which on a column is flagged.
        watched: numbers of the layers that it looks at.
        fingerprint: names the weights of the model it was made for; empty if that is not known.
        history: how it was trained.
        reach: how far flags are followed to the other columns of a trigger, or that all watched layers judge together;
            `None` if each column is repaired where it is flagged, and no other.
        alongside: the score from which on the other columns of a flagged input are flagged, too, as copies of a trigger
            take attention from each other: it is enough if one of them is found (hysteresis, after Canny's edge
            detector, 1986); `None` if all columns are held to the threshold.
        growth: how the span of a trigger is grown from what is flagged; `None` if only that is repaired.
    """

    variant: str
    networks: Mapping[int, ColumnNetwork]
    benign_means: tuple[Tensor, ...]
    reference: ReferenceKind
    threshold: float
    watched: tuple[int, ...]
    fingerprint: str = ""
    history: Mapping[str, Any] = field(default_factory=dict)
    reach: Reach | Jointly | None = None
    alongside: float | None = None
    growth: Growth | None = None

    @property
    def layers(self) -> int:
        """How many attention layers the model has."""
        return len(self.benign_means)

    @property
    def heads(self) -> int:
        """How many heads each layer has."""
        return self.benign_means[0].shape[0]

    @property
    def keys(self) -> int:
        """How many columns a map has."""
        return self.benign_means[0].shape[2]

    def score(self, layer: int, attention: Tensor, key_valid: Tensor, query_valid: Tensor) -> Tensor:
        """Score every column, 0 (benign) to 1 (hijacked) (see `ColumnDetector`)."""
        self._check(attention)
        with torch.no_grad():
            return self.networks[layer](attention, key_valid, query_valid)  # type: ignore[no-any-return]

    def benign(self, layer: int, attention: Tensor, key_valid: Tensor) -> Tensor:
        """The attention a flagged column may keep (see `ColumnDetector`)."""
        self._check(attention)
        mean = self.benign_means[layer]
        if self.any_length:
            mean = role_shares(mean, key_valid)
        return benign_reference(self.reference, attention, key_valid, mean)

    @property
    def any_length(self) -> bool:
        """Whether inputs of different lengths can be scored."""
        return VARIANTS[self.variant].any_length

    @property
    def calibrated_keys(self) -> int | None:
        """How many columns the longest input had that the threshold was chosen on; `None` if that is not known."""
        most = self.history.get("longest_benign_input")
        return most if isinstance(most, int) and self.any_length else None

    @property
    def adds_repeats(self) -> bool:
        """Whether a token that stands in an input several times is judged as one column (see `repeats`)."""
        return self.any_length

    def _check(self, attention: Tensor) -> None:
        if self.any_length and attention.shape[1] == self.heads:
            return
        expected = (self.heads, self.benign_means[0].shape[1], self.keys)
        if tuple(attention.shape[1:]) != expected:
            heads, _, keys = attention.shape[1:]
            raise DetectorError(
                f"This detector was made for maps of {expected[0]} heads and {expected[2]} columns, these have {heads} "
                f"and {keys}: use the detector that was trained for this model."
            )
