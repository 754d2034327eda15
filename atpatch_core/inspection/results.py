"""What one look at one input returns: predictions, attention maps and flagged columns, before and after the hot-fix."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..column import Column
from ..detector.following import Following
from ..layout import Layout


@dataclass(frozen=True)
class Prediction:
    """Class probabilities `[labels]` (they sum to 1) and the names of the classes."""

    probabilities: Tensor
    labels: tuple[str, ...]

    @property
    def index(self) -> int:
        """Number of the most probable class."""
        return int(self.probabilities.argmax())

    @property
    def label(self) -> str:
        """Name of the most probable class."""
        return self.labels[self.index]

    @property
    def confidence(self) -> float:
        """Probability of the most probable class, 0 to 1."""
        return float(self.probabilities[self.index])


@dataclass(frozen=True)
class AttentionTrace:
    """The attention maps of one forward pass on one input: per layer a float32 `[heads, queries, keys]`."""

    maps: tuple[Tensor, ...]

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.maps)


@dataclass(frozen=True)
class Flags:
    """The detector's opinion of every column, and which ones AtPatch redistributes.

    `scores` and `flagged` hold one `[heads, keys]` tensor per layer; a layer that is not watched has `None` scores.
    `flagged` includes columns chosen by hand. `threshold` is the score from which on the detector flags a column.
    `followed` are columns that do not reach it, but are redistributed because one of the same input does.
    """

    scores: tuple[Tensor | None, ...]
    flagged: tuple[Tensor, ...]
    threshold: float
    followed: frozenset[Column] = frozenset()

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every redistributed column, layer by layer."""
        return tuple(
            Column(layer, int(head), int(key))
            for layer, flagged in enumerate(self.flagged)
            for head, key in flagged.nonzero().tolist()
        )

    def score(self, column: Column) -> float | None:
        """The detector's score of `column`; `None` if it does not watch the layer."""
        scores = self.scores[column.layer]
        return None if scores is None else float(scores[column.head, column.key])

    def reaches(self, column: Column) -> bool:
        """Whether the detector scores `column` at the threshold or above."""
        scores = self.scores[column.layer]
        return scores is not None and bool(scores[column.head, column.key] >= self.threshold)

    @property
    def any(self) -> bool:
        """Whether anything is redistributed at all."""
        return any(bool(flagged.any()) for flagged in self.flagged)


@dataclass(frozen=True)
class Pass:
    """One forward pass: what the model answered and what it attended to."""

    prediction: Prediction
    trace: AttentionTrace


@dataclass(frozen=True)
class Inspection:
    """One input through the untouched model (`original`) and through the hot-fixed one (`patched`).

    `flags` are the columns redistributed in the patched pass. `layout` names the columns. `following` is there where
    the detector follows its flags and found some. `calibrated_keys` is how many columns the longest input had that the
    detector's threshold was chosen on, where that is known: in a longer one it finds less.
    """

    original: Pass
    patched: Pass
    flags: Flags
    layout: Layout
    following: Following | None = None
    calibrated_keys: int | None = None

    @property
    def changes_answer(self) -> bool:
        """Whether the answer is another one with the fix."""
        return self.original.prediction.index != self.patched.prediction.index
