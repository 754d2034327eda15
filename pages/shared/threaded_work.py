"""Long work in a thread of its own: progress, time left, cancel, one job at a time.

A job reports through a function (stage, steps done, steps in all), which is also where it learns that it is to stop.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Generic, TypeVar

from atpatch_core.errors import AtPatchError
from atpatch_core.jobs.stages import share_done

Result = TypeVar("Result")
OnStep = Callable[[str, int, int], None]
_KEPT = 8  # jobs whose results stay in memory, for whoever comes back to one


class State(Enum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class _CancelError(Exception):
    """Thrown out of a job's own progress report."""


class Job(Generic[Result]):
    """Work with named stages; `weights` says how long each is compared with the others (unknown stages count 1)."""

    def __init__(self, work: Callable[[OnStep], Result], weights: Mapping[str, float]) -> None:
        self._work = work
        self._weights = dict(weights)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._state = State.WAITING
        self._share: dict[str, float] = {}
        self._began: float | None = None
        self.stage = ""
        self.result: Result | None = None
        self.problem: str | None = None

    @property
    def state(self) -> State:
        """Where it is now."""
        return self._state

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self._state in (State.DONE, State.CANCELLED, State.FAILED)

    @property
    def progress(self) -> float:
        """How much is done, 0 to 1."""
        with self._lock:
            return share_done({**dict.fromkeys(self._share, 1.0), **self._weights}, self._share)

    @property
    def seconds_left(self) -> float | None:
        """About how many seconds it will still take, as soon as there is a basis for it."""
        progress = self.progress
        if self._began is None or progress < 0.02:
            return None
        return (time.monotonic() - self._began) * (1 - progress) / progress

    @property
    def stopping(self) -> bool:
        """Whether it was cancelled and has not come to its next step yet, which may take seconds."""
        return self._stop.is_set() and not self.over

    def cancel(self) -> None:
        """Stop at the next step, or not begin at all."""
        with self._lock:
            self._stop.set()
            if self._state is State.WAITING:
                self._state = State.CANCELLED

    def run(self) -> None:
        """Do the work; to be called once, in the thread that is to do it."""
        with self._lock:
            if self._stop.is_set():
                return
            self._began, self._state = time.monotonic(), State.RUNNING
        try:
            self.result = self._work(self._on_step)
            self._state = State.DONE
        except _CancelError:
            self._state = State.CANCELLED
        except AtPatchError as error:
            self.problem, self._state = str(error), State.FAILED
        except Exception:
            logging.getLogger(__name__).exception("A job failed.")
            self.problem = "Something went wrong that should not have: the log of the dashboard says what."
            self._state = State.FAILED

    def _on_step(self, stage: str, done: int, total: int) -> None:
        if self._stop.is_set():
            raise _CancelError
        with self._lock:
            self.stage = stage
            self._share[stage] = done / total if total else 1.0


class JobQueue(Generic[Result]):
    """Runs jobs one after the other and remembers the last few by their key."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="atpatch-job")
        self._jobs: OrderedDict[str, Job[Result]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Job[Result] | None:
        """The job with this key, if it is remembered."""
        with self._lock:
            return self._jobs.get(key)

    def start(self, key: str, work: Callable[[OnStep], Result], weights: Mapping[str, float]) -> Job[Result]:
        """Queue some work, unless a job with this key is there that was neither cancelled nor failed.

        Args:
            key: names the job.
            work: is given a function to report (stage, done, in all) with, which ends it by an exception when the job
                is cancelled.
            weights: how long each stage takes in comparison with the others; stages not in it count 1.

        Returns:
            The new job, or the one that was there.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.state not in (State.CANCELLED, State.FAILED):
                return job
            job = self._jobs[key] = Job(work, weights)
            self._jobs.move_to_end(key)
            for old in [name for name, kept in self._jobs.items() if kept.over][: max(0, len(self._jobs) - _KEPT)]:
                del self._jobs[old]
            self._pool.submit(job.run)
        return job

    def ahead_of(self, job: Job[Result]) -> int:
        """How many jobs will be done before `job` begins."""
        with self._lock:
            jobs = list(self._jobs.values())
        return sum(1 for kept in jobs[: jobs.index(job)] if not kept.over) if job in jobs else 0
