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
    found = np.zeros(len(inputs), dtype=np.int64)
    with torch.no_grad():
        for chosen in batches(inputs):
            batch = subject.encode([inputs[place] for place in chosen])
            if detector is None:
                logits = subject.model(**batch).logits
            else:
                with hotfix(subject.model, detector):
                    logits = subject.model(**batch).logits
            found[chosen] = logits.argmax(-1).numpy()
    return found


def batches(inputs: Sequence[Any]) -> list[list[int]]:
    """The places of `inputs` in batches; texts of about the same length together, to spend little on padding."""
    order = sorted(range(len(inputs)), key=lambda place: len(inputs[place]) if isinstance(inputs[place], str) else 0)
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
