"""Jobs on disk: start one, find it again, watch it, cancel it, from any process on this machine.

    FOLDER/locks/KEY       held by the process of the job that was asked for by KEY; holds the job's id
    FOLDER/ID/request.json what was asked for
    FOLDER/ID/status.json  how far it is, replaced as a whole
    FOLDER/ID/cancel       somebody wants it to stop
    FOLDER/ID/log          what its process wrote
    FOLDER/ID/...          what it made, as its kind says

The lock is handed to the job's process when it starts: it is let go when that process ends, however it ends, so that it
can't be left behind, and a job whose lock nobody holds is dead.
"""

from __future__ import annotations

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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic

from ..files.json_files import parse_json, read_object
from ..files.values import mapping
from ..files.whole_files import write_whole_text
from . import locks
from .contract import Asked, How, Job, Kind, State

LOCKS = "locks"
REQUEST, STATUS, CANCEL, LOG = "request.json", "status.json", "cancel", "log"
_MOST_FIELDS = 100  # of a request
_PATIENCE = 0.5  # seconds; somebody who only looks holds a lock for a moment
_ENDING = 20.0  # seconds; a process whose job is over still has to tidy up
_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class JobStore(Generic[Asked, How]):
    """The jobs of one kind in a folder, which may hold others, too.

    Attributes:
        folder: where they are.
        kind: of the jobs.
    """

    folder: Path
    kind: Kind[Asked, How]

    def start(self, request: Asked) -> Job[Asked, How]:
        """Begin a job in a process of its own, which goes on when this one ends.

        Raises:
            AtPatchError: the kind's error: the same is running already, or the disk refuses.
        """
        try:
            written = json.dumps(self._as_data(request))
            self.kind.read_request(mapping(parse_json(written), _MOST_FIELDS))
        except ValueError as error:
            raise self.kind.error(
                f"What the {self.kind.name} is of can't be written down: give the model's folder a plain name."
            ) from error
        try:
            return self._start(request)
        except OSError as error:
            raise self.kind.error(
                f"The {self.kind.name} can't be started ({error.strerror or 'the disk refused'}): make room and try "
                "again."
            ) from error

    def get(self, job: str) -> Job[Asked, How] | None:
        """The job with this id, as it is now; `None` where there is none of this kind, or a damaged one."""
        folder = self.folder / job
        if not is_id(job) or not folder.is_dir():
            return None
        try:
            request_data = read_object(folder / REQUEST)
            if not self._is_mine(request_data):
                return None
            request = self.kind.read_request(request_data)
            status = self.kind.status.from_data(read_object(folder / STATUS))
            cancelled = (folder / CANCEL).exists()
            if status.state is State.RUNNING and locks.holder(self._lock(request.key)) != job:
                # It may have come to its end between the two looks.
                status = self.kind.status.from_data(read_object(folder / STATUS))
                if status.state is State.RUNNING and cancelled:
                    status = replace(status, state=State.CANCELLED)
                elif status.state is State.RUNNING:
                    status = replace(status, state=State.FAILED, problem=self.kind.killed)
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return Job(job, request, status, cancelled and status.state is State.RUNNING)

    def latest(self, key: str) -> Job[Asked, How] | None:
        """The job that was started last of those that were asked for by this key, if it is remembered."""
        job = self.get(locks.noted(self._lock(key)))
        return job if job is not None and job.request.key == key else None

    def jobs(self) -> tuple[Job[Asked, How], ...]:
        """All jobs that are remembered, the latest first."""
        names = sorted((path.name for path in self._folders()), reverse=True)
        return tuple(job for job in map(self.get, names) if job is not None)

    def cancel(self, job: str) -> None:
        """Stop a job; nothing of it is kept. One that is over stays as it is.

        Raises:
            AtPatchError: the kind's error: the disk refuses.
        """
        found = self.get(job)
        if found is None or found.over:
            return
        try:
            (self.folder / job / CANCEL).touch()
        except OSError as error:
            raise self.kind.error(f"The {self.kind.name} can't be stopped ({error.strerror}): try again.") from error
        if found.status.process is not None and locks.holder(self._lock(found.request.key)) == job:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(found.status.process, signal.SIGTERM)

    def _as_data(self, request: Asked) -> dict[str, Any]:
        return {"kind": self.kind.name, **request.as_data()}

    def _is_mine(self, request_data: Mapping[str, Any]) -> bool:
        return self.kind.formerly if "kind" not in request_data else request_data["kind"] == self.kind.name

    def _start(self, request: Asked) -> Job[Asked, How]:
        (self.folder / LOCKS).mkdir(parents=True, exist_ok=True)
        lock = self._locked(self._lock(request.key))
        try:
            asked = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-"
            folder = Path(tempfile.mkdtemp(dir=self.folder, prefix=asked))
            now = time.time()
            status = self.kind.status(State.RUNNING, began=now, changed=now)
            write_json(folder / REQUEST, self._as_data(request))
            write_json(folder / STATUS, status.as_data())
            locks.note(lock, folder.name)
            self._drop_oldest()
            with (folder / LOG).open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "atpatch_core", "run-job", str(folder.resolve())],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(lock,),
                    start_new_session=True,  # what ends the app's terminal does not end the job
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(_search_path())},
                )
        finally:
            os.close(lock)
        # Somebody has to take note of its end, or it stays in the process table while the app runs.
        threading.Thread(target=process.wait, daemon=True, name=f"{self.kind.name}-{folder.name}").start()
        return Job(folder.name, request, status)

    def _lock(self, key: str) -> Path:
        return self.folder / LOCKS / key

    def _locked(self, file: Path) -> int:
        """Take the lock, unless a job that is not over has it. Raises the kind's error."""
        began = time.monotonic()
        while (lock := locks.take(file)) is None:
            holder = self.get(locks.noted(file))
            ending = holder is not None and holder.over
            if time.monotonic() - began > (_ENDING if ending else _PATIENCE):
                raise self.kind.error(f"The same {self.kind.name} is running already: wait for it, or cancel it.")
            time.sleep(0.02)
        return lock

    def _folders(self) -> list[Path]:
        """Those of jobs of this kind, and of jobs that can't be read."""
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if is_id(path.name) and path.is_dir() and self._counts(path)]

    def _counts(self, folder: Path) -> bool:
        try:
            return self._is_mine(read_object(folder / REQUEST))
        except (OSError, ValueError):
            return True

    def _drop_oldest(self) -> None:
        for path in sorted(self._folders())[: -self.kind.kept]:
            found = self.get(path.name)
            if found is None or found.over:
                shutil.rmtree(path, ignore_errors=True)
                if found is not None:
                    locks.forget(self._lock(found.request.key), path.name)


def is_id(name: str) -> bool:
    """Whether a job could be called this."""
    return name[:1].isdigit() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def write_json(file: Path, value: Mapping[str, Any]) -> None:
    """Replace a file as a whole.

    Raises:
        OSError: the disk refuses.
    """
    write_whole_text(file, json.dumps(value, indent=1) + "\n")


def _search_path() -> list[str]:
    return [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
