"""Train a detector from what is known about a subject, in a process of its own that outlives the one that started it.

sources.py    what a detector learns from: labels of annotators, debugging sets, or both
learning.py   from sources to a detector
contract.py   what was asked for, and what a training has to tell beside what any job has
epochs.py     what it learnt, epoch by epoch, in a file
store.py      trainings on disk, on top of `atpatch_core/jobs/`: start, watch, cancel
process.py    what the training's own process does
"""

from __future__ import annotations

from ..jobs import State
from .contract import Request, Status, Training
from .learning import learn
from .sources import STORE, Sources
from .store import TrainingStore

__all__ = ["STORE", "Request", "Sources", "State", "Status", "Training", "TrainingStore", "learn"]
