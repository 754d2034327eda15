"""Redistribute over-attended columns while a model runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import nn

from ..arguments import checked_columns, checked_threshold
from ..detector.contract import ColumnDetector, Manner
from ..errors import DetectorError, HotfixError
from ..inspection import Column
from ..redistribution import redistribute
from .block import Block
from .fix import Fix, repairing
from .rerun import follow
from .session import Formula, Repair


class Subjectlike(Protocol):
    """Anything that carries a model and the detector made for it."""

    @property
    def model(self) -> nn.Module:
        """A Transformers model."""
        ...

    @property
    def detector(self) -> ColumnDetector | None:
        """Its detector, if there is one."""
        ...


def hotfix(
    subject: Subjectlike | nn.Module,
    detector: ColumnDetector | None = None,
    *,
    threshold: float | None = None,
    columns: Sequence[Column] = (),
    formula: Formula = redistribute,
) -> Block[Fix]:
    """Redistribute over-attended columns in every forward inside the block (AtPatch, arXiv 2601.21695).

    Args:
        subject: a subject, or a bare Transformers model.
        detector: flags columns; by default the subject's own. A bare model needs one, or `columns`.
        threshold: the score from which on a column is flagged, 0 to 1; by default the detector's calibrated one. Scores
            end at 1, so with `FLAG_NOTHING` the detector only scores.
        columns: columns to redistribute whatever the detector says, in every input of the batch.
        formula: how flagged columns are repaired; anything but redistribution is there to be compared with it.

    Returns:
        A block for `with`, which gives the `Fix`: scores and flags of the last forward. The block holds for the calls
        made inside it: other threads never meet it, nor does anybody while a generator that opened it is suspended. It
        can be opened again once it is left, and decorates functions.

    Raises:
        DetectorError: there is neither a detector nor a column, the threshold is no number, or the detector was made
            for another number of layers (`load` checks the weights, too).
        HotfixError: the model's attention can't be intercepted, or it is called in a way that can't be repaired.

    Example:
        >>> with hotfix(subject) as fix:
        ...     logits = subject.model(**subject.encode(image)).logits
        >>> [layer.any() for layer in fix.flagged if layer is not None]
    """
    model: nn.Module
    if isinstance(subject, nn.Module):
        model = subject
    elif not isinstance(getattr(subject, "model", None), nn.Module):
        raise HotfixError("This is no model: pass a subject from `load`, or a Transformers model.")
    else:
        model, detector = subject.model, detector or subject.detector
    chosen = checked_columns(columns)
    limit = checked_threshold(threshold)
    if detector is None and not chosen:
        raise DetectorError("There is no detector for this model: train one, or name the columns to redistribute.")
    if not callable(formula):
        raise HotfixError(
            "A formula is a function that repairs maps, as `redistribute` does: leave it out for that one."
        )
    if detector is not None and not all(hasattr(detector, name) for name in ("score", "benign", "watched", "layers")):
        raise DetectorError("This is no detector: load one with its model, or make one with `train-detector`.")
    watched = frozenset(detector.watched if detector is not None else ())
    following = None if Manner.of(detector).reach is None else follow
    return repairing(model, Repair(detector, watched, limit, chosen, formula, following))
