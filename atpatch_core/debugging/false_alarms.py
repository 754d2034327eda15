"""What following a false alarm would do: how many clean answers change once a benign column is taken for an entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..attention import FLAG_NOTHING, hotfix
from ..attention.rerun import HotfixReruns
from ..attention.session import Call, Repair
from ..detector.following import Seen, column_scores, grown_from
from ..detector.trained import TrainedDetector
from ..redistribution import redistribute
from ..subjects.subject import Subject
from .answers import batches


def changed_by_false_alarms(subject: Subject, detector: TrainedDetector, inputs: Sequence[Any]) -> float:
    """The share of answers that change if the highest-scoring column of each input is flagged, whatever its score.

    Args:
        subject: the model.
        detector: with a growth; what it scores highest is what it would flag wrongly first.
        inputs: clean inputs, all of the same number of columns.

    Returns:
        0 to 1; 0 without inputs, a growth or watched layers.
    """
    growth = detector.growth
    if growth is None or not inputs or not detector.watched:
        return 0.0
    changed = 0
    for chosen in batches(inputs):
        encoded = subject.encode([inputs[place] for place in chosen])
        with torch.no_grad(), hotfix(subject.model, detector, threshold=FLAG_NOTHING) as fix:
            output = subject.model(**encoded)
        scores = {layer: score for layer, score in enumerate(fix.scores) if score is not None}
        highest = column_scores(list(scores.values()), detector)
        entry = torch.nn.functional.one_hot(highest.argmax(-1), highest.shape[-1]).bool()
        seen = Seen(scores, dict.fromkeys(scores, entry), torch.ones_like(entry), None)
        repair = Repair(detector, frozenset(detector.watched), None, (), redistribute)
        model = HotfixReruns(Call(subject.model, (), encoded), output, repair, detector)
        with torch.no_grad():
            start = model.repaired(entry, detector.watched)
            followed = grown_from(start, start.flagged, seen, detector, growth, model)
        if followed.rerun is not None:
            changed += int((followed.rerun.logits.argmax(-1) != output.logits.argmax(-1)).sum())
    return changed / len(inputs)
