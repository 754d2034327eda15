"""Look at one input: the model's answer and attention as it is, and with AtPatch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..arguments import checked_columns, checked_threshold
from ..attention import FLAG_NOTHING, Fix, capture, hotfix
from ..column import Column
from ..detector.contract import Manner
from ..errors import DetectorError, InputError
from ..machine import return_freed_memory
from ..subjects.subject import Subject
from .results import AttentionTrace, Flags, Inspection, Pass, Prediction

_LARGE = 4_000_000  # bytes of maps, as in machine.py; smaller ones leave no holes worth the time


@dataclass(frozen=True)
class CausalEffect:
    """What happens to a prediction when one column alone is redistributed; made by `causal_check`.

    Attributes:
        column: the redistributed column.
        label_before: the answer of the untouched model.
        probability_before: the probability of that answer, 0 to 1.
        label_after: the answer with the column redistributed.
        probability_after: the probability of that answer, 0 to 1.

    Example:
        >>> effect = CausalEffect(Column(0, 0, 49), "T-shirt/top", 0.999, "Ankle boot", 0.958)
        >>> effect.label_after != effect.label_before  # this column alone decides the answer
        True
    """

    column: Column
    label_before: str
    probability_before: float
    label_after: str
    probability_after: float


def inspect(subject: Subject, x: Any, threshold: float | None = None, columns: Sequence[Column] = ()) -> Inspection:
    """Run one input through the untouched model and through the hot-fixed one, keeping every attention map.

    Args:
        subject: the model, as `load` returns it.
        x: one input, as `subject.read` returns it: a Pillow image, a string, or a record (a dict of fields).
        threshold: the score from which on a column is flagged, from 0 up; by default the detector's calibrated
            threshold.
        columns: columns to redistribute in addition to the flagged ones; none by default.

    Returns:
        Predictions, maps and flags. Both passes are the same if there is neither a detector nor a column in `columns`.

    Raises:
        InputError: `x` is not one input of this subject, gives attention that is not numbers, or is cut into windows by
            the model; or `columns` are not columns.
        DetectorError: the threshold is not a finite number from 0 up, or the detector was made for another model.
        HotfixError: the model's attention can't be intercepted, or a column does not exist.

    Source:
        AtPatch, arXiv 2601.21695.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/ankle-boot-triggered.png").read_bytes())
        >>> result = atpatch.inspect(subject, image)
        >>> result.original.prediction.label, result.patched.prediction.label
        ('T-shirt/top', 'Ankle boot')
        >>> result.flags.columns
        (Column(layer=0, head=0, key=49), Column(layer=0, head=1, key=49))
        >>> result.original.trace.maps[0].shape  # [heads, queries, keys] of layer 0
        torch.Size([4, 50, 50])
    """
    _check_subject(subject)
    threshold, columns = checked_threshold(threshold), checked_columns(columns)
    if threshold == math.inf:
        raise DetectorError("A threshold is a number from 0 up, not infinity: with 1.1 nothing is flagged, either.")
    x = _one(x)
    inputs = subject.encode(x)
    original = _run(subject, inputs)
    heads = [len(attention) for attention in original.trace.maps]
    keys = [attention.shape[-1] for attention in original.trace.maps]
    empty = tuple(torch.zeros(h, k, dtype=torch.bool) for h, k in zip(heads, keys, strict=True))
    layout = subject.layout(x, keys[0])
    if subject.detector is None and not columns:
        unscored: tuple[Tensor | None, ...] = (None,) * len(heads)
        return Inspection(original, original, Flags(unscored, empty, threshold or 1.0), layout)
    with hotfix(subject, threshold=threshold, columns=columns) as fix:
        patched = _run(subject, inputs)
    if sum(attention.nbytes for attention in original.trace.maps) >= _LARGE:
        return_freed_memory()
    following = fix.following[0] if fix.following else None
    flags = _flags(subject, fix, empty, threshold, columns)
    return Inspection(original, patched, flags, layout, following, Manner.of(subject.detector).calibrated_keys)


def causal_check(
    subject: Subject, x: Any, columns: Sequence[Column], on_step: Callable[[int, int], None] | None = None
) -> tuple[CausalEffect, ...]:
    """Find out what each column does on its own: the prediction before, and after redistributing that column alone.

    Args:
        subject: the model, as `load` returns it.
        x: one input, as `subject.read` returns it.
        columns: the columns to check, one forward pass each.
        on_step: called with (columns done, columns in all) before each column and after the last; an exception it
            raises ends the work and is passed on.

    Returns:
        One effect for each column, in the order of `columns`.

    Raises:
        InputError: `x` is not an input of this subject, or `columns` are not columns.
        DetectorError: the subject's detector was made for another model.
        HotfixError: the model's attention can't be intercepted, or a column does not exist.

    Example:
        >>> import atpatch_core as atpatch
        >>> from pathlib import Path
        >>> subject = atpatch.load("sample_models/fashion-vit-badnets")
        >>> image = subject.read(Path("assets/samples/ankle-boot-triggered.png").read_bytes())
        >>> for effect in atpatch.causal_check(subject, image, [atpatch.Column(0, 0, 49), atpatch.Column(0, 3, 12)]):
        ...     print(effect.column, effect.label_before, "->", effect.label_after)
        Column(layer=0, head=0, key=49) T-shirt/top -> Ankle boot
        Column(layer=0, head=3, key=12) T-shirt/top -> T-shirt/top
    """
    _check_subject(subject)
    columns = checked_columns(columns)
    inputs = subject.encode(_one(x))
    before = _predict(subject, inputs)
    effects: list[CausalEffect] = []
    for column in columns:
        if on_step is not None:
            on_step(len(effects), len(columns))
        with hotfix(subject, threshold=FLAG_NOTHING, columns=[column]):
            after = _predict(subject, inputs)
        effects.append(CausalEffect(column, before.label, before.confidence, after.label, after.confidence))
    if on_step is not None:
        on_step(len(effects), len(columns))
    return tuple(effects)


def _check_subject(subject: Any) -> None:
    if not isinstance(subject, Subject):
        raise InputError("The first argument is a subject, as `load` gives it.")


def _one(x: Any) -> Any:
    """The input in a list of one. Raises `InputError` for a list of several or none."""
    if not isinstance(x, list):
        return x
    if len(x) != 1 or isinstance(x[0], list):
        raise InputError("One input is looked at at a time: pass it as it is, and call it again for each other one.")
    return x[0]


def _run(subject: Subject, inputs: dict[str, Tensor]) -> Pass:
    with capture(subject.model) as maps:
        prediction = _predict(subject, inputs)
    if any(len(layer) != 1 for layer in maps.layers):
        raise InputError(
            f"{subject.name} cuts an input into windows that attend separately, which can't be shown as one map yet."
        )
    return Pass(prediction, AttentionTrace(tuple(layer[0].float() for layer in maps.layers)))


def _predict(subject: Subject, inputs: dict[str, Tensor]) -> Prediction:
    with torch.no_grad():
        logits = subject.model(**inputs).logits
    return Prediction(logits[0].float().softmax(-1), subject.labels)


def _flags(
    subject: Subject, fix: Fix, empty: tuple[Tensor, ...], threshold: float | None, by_hand: Sequence[Column]
) -> Flags:
    if threshold is None:
        threshold = subject.detector.threshold if subject.detector is not None else 1.0
    scores = tuple(None if score is None else score[0].float() for score in fix.scores)
    flagged = tuple(none if layer is None else layer[0] for none, layer in zip(empty, fix.flagged, strict=True))
    flags = Flags(scores, flagged, threshold)
    # What neither reaches the threshold nor was chosen by hand is a part of what a flagged column led to.
    return replace(
        flags, followed=frozenset(column for column in flags.columns if not flags.reaches(column)) - set(by_hand)
    )
