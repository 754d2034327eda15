"""What a model answers to many inputs, as it is or repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..attention import hotfix
from ..detector.contract import ColumnDetector
from ..subjects.subject import Subject

BATCH = 250  # inputs in one forward


def answers(subject: Subject, inputs: Sequence[Any], detector: ColumnDetector | None = None) -> np.ndarray:
    """The numbers of the most probable classes, int64 `[n]`, of the model as it is or while `detector` repairs it."""
    found = [np.empty(0, dtype=np.int64)]
    with torch.no_grad():
        for start in range(0, len(inputs), BATCH):
            batch = subject.encode(list(inputs[start : start + BATCH]))
            if detector is None:
                logits = subject.model(**batch).logits
            else:
                with hotfix(subject.model, detector):
                    logits = subject.model(**batch).logits
            found.append(logits.argmax(-1).numpy())
    return np.concatenate(found)
