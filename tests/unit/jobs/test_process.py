"""What the process of a job writes down: how far it is, and how it ended."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from atpatch_core.errors import InputError
from atpatch_core.jobs import Job, JobStore, Progress, State, Status, Worker, locks
from atpatch_core.jobs.process import kind_of, run
from atpatch_core.jobs.store import write_json

from .conftest import SUMS, Sum

NAME = "20260101T000000.000000-x"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of a job that was asked for."""
    before = signal.getsignal(signal.SIGTERM)
    (tmp_path / "locks").mkdir()
    one = tmp_path / NAME
    one.mkdir()
    write_json(one / "request.json", {"kind": "sum", **Sum(1, 2).as_data()})
    write_json(one / "status.json", Status(State.RUNNING).as_data())
    yield one
    signal.signal(signal.SIGTERM, before)


def _job(folder: Path) -> Job[Sum, Status]:
    job = JobStore(folder.parent, SUMS).get(NAME)
    assert job is not None
    return job


def test_work_is_done_and_its_progress_goes_by_the_weights_of_its_stages(folder: Path) -> None:
    seen: list[tuple[str, float]] = []

    def work(request: Sum, progress: Progress) -> Mapping[str, Any]:
        progress.stages({"quick": 1.0, "slow": 9.0})
        for stage, done in (("quick", 1), ("slow", 1), ("unknown", 2), ("slow", 3)):
            progress.step(stage, done, 3 if stage == "slow" else 1)
            seen.append((stage, round(progress.status.progress, 6)))
        (progress.folder / "sum").write_text(str(request.one + request.other))
        return {}

    assert kind_of(folder) == "sum"
    assert run(folder, Worker(SUMS, work)) is State.DONE
    assert seen == [("quick", 0.1), ("slow", 0.4), ("unknown", 0.4), ("slow", 0.99)]
    assert (folder / "sum").read_text() == "3"
    job = _job(folder)
    assert (job.status.state, job.status.progress, job.status.process) == (State.DONE, 1.0, os.getpid())


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (InputError("Bring more."), "Bring more."),
        (MemoryError(), "There is not enough memory for this sum: add less."),
        (ZeroDivisionError(), "Something went wrong that should not have: "),
    ],
)
def test_a_failure_is_a_sentence(folder: Path, error: Exception, problem: str) -> None:
    def work(request: Sum, progress: Progress) -> Mapping[str, Any]:
        raise error

    assert run(folder, Worker(SUMS, work)) is State.FAILED
    assert (_job(folder).status.problem or "").startswith(problem)


@pytest.mark.parametrize("wanted", [True, False])
def test_who_is_told_to_stop_says_who_wanted_it(folder: Path, wanted: bool) -> None:
    def work(request: Sum, progress: Progress) -> Mapping[str, Any]:
        if wanted:
            (folder / "cancel").touch()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
        raise AssertionError("It should have stopped.")

    state = run(folder, Worker(SUMS, work))
    assert (state, _job(folder).status.problem) == ((State.CANCELLED, None) if wanted else (State.FAILED, SUMS.killed))


def test_who_cancels_what_is_being_kept_comes_too_late(folder: Path) -> None:
    def work(request: Sum, progress: Progress) -> Mapping[str, Any]:
        progress.keep()
        (folder / "cancel").touch()
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    assert run(folder, Worker(SUMS, work)) is State.DONE


def test_one_works_while_the_next_one_waits_for_its_turn(folder: Path) -> None:
    turn = locks.take(folder.parent / "locks" / "sum.turn")
    assert turn is not None
    waited = []

    def go_on() -> None:
        for _ in range(1_000):
            if "waiting for another sum" in (folder / "status.json").read_text():
                waited.append(True)
                break
            time.sleep(0.01)
        os.close(turn)

    def work(request: Sum, progress: Progress) -> Mapping[str, Any]:
        progress.await_turn()
        assert locks.take(folder.parent / "locks" / "sum.turn") is None
        return {}

    other = threading.Thread(target=go_on)
    other.start()
    began = time.time()
    assert run(folder, Worker(SUMS, work)) is State.DONE
    other.join()
    assert waited == [True]
    assert _job(folder).status.began >= began


def test_a_folder_without_a_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no job"):
        kind_of(tmp_path)
    with pytest.raises(InputError, match="holds no job"):
        run(tmp_path, Worker(SUMS, lambda request, progress: {}))
