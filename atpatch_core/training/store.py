"""Trainings on disk: start one, watch it, cancel it, from any process on this machine (see `atpatch_core/jobs/`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..detector.learning_curve import Epoch
from ..errors import TrainingError
from ..jobs import JobStore
from ..jobs.store import is_id
from ..subjects.detector_versions import check_name
from .contract import KIND, Request, Status, Training
from .epochs import read_epochs

DEFAULT_FOLDER = Path(".atpatch") / "trainings"


@dataclass(frozen=True)
class TrainingStore:
    """The trainings on disk. Every method raises `TrainingError` when the disk refuses.

    Attributes:
        folder: where they are; `.atpatch/trainings` by default.
    """

    folder: Path = DEFAULT_FOLDER

    @property
    def _jobs(self) -> JobStore[Request, Status]:
        return JobStore(self.folder, KIND)

    def start(self, request: Request) -> Training:
        """Begin a training in a process of its own, which goes on when this one ends.

        Args:
            request: what to train.

        Raises:
            TrainingError: the same is running already, or another one that will have the same version.
            DetectorError: the version can't have that name.
        """
        check_name(request.subject, request.version)
        for training in self.trainings(request.subject):
            if not training.over and training.request.version == request.version:
                raise TrainingError(f"A training for the version {request.version} is running: choose another name.")
        return self._jobs.start(request)

    def get(self, training: str) -> Training | None:
        """The training with this id, as it is now."""
        return self._jobs.get(training)

    def trainings(self, subject: Path | None = None) -> tuple[Training, ...]:
        """All trainings that are remembered, of one model or of all, the latest first."""
        found = self._jobs.jobs()
        if subject is None:
            return found
        wanted = subject.resolve()
        return tuple(training for training in found if training.request.subject.resolve() == wanted)

    def epochs(self, training: str) -> tuple[Epoch, ...]:
        """Every epoch of a training so far."""
        return read_epochs(self.folder / training) if is_id(training) else ()

    def cancel(self, training: str) -> None:
        """Stop a training; nothing of it is kept. One that is over stays as it is."""
        self._jobs.cancel(training)
