"""Choose watched layers, threshold and benign reference of a detector for records, on records it was not trained on.

No label is needed. What counts is how many discriminated records the fix cures, against how many predictions it changes
that no protected attribute decides. The model's own mean attention is one candidate for the benign reference, but where
the model is biased that mean is biased too: tuning finds that out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..attention import FLAG_NOTHING, hotfix
from ..detector.reference import KINDS, ReferenceKind
from ..detector.trained import TrainedDetector
from ..subjects.record import record_schema
from ..subjects.record_schema import Record
from ..subjects.subject import Subject
from .attribute_flips import ExhaustiveFlips, predictions
from .tuning import WORTH_A_LAYER, Setting, Tuned

MISSED = (0.2, 0.1, 0.02)  # shares of the hits that may score below the thresholds that are tried


@dataclass(frozen=True)
class FlipChoice(Setting):
    """One setting that was tried.

    Attributes:
        watched: numbers of the watched layers.
        reference: how much attention a flagged column keeps.
        threshold: the score from which on a column is flagged.
        cured: the share of discrimination that it takes away, over all protected attributes.
        benign_changed: the share of the other records whose prediction it changes.
    """

    cured: float
    benign_changed: float

    @property
    def merit(self) -> float:
        """What is cured, less what is changed."""
        return self.cured - self.benign_changed


def tune_on_flips(detector: TrainedDetector, subject: Subject, records: Sequence[Record]) -> Tuned:
    """Pick reference and threshold, then drop watched layers as long as the merit falls by less than `WORTH_A_LAYER`.

    Layers are dropped and not added one by one, because an attribute is only shut out when no path is left to it.

    Args:
        detector: watches all layers that may be picked.
        subject: a model for records.
        records: people that it was not trained on. Where no one is discriminated against, no layer is watched.

    Returns:
        The detector as it was chosen, and all settings that were tried.
    """
    flips = ExhaustiveFlips.of(record_schema(subject), records)
    inputs = subject.encode(flips.versions)
    before = predictions(subject, inputs)
    hijacked = flips.changes(before)
    affected = hijacked.any(axis=1)
    if not affected.any() or not detector.watched:
        return Tuned.of(detector, None)
    scores = _protected_scores(subject, detector, records, hijacked)

    def judge(watched: tuple[int, ...], references: Sequence[ReferenceKind]) -> list[FlipChoice]:
        columns = [detector.watched.index(layer) for layer in watched]
        round_ = []
        for threshold in sorted({float(np.quantile(scores[:, columns].min(axis=1), share)) for share in MISSED}):
            for reference in references:
                with hotfix(
                    subject.model, replace(detector, watched=watched, threshold=threshold, reference=reference)
                ):
                    after = predictions(subject, inputs)
                left = flips.changes(after).sum() / hijacked.sum()
                changed = (flips.originals(after) != flips.originals(before))[~affected]
                round_.append(
                    FlipChoice(
                        watched, reference, threshold, 1.0 - float(left), float(changed.sum() / max(1, len(changed)))
                    )
                )
        return round_

    tried = judge(detector.watched, KINDS)
    best = max(tried, key=lambda choice: choice.merit)
    while len(best.watched) > 1:
        fewer = [
            judge(tuple(kept for kept in best.watched if kept != layer), [best.reference]) for layer in best.watched
        ]
        tried += [choice for round_ in fewer for choice in round_]
        candidate = max((choice for round_ in fewer for choice in round_), key=lambda choice: choice.merit)
        if candidate.merit < best.merit - WORTH_A_LAYER:
            break
        best = candidate
    return Tuned.of(detector, best, tried)


def _protected_scores(
    subject: Subject, detector: TrainedDetector, records: Sequence[Record], hijacked: np.ndarray
) -> np.ndarray:
    """How high each watched layer scores the columns that hijack a record: `float64 [hits, watched layers]`.

    A hit is an attribute that changes a record's prediction; the head that scores it lowest counts, because a single
    head that is left alone carries the attribute on.
    """
    schema = record_schema(subject)
    keys = torch.tensor([schema.key(attribute.name) for attribute in schema.protected])
    affected = hijacked.any(axis=1)
    inputs = subject.encode([records[index] for index in np.flatnonzero(affected).tolist()])
    with torch.no_grad(), hotfix(subject.model, detector, threshold=FLAG_NOTHING) as fix:
        subject.model(**inputs)
    layers = [score[:, :, keys].amin(1) for score in fix.scores if score is not None]  # [affected, attributes]
    scores: np.ndarray = torch.stack(layers, -1).double().numpy()[hijacked[affected]]
    return scores
