"""Jobs in the background: one at a time, with progress, time left and cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from atpatch_core.errors import InputError
from pages.shared.threaded_work import Job, JobQueue, OnStep, State

PATIENCE = 20


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_progress_weighs_stages_and_tells_the_time_left() -> None:
    seen: list[tuple[float, float | None]] = []

    def work(on_step: OnStep) -> str:
        on_step("quick", 1, 1)
        seen.append((job.progress, job.seconds_left))
        on_step("slow", 1, 3)
        seen.append((job.progress, job.seconds_left))
        return "result"

    job = Job(work, {"quick": 1.0, "slow": 9.0})
    assert (job.state, job.progress, job.seconds_left) == (State.WAITING, 0.0, None)
    job.run()
    assert (job.state, job.result, job.stage) == (State.DONE, "result", "slow")
    assert [share for share, _ in seen] == pytest.approx([0.1, 0.4])
    assert all(left is not None and left >= 0 for _, left in seen)


def test_a_job_stops_at_its_next_step() -> None:
    began, go_on = threading.Event(), threading.Event()

    def work(on_step: OnStep) -> str:
        began.set()
        assert go_on.wait(PATIENCE)
        on_step("next", 1, 2)
        raise AssertionError("It should have stopped.")

    queue: JobQueue[str] = JobQueue()
    job = queue.start("one", work, {})
    assert began.wait(PATIENCE)
    waiting = queue.start("two", lambda on_step: "two", {})
    assert queue.ahead_of(waiting) == 1
    assert queue.start("two", lambda on_step: "other", {}) is waiting
    waiting.cancel()
    assert waiting.state is State.CANCELLED
    job.cancel()
    assert job.stopping
    go_on.set()
    _wait(lambda: job.over and waiting.over)
    assert (job.state, waiting.state) == (State.CANCELLED, State.CANCELLED)
    assert not job.stopping
    again = queue.start("two", lambda on_step: "again", {})
    _wait(lambda: again.over)
    assert (again.result, queue.get("two")) == ("again", again)


def test_a_failure_is_a_sentence_and_the_next_job_runs() -> None:
    def refused(on_step: OnStep) -> str:
        raise InputError("Bring more images.")

    def broken(on_step: OnStep) -> str:
        raise ZeroDivisionError

    queue: JobQueue[str] = JobQueue()
    jobs = [queue.start(name, work, {}) for name, work in (("a", refused), ("b", broken), ("c", lambda on_step: "c"))]
    _wait(lambda: jobs[-1].over)
    assert [job.state for job in jobs] == [State.FAILED, State.FAILED, State.DONE]
    assert jobs[0].problem == "Bring more images."
    assert "log" in (jobs[1].problem or "")


def test_only_the_last_few_results_are_kept() -> None:
    queue: JobQueue[int] = JobQueue()
    for number in range(12):
        job = queue.start(str(number), lambda on_step, number=number: number, {})  # type: ignore[misc]
        _wait(lambda job=job: job.over)  # type: ignore[misc]
    assert queue.get("0") is None
    last = queue.get("11")
    assert last is not None
    assert last.result == 11
