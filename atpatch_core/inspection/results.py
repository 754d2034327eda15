"""What one look at one input returns: predictions, attention maps and flagged columns, before and after the hot-fix."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..column import Column
from ..detector.following import Following
from ..layout import Layout


@dataclass(frozen=True)
class Prediction:
    """How probable a model finds each of its classes.

    Attributes:
        probabilities: float32 `[classes]`, summing to 1.
        labels: the names of the classes, in the same order.

    Example:
        >>> import torch
        >>> prediction = Prediction(torch.tensor([0.25, 0.75]), ("negative", "positive"))
        >>> prediction.index, prediction.label, prediction.confidence
        (1, 'positive', 0.75)
    """

    probabilities: Tensor
    labels: tuple[str, ...]

    @property
    def index(self) -> int:
        """Number of the most probable class, from 0."""
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
    """The attention maps of one forward pass on one input.

    Attributes:
        maps: for each layer float32 `[heads, queries, keys]`, after softmax.

    Example:
        >>> import torch
        >>> trace = AttentionTrace((torch.full((4, 50, 50), 1 / 50),) * 2)
        >>> trace.layers, trace.maps[0].shape
        (2, torch.Size([4, 50, 50]))
    """

    maps: tuple[Tensor, ...]

    @property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.maps)


@dataclass(frozen=True)
class Flags:
    """How the detector scores every column, and which columns AtPatch redistributes.

    Attributes:
        scores: for each layer float32 `[heads, keys]`, suspicion from 0 to 1; `None` for a layer the detector does not
            watch.
        flagged: for each layer bool `[heads, keys]`, the redistributed columns, including those chosen by hand.
        threshold: the score from which on the detector flags a column.
        followed: columns below the threshold that are redistributed because another column of the same input reaches
            it.

    Example:
        >>> import torch
        >>> flags = Flags((torch.tensor([[0.1, 0.9]]),), (torch.tensor([[False, True]]),), threshold=0.5)
        >>> flags.columns
        (Column(layer=0, head=0, key=1),)
        >>> round(flags.score(Column(0, 0, 1)), 2), flags.reaches(Column(0, 0, 0)), flags.any
        (0.9, False, True)
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
        """The detector's score of `column`, 0 to 1; `None` if it does not watch the layer."""
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
    """One forward pass: what the model answered and what it attended to.

    Attributes:
        prediction: the probabilities of the classes.
        trace: the attention maps that led to them.

    Example:
        >>> import torch
        >>> prediction = Prediction(torch.tensor([0.1, 0.9]), ("negative", "positive"))
        >>> run = Pass(prediction, AttentionTrace((torch.eye(3)[None],)))
        >>> run.prediction.label, run.trace.layers
        ('positive', 1)
    """

    prediction: Prediction
    trace: AttentionTrace


@dataclass(frozen=True)
class Inspection:
    """One input run through the untouched model and through the hot-fixed one; made by `inspect`.

    Attributes:
        original: the pass through the untouched model.
        patched: the pass with `flags.columns` redistributed; equal to `original` if there are none.
        flags: how columns were scored, and which ones are redistributed.
        layout: what the columns stand for.
        following: how flags were followed to the rest of a trigger, if the detector does that and flagged something.
        calibrated_keys: how many columns the longest input had on which the detector's threshold was chosen, if known;
            in a longer input the detector finds less.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/bag-triggered.png").read_bytes())
        >>> result = atpatch.inspect(subject, image)
        >>> result.changes_answer
        True
        >>> {result.layout.key_names[column.key] for column in result.flags.columns}
        {'row 6, column 6'}
    """

    original: Pass
    patched: Pass
    flags: Flags
    layout: Layout
    following: Following | None = None
    calibrated_keys: int | None = None

    @property
    def changes_answer(self) -> bool:
        """Whether the fix changes the answer."""
        return self.original.prediction.index != self.patched.prediction.index
