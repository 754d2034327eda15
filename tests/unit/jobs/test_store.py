"""Jobs on disk: found again by what was asked for, bounded in number, and not there where they are damaged."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atpatch_core.errors import InputError
from atpatch_core.jobs import Job, JobStore, Kind, State, Status, locks
from atpatch_core.jobs.store import write_json

from .conftest import SUMS, Sum


def _over(store: JobStore[Any, Any], job: Job[Any, Any]) -> Job[Any, Any]:
    for _ in range(1_000):
        found = store.get(job.id)
        assert found is not None
        if found.over:
            return found
        time.sleep(0.01)
    raise AssertionError("It never ended.")


@pytest.mark.usefixtures("idle")
def test_a_job_is_found_again_by_what_was_asked_for(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs", SUMS)
    assert (store.latest(Sum(1, 2).key), store.jobs()) == (None, ())
    first = store.start(Sum(1, 2))
    other = store.start(Sum(3, 4))
    ended = _over(store, first)
    assert (ended.status.state, ended.status.problem) == (State.FAILED, SUMS.killed)
    _over(store, other)
    again = store.start(Sum(1, 2))
    fresh = JobStore(tmp_path / "jobs", SUMS)
    found = fresh.latest(Sum(1, 2).key)
    assert found is not None
    assert (found.id, found.request) == (again.id, Sum(1, 2))
    assert [job.id for job in fresh.jobs()] == [again.id, other.id, first.id]


@pytest.mark.usefixtures("idle")
def test_the_oldest_go_with_their_locks_and_those_of_other_kinds_stay(tmp_path: Path) -> None:
    store = JobStore(tmp_path, SUMS)
    others: JobStore[Sum, Status] = JobStore(tmp_path, replace(SUMS, name="difference"))
    strange = others.start(Sum(9, 9))
    assert store.get(strange.id) is None
    started = []
    for number in range(5):
        started.append(store.start(Sum(number, 0)))
        _over(store, started[-1])
    assert [job.id for job in store.jobs()] == [job.id for job in reversed(started[2:])]
    assert [job.id for job in others.jobs()] == [strange.id]
    assert sorted(path.name for path in (tmp_path / "locks").iterdir()) == ["20", "30", "40", "99"]
    assert store.latest(Sum(0, 0).key) is None


def _written(folder: Path, request: dict[str, Any], status: Status) -> None:
    folder.mkdir(parents=True)
    write_json(folder / "request.json", request)
    write_json(folder / "status.json", status.as_data())


def test_the_same_runs_once_and_is_told_to_stop(tmp_path: Path) -> None:
    store, name = JobStore(tmp_path, SUMS), "20260101T000000.000000-x"
    request = Sum(1, 2)
    _written(tmp_path / name, {"kind": "sum", **request.as_data()}, Status(State.RUNNING))
    (tmp_path / "locks").mkdir()
    lock = locks.take(tmp_path / "locks" / request.key)
    assert lock is not None
    locks.note(lock, name)
    with pytest.raises(InputError, match="The same sum is running already"):
        store.start(request)
    running = store.latest(request.key)
    assert running is not None
    assert (running.over, running.stopping) == (False, False)
    store.cancel(name)
    stopping = store.get(name)
    assert stopping is not None
    assert (stopping.over, stopping.stopping) == (False, True)
    os.close(lock)
    gone = store.get(name)
    assert gone is not None
    assert (gone.status.state, gone.stopping) == (State.CANCELLED, False)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("request.json", '{"kind": "sum", "one": 1}'),
        ("request.json", '{"kind": "other", "one": 1, "other": 2}'),
        ("request.json", '{"one": 1, "other": 2}'),  # of a time before kinds, and of another one
        ("request.json", "[" * 10_000),
        ("status.json", "{}"),
        ("status.json", '{"state": "asleep"}'),
        ("status.json", "\udcff"),
    ],
)
def test_a_damaged_or_foreign_job_is_not_there(tmp_path: Path, file: str, content: str) -> None:
    name = "20260101T000000.000000-x"
    _written(tmp_path / name, {"kind": "sum", "one": 1, "other": 2}, Status(State.DONE))
    store = JobStore(tmp_path, SUMS)
    assert store.get(name) is not None
    (tmp_path / name / file).write_bytes(content.encode("utf-8", "surrogateescape"))
    assert store.get(name) is None
    assert store.jobs() == ()


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    _written(tmp_path / "1", {"kind": "sum", "one": 1, "other": 2}, Status(State.DONE))
    store = JobStore(tmp_path / "jobs", SUMS)
    (tmp_path / "jobs").mkdir()
    for name in ("../1", "", ".", "/1", str(tmp_path / "1")):
        assert store.get(name) is None


def test_requests_without_a_kind_are_of_the_kind_that_was_there_first(tmp_path: Path) -> None:
    formerly: Kind[Sum, Status] = replace(SUMS, formerly=True)
    _written(tmp_path / "2026-x", {"one": 1, "other": 2}, Status(State.DONE))
    assert [job.request for job in JobStore(tmp_path, formerly).jobs()] == [Sum(1, 2)]


@pytest.mark.usefixtures("idle")
def test_what_the_disk_refuses_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"The sum can't be started \(.*\): make room and try again\."):
        JobStore(tmp_path / "file" / "jobs", SUMS).start(Sum(1, 2))
    with pytest.raises(InputError, match="can't be written down"):
        JobStore(tmp_path, SUMS).start(Sum(-1, 2))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
