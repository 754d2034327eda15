"""Redistribute over-attended columns while a model runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import nn

from ..arguments import checked_columns, checked_rows, checked_threshold
from ..column import Column
from ..detector.contract import ColumnDetector, Manner
from ..errors import DetectorError, HotfixError
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
    follow_rows: int | None = None,
) -> Block[Fix]:
    """Redistribute over-attended columns in every forward pass inside the block.

    Args:
        subject: a subject, as `load` returns it, or a bare Transformers model.
        detector: flags columns; by default the subject's own. A bare model needs one, or `columns`.
        threshold: the score from which on a column is flagged, from 0 up; by default the detector's calibrated
            threshold. Scores end at 1, so with a higher threshold, such as `FLAG_NOTHING`, the detector only scores.
        columns: columns to redistribute whatever the detector says, in every input of the batch; none by default.
        formula: how flagged columns are repaired; any other than the default, `redistribute`, is for comparison.
        follow_rows: how many trials each flagged input may cost to find the rest of a trigger; by default as many as
            the detector was tuned for. With 0, columns are repaired where they are flagged. A trial is one more row in
            a batch. Unflagged inputs cost nothing.

    Returns:
        A block for `with`, which yields the `Fix`: scores and flags of the last forward pass. The block covers the
        calls made inside it: other threads are not affected, nor is anyone while a generator that opened it is
        suspended. It can be opened again once it is left, and it also works as a decorator of functions.

    Raises:
        InputError: `columns` are not columns, `follow_rows` is not a whole number from 0 up, or no input of a batch
            gives attention that is numbers.
        DetectorError: there is neither a detector nor a column, the threshold is not a number from 0 up, or the
            detector was made for another number of layers (`load` checks the weights, too).
        HotfixError: the model's attention can't be intercepted, or it is called in a way that can't be repaired.

    Source:
        AtPatch, arXiv 2601.21695; the formula is described in `atpatch_core.redistribution`.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/ankle-boot-triggered.png").read_bytes())
        >>> with atpatch.hotfix(subject) as fix:
        ...     logits = subject.model(**subject.encode(image)).logits
        >>> subject.labels[int(logits.argmax())]
        'Ankle boot'
        >>> fix.flagged[0].nonzero().tolist()  # [input, head, key] in layer 0
        [[0, 0, 49], [0, 1, 49]]

        A bare model, and a column chosen by hand:

        >>> with atpatch.hotfix(subject.model, columns=[atpatch.Column(layer=0, head=0, key=49)]):
        ...     logits = subject.model(**subject.encode(image)).logits
        >>> subject.labels[int(logits.argmax())]
        'Ankle boot'
    """
    model: nn.Module
    if isinstance(subject, nn.Module):
        model = subject
    elif not isinstance(getattr(subject, "model", None), nn.Module):
        raise HotfixError("This is no model: pass a subject from `load`, or a Transformers model.")
    else:
        model, detector = subject.model, detector or subject.detector
    chosen = checked_columns(columns)
    limit, rows = checked_threshold(threshold), checked_rows(follow_rows)
    if detector is None and not chosen:
        raise DetectorError("There is no detector for this model: train one, or name the columns to redistribute.")
    if not callable(formula):
        raise HotfixError(
            "A formula is a function that repairs maps, as `redistribute` does: leave it out for that one."
        )
    if detector is not None and not all(hasattr(detector, name) for name in ("score", "benign", "watched", "layers")):
        raise DetectorError("This is no detector: load one with its model, or make one with `train-detector`.")
    watched = frozenset(detector.watched if detector is not None else ())
    manner = Manner.of(detector)
    follows = manner.reach is not None or (manner.growth is not None and rows != 0)
    return repairing(model, Repair(detector, watched, limit, chosen, formula, follow if follows else None, rows))
