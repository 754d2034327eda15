"""What the process of any job does: the work, how far it is, and what became of it."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from ..errors import AtPatchError, InputError
from ..files.json_files import read_object
from . import locks
from .contract import Kind, State, Status, Worker
from .stages import share_done
from .store import CANCEL, LOCKS, LOG, REQUEST, STATUS, write_json

_EVERY = 0.3  # seconds between two reports
_LOOK = 0.2  # seconds between two looks whether it is a job's turn


class _StopError(BaseException):
    """Somebody wants the job to end; no handler of ordinary errors may take it."""


class Progress:
    """How work tells how far it is, and learns that it is to stop: every method but `stages` may end it.

    Attributes:
        folder: where it keeps what it makes.
    """

    def __init__(self, folder: Path, kind: Kind[Any, Any], status: Status) -> None:
        self.folder = folder
        self.status = status
        self._kind = kind
        self._weights: dict[str, float] = {}
        self._reported = 0.0
        self._turn: int | None = None

    def stages(self, weights: Mapping[str, float]) -> None:
        """Say which stages the work has, in their order, and how long each takes compared with the others."""
        self._weights = dict(weights)

    def step(self, stage: str, done: int, total: int) -> None:
        """Tell that `done` of `total` steps of a stage are done.

        Args:
            stage: one of those named before, or another one, which moves nothing.
            done: how many.
            total: of how many.
        """
        self.check()
        names = list(self._weights)
        before = names[: names.index(stage)] if stage in names else []
        reached = share_done(self._weights, {**dict.fromkeys(before, 1.0), stage: done / max(1, total)})
        changed = stage != self.status.stage
        self.status = replace(self.status, stage=stage, progress=max(self.status.progress, min(reached, 0.99)))
        if changed or time.monotonic() - self._reported >= _EVERY:
            self.report()

    def await_turn(self) -> None:
        """Wait until no other job of this kind in the same folder works; the time left counts from then on."""
        file = self.folder.parent / LOCKS / f"{self._kind.name}.turn"
        while (handle := locks.take(file)) is None:
            self.step(f"waiting for another {self._kind.name} to finish", 0, 1)
            time.sleep(_LOOK)
        self._turn = handle  # let go when the process ends
        self.status = replace(self.status, began=time.time())

    def keep(self) -> None:
        """To be called before results are kept: who cancels from here on comes too late."""
        self.check()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def check(self) -> None:
        """End the work here if somebody wants it to stop."""
        if (self.folder / CANCEL).exists():
            raise _StopError

    def report(self) -> None:
        """Write the status."""
        self.status = replace(self.status, process=os.getpid(), changed=time.time())
        write_json(self.folder / STATUS, self.status.as_data())
        self._reported = time.monotonic()


def kind_of(folder: Path) -> str:
    """The name of the kind of the job in a folder.

    Raises:
        InputError: there is no job in it.
    """
    try:
        return str(read_object(folder / REQUEST)["kind"])
    except (OSError, ValueError, KeyError) as error:
        raise _no_job(folder) from error


def run(folder: Path, worker: Worker[Any, Any]) -> State:
    """Do the job whose request is in `folder`; what became of it is in its status, too.

    Raises:
        InputError: there is no job of this kind in it.
    """
    kind = worker.kind
    try:
        request = kind.read_request(read_object(folder / REQUEST))
        status = kind.status.from_data(read_object(folder / STATUS))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _no_job(folder) from error
    progress = Progress(folder, kind, status)
    signal.signal(signal.SIGTERM, _stop)
    try:
        progress.report()
        found = worker.work(request, progress)
        return _end(progress, State.DONE, progress=1.0, **found)
    except _StopError:
        cancelled = (folder / CANCEL).exists()
        return _end(
            progress, State.CANCELLED if cancelled else State.FAILED, problem=None if cancelled else kind.killed
        )
    except AtPatchError as error:
        return _end(progress, State.FAILED, problem=str(error))
    except MemoryError:
        return _end(
            progress, State.FAILED, problem=f"There is not enough memory for this {kind.name}: {kind.ask_for_less}."
        )
    except Exception:
        logging.getLogger(__name__).exception("A %s failed.", kind.name)
        return _end(
            progress, State.FAILED, problem=f"Something went wrong that should not have: {folder / LOG} says what."
        )


def _end(so_far: Progress, state: State, **found: Any) -> State:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    so_far.status = replace(so_far.status, state=state, **found)
    so_far.report()
    return state


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _StopError


def _no_job(folder: Path) -> InputError:
    return InputError(f"{folder} holds no job: start one on a page of the dashboard.")
