"""Which records a sample model, its detector and their judges see: nobody sees another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atpatch_core.evaluation.record_data import LabelledRecords

TRAINING = 30_000
PAIRS = 1_200
TUNING = 600
HELD_OUT = 5_000
_SPLIT_SEED = 0  # the same for all recipes, so that they are judged on the same people


@dataclass(frozen=True)
class RecordSplit:
    """Disjoint parts of the data: for the model, for the debugging set, to tune on, and to judge on."""

    training: LabelledRecords
    pairs: LabelledRecords
    tuning: LabelledRecords
    held_out: LabelledRecords

    @property
    def defender(self) -> LabelledRecords:
        """All records that whoever debugs the model has."""
        labels = np.concatenate([self.pairs.labels, self.tuning.labels])
        return LabelledRecords([*self.pairs.records, *self.tuning.records], labels)


def split_records(data: LabelledRecords) -> RecordSplit:
    """Draw the parts."""
    order = np.random.default_rng(_SPLIT_SEED).permutation(len(data))
    parts = np.split(order, np.cumsum([TRAINING, PAIRS, TUNING, HELD_OUT]))
    return RecordSplit(*(data.take(part) for part in parts[:-1]))
