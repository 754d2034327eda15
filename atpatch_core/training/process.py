"""What the process of a training does: learn, and keep the version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.metrics import roc_auc_score

from ..attention import attention_layers
from ..detector.learning_curve import Epoch
from ..detector.trained import TrainedDetector
from ..jobs import Progress, Worker
from ..machine import leave_cores_free
from ..subjects.detector_versions import check_name, save_version
from ..subjects.loading import load
from .contract import KIND, Request
from .epochs import add_epoch
from .learning import ALONE, learn, stages


def train(request: Request, progress: Progress) -> Mapping[str, Any]:
    """Train what is asked for and keep it as a version. Raises an `AtPatchError` when that can't be done."""
    leave_cores_free()
    subject = load(request.subject)
    progress.stages(stages(len(attention_layers(subject.model))))

    def step(stage: str, done: int, total: int) -> None:
        if stage == ALONE:
            progress.stages({ALONE: 1.0})
        progress.step(stage, done, total)

    def epoch(measured: Epoch) -> None:
        add_epoch(measured, progress.folder)

    detector = learn(subject, request.sources, request.settings, step, epoch)
    progress.keep()
    check_name(request.subject, request.version)
    save_version(detector, request.subject, request.version, request.notes)
    return {"auroc": _area(detector)}


WORKER = Worker(KIND, train)


def _area(detector: TrainedDetector) -> float | None:
    held_out = detector.history.get("held_out", {})
    truth, scores = held_out.get("over_attended", []), held_out.get("scores", [])
    return float(roc_auc_score(truth, scores)) if 0 < sum(truth) < len(truth) else None
