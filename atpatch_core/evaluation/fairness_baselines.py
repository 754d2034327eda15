"""What else could be done about a biased model, to compare the hot-fix with on the same records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..detector.trained import TrainedDetector
from ..subjects.record_schema import Record
from ..subjects.subject import Subject
from .defences.catalogue import ATPATCH, record_defences
from .defences.contract import Defence, DefenderData, Suspects
from .fairness import Answering
from .record_data import LabelledRecords


def baselines(
    subject: Subject, detector: TrainedDetector, clean: LabelledRecords, seed: int = 0
) -> dict[str, Answering]:
    """Everything that the hot-fix of a detector is compared with, by name.

    Args:
        subject: the model that all of it starts from.
        detector: trained for it.
        clean: the records the defender has, the very ones that the detector was made from.
        seed: where all randomness comes from; 0 by default.
    """
    own, have = replace(subject, detector=detector), DefenderData(clean, 0.0, seed)
    methods = {name: method for name, method in record_defences(own).items() if name != ATPATCH}
    return {name: _answering(own, method.prepare(own, have)) for name, method in methods.items()}


def _answering(subject: Subject, defence: Defence) -> Answering:
    def answer(records: list[Record]) -> np.ndarray:
        return defence.predict(subject, Suspects(records, (), np.empty(0))).labels

    return answer
