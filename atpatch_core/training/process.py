"""What the process of a training does: learn, keep the version, and say how far it is and what became of it."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType

from sklearn.metrics import roc_auc_score

from ..attention import attention_layers
from ..detector.learning_curve import Epoch
from ..detector.trained import TrainedDetector
from ..errors import AtPatchError, TrainingError
from ..files.json_files import read_object
from ..machine import leave_cores_free
from ..subjects.detector_versions import check_name, save_version
from ..subjects.loading import load
from .contract import Request, State, Status
from .learning import learn, stages
from .store import KILLED, write_json

_EVERY = 0.3  # seconds between two reports


class _StopError(BaseException):
    """The training is to end; no handler of ordinary errors may take it."""


def run(folder: Path) -> State:
    """Do a training.

    Args:
        folder: holds its request; progress and result are written there.

    Returns:
        How it ended.

    Raises:
        TrainingError: there is no training in the folder.
    """
    try:
        request = Request.from_data(read_object(folder / "request.json"))
        status = Status.from_data(read_object(folder / "status.json"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{folder} holds no training: start one on the Detector page.") from error
    return _Run(folder, status).work(request)


class _Run:
    def __init__(self, folder: Path, status: Status) -> None:
        self.folder, self.status = folder, status
        self.weights: dict[str, float] = {}
        self.reported = 0.0

    def work(self, request: Request) -> State:
        signal.signal(signal.SIGTERM, _stop)
        try:
            self.report()
            leave_cores_free()
            subject = load(request.subject)
            self.weights = stages(len(attention_layers(subject.model)))
            detector = learn(subject, request.sources, request.settings, self.step, self.epoch)
            self.check()
            # From here on it is kept whole: to cancel is too late now.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            check_name(request.subject, request.version)
            save_version(detector, request.subject, request.version, request.notes)
            self.end(State.DONE, auroc=_area(detector))
        except _StopError:
            cancelled = (self.folder / "cancel").exists()
            self.end(State.CANCELLED if cancelled else State.FAILED, problem=None if cancelled else KILLED)
        except AtPatchError as error:
            self.end(State.FAILED, problem=str(error))
        except MemoryError:
            self.end(State.FAILED, problem="There is not enough memory for this training: learn from fewer inputs.")
        except Exception:
            logging.getLogger(__name__).exception("A training failed.")
            self.end(State.FAILED, problem=f"Something went wrong that should not: {self.folder / 'log'} says what.")
        return self.status.state

    def step(self, stage: str, done: int, total: int) -> None:
        self.check()
        before = sum(list(self.weights.values())[: list(self.weights).index(stage)]) if stage in self.weights else 0.0
        reached = (before + self.weights.get(stage, 0.0) * done / max(1, total)) / sum(self.weights.values())
        if stage == "training the detector":  # from labels there is only this stage
            reached = done / max(1, total)
        changed = stage != self.status.stage
        self.status = replace(self.status, stage=stage, progress=max(self.status.progress, min(reached, 0.99)))
        if changed or time.monotonic() - self.reported >= _EVERY:
            self.report()

    def epoch(self, epoch: Epoch) -> None:
        with (self.folder / "epochs.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(epoch)) + "\n")

    def check(self) -> None:
        if (self.folder / "cancel").exists():
            raise _StopError

    def report(self) -> None:
        self.status = replace(self.status, process=os.getpid(), changed=time.time())
        write_json(self.folder / "status.json", self.status.as_data())
        self.reported = time.monotonic()

    def end(self, state: State, problem: str | None = None, auroc: float | None = None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        progress = 1.0 if state is State.DONE else self.status.progress
        self.status = replace(self.status, state=state, problem=problem, auroc=auroc, progress=progress)
        self.report()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _StopError


def _area(detector: TrainedDetector) -> float | None:
    held_out = detector.history.get("held_out", {})
    truth, scores = held_out.get("over_attended", []), held_out.get("scores", [])
    return float(roc_auc_score(truth, scores)) if 0 < sum(truth) < len(truth) else None
