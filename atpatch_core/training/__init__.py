"""Train a detector from what is known about a subject, in a process of its own that outlives the one that started it.

sources.py    what a detector learns from: labels of annotators, debugging sets, or both
learning.py   from sources to a detector
contract.py   what was asked for, how far it is, what became of it
store.py      trainings on disk: start, watch, cancel
process.py    what the training's own process does
"""

from __future__ import annotations

from .contract import Request, State, Status, Training
from .learning import learn
from .sources import STORE, Sources
from .store import TrainingStore

__all__ = ["STORE", "Request", "Sources", "State", "Status", "Training", "TrainingStore", "learn"]
