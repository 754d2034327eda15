"""Trainings on disk: start one, watch it, cancel it, from any process on this machine.

    FOLDER/locks/KEY       held by the process that trains KEY (same model, same sources); holds the training's id
    FOLDER/ID/request.json what was asked for
    FOLDER/ID/status.json  how far it is, replaced as a whole
    FOLDER/ID/epochs.jsonl one line an epoch
    FOLDER/ID/cancel       it was asked to stop
    FOLDER/ID/log          what its process wrote

The lock is one of the operating system (`flock`), handed to the training's process when it starts: it is let go when
that process ends, however it ends, so that it can't be left behind, and a training whose lock is not held is dead.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import limits
from ..detector.learning_curve import Epoch
from ..errors import TrainingError
from ..files.content import read_bytes
from ..files.damaged import DamagedError, OversizeError
from ..files.json_files import parse_json, read_object
from ..files.values import mapping, number, text, whole
from ..files.whole_files import write_whole_text
from ..subjects.detector_versions import check_name
from .contract import Request, State, Status, Training

DEFAULT_FOLDER = Path(".atpatch") / "trainings"
KILLED = "The training was ended from outside before it was done, maybe for lack of memory: start it again."
_KEPT = 40  # trainings that are remembered
_EPOCH_FIELDS = 10
_LONGEST_NAME = 200  # characters
_PATIENCE = 0.5  # seconds; a process that only looks holds a lock for a moment
_ENDING = 20.0  # seconds; a process whose training is over still has to tidy up
_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class TrainingStore:
    """The trainings on disk. Every method raises `TrainingError` when the disk refuses.

    Attributes:
        folder: where they are; `.atpatch/trainings` by default.
    """

    folder: Path = DEFAULT_FOLDER

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
        try:
            return self._start(request)
        except OSError as error:
            raise TrainingError(
                f"The training can't be started ({error.strerror or 'the disk refused'}): make room and try again."
            ) from error

    def get(self, training: str) -> Training | None:
        """The training with this id, as it is now."""
        folder = self.folder / training
        if not _is_id(training) or not folder.is_dir():
            return None
        try:
            request = Request.from_data(_read(folder / "request.json"))
            status = Status.from_data(_read(folder / "status.json"))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if status.state is State.RUNNING and not self._holds(request.key, training):
            # It may have come to its end between the two looks.
            with suppress(OSError, ValueError, TypeError, KeyError):
                status = Status.from_data(_read(folder / "status.json"))
            if status.state is State.RUNNING and (folder / "cancel").exists():
                status = replace(status, state=State.CANCELLED)
            elif status.state is State.RUNNING:
                status = replace(status, state=State.FAILED, problem=KILLED)
        return Training(training, request, status)

    def trainings(self, subject: Path | None = None) -> tuple[Training, ...]:
        """All trainings that are remembered, of one model or of all, the latest first."""
        names = sorted((path.name for path in self._folders()), reverse=True)
        found = [training for training in map(self.get, names) if training is not None]
        if subject is None:
            return tuple(found)
        wanted = subject.resolve()
        return tuple(training for training in found if training.request.subject.resolve() == wanted)

    def epochs(self, training: str) -> tuple[Epoch, ...]:
        """Every epoch of a training so far."""
        if not _is_id(training):
            return ()
        try:
            lines = read_bytes(self.folder / training / "epochs.jsonl", limits.JSON.bytes).splitlines()
        except (OSError, OversizeError):
            return ()
        found = []
        for line in lines:
            with suppress(ValueError, TypeError, KeyError):  # the last one may be half written
                found.append(_epoch(mapping(parse_json(line), _EPOCH_FIELDS)))
        return tuple(found)

    def cancel(self, training: str) -> None:
        """Stop a training; nothing of it is kept. One that is over stays as it is."""
        found = self.get(training)
        if found is None or found.over:
            return
        try:
            (self.folder / training / "cancel").touch()
        except OSError as error:
            raise TrainingError(f"The training can't be stopped ({error.strerror}): try again.") from error
        if found.status.process is not None and self._holds(found.request.key, training):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(found.status.process, signal.SIGTERM)

    def _start(self, request: Request) -> Training:
        (self.folder / "locks").mkdir(parents=True, exist_ok=True)
        lock = os.open(self._lock(request.key), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not self._locked(lock):
                raise TrainingError("The same training is running already: wait for it, or cancel it.")
            asked = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-"
            folder = Path(tempfile.mkdtemp(dir=self.folder, prefix=asked))
            os.ftruncate(lock, 0)
            os.write(lock, folder.name.encode())
            now = time.time()
            status = Status(State.RUNNING, began=now, changed=now)
            write_json(folder / "request.json", request.as_data())
            write_json(folder / "status.json", status.as_data())
            self._drop_oldest()
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "atpatch_core", "run-training", str(folder.resolve())],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(lock,),
                    start_new_session=True,  # what ends the app's terminal does not end the training
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(_search_path())},
                )
        finally:
            os.close(lock)
        # Its end has to be waited for, or it stays in the process table while the app runs.
        threading.Thread(target=process.wait, daemon=True, name=f"training-{folder.name}").start()
        return Training(folder.name, request, status)

    def _lock(self, key: str) -> Path:
        return self.folder / "locks" / key

    def _locked(self, lock: int) -> bool:
        """Take the lock, unless a training that is not over has it."""
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = self.get(os.pread(lock, 200, 0).decode(errors="replace"))
                ending = holder is not None and holder.over
                if time.monotonic() - began > (_ENDING if ending else _PATIENCE):
                    return False
                time.sleep(0.02)
            else:
                return True

    def _holds(self, key: str, training: str) -> bool:
        """Whether the process of this training is alive."""
        try:
            lock = os.open(self._lock(key), os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.read(lock, 200) == training.encode()
        finally:
            os.close(lock)
        return False

    def _folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if _is_id(path.name) and path.is_dir()]

    def _drop_oldest(self) -> None:
        for path in sorted(self._folders())[:-_KEPT]:
            training = self.get(path.name)
            if training is None or training.over:
                shutil.rmtree(path, ignore_errors=True)


def write_json(file: Path, value: Mapping[str, Any]) -> None:
    """Replace a file as a whole. Raises `OSError`."""
    write_whole_text(file, json.dumps(value, indent=1) + "\n")


def _epoch(values: Mapping[str, Any]) -> Epoch:
    """An epoch from a line of JSON; a loss that is no number any more is one. Raises `ValueError`, `KeyError`."""
    if set(values) != {entry.name for entry in fields(Epoch)}:
        raise DamagedError("It is no epoch.")
    loss = values["loss"]
    return Epoch(
        network=text(values["network"], _LONGEST_NAME),
        number=whole(values["number"]),
        of=whole(values["of"]),
        loss=loss if isinstance(loss, float) else number(loss),
        auroc=None if values["auroc"] is None else number(values["auroc"], 0, 1),
    )


def _is_id(name: str) -> bool:
    return name[:1].isdigit() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def _read(file: Path) -> dict[str, Any]:
    return read_object(file)


def _search_path() -> list[str]:
    return [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
