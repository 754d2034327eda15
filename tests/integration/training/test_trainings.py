"""Trainings in processes of their own: they outlive whoever starts them, and end as a whole version or as none."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

import atpatch_core as atpatch
from atpatch_core.errors import DetectorError, TrainingError
from atpatch_core.subjects.detector_versions import list_versions, load_version
from atpatch_core.subjects.fingerprint import fingerprint
from atpatch_core.training import STORE, Request, Sources, State, Training, TrainingStore
from atpatch_core.training.learning import Settings

PATIENCE = 300
FORK = get_context("fork")


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _over(store: TrainingStore, training: Training) -> Training:
    found: list[Training] = []

    def look() -> bool:
        one = store.get(training.id)
        assert one is not None
        found.append(one)
        return one.over

    _wait(look)
    return found[-1]


def _names(model: Path) -> list[str]:
    return [one.name for one in list_versions(model)]


def _request(model: Path, labels: str, version: str = "labels-1") -> Request:
    return Request(model, Sources(labels=(labels,)), Settings(false_positive_rate=0.1), version, "what ada saw")


def _started_elsewhere(store: TrainingStore, request: Request) -> Training | None:
    """Start in a process that ends at once."""
    process = FORK.Process(target=store.start, args=(request,))
    process.start()
    process.join()
    found = store.trainings(request.subject)
    return found[0] if found else None


def _fingerprint(model: Path) -> str:
    return fingerprint(atpatch.load(model).model)


def test_a_training_outlives_who_started_it_and_becomes_a_version(model: Path, labels: str, tmp_path: Path) -> None:
    store = TrainingStore(tmp_path / "trainings")
    request = _request(model, labels)
    begun = _started_elsewhere(store, request)
    assert begun is not None
    assert begun.request == request
    assert _names(model) == ["shipped"]
    done = _over(TrainingStore(tmp_path / "trainings"), begun)  # as after a restart
    assert done.status.state is State.DONE, (done.status, (store.folder / done.id / "log").read_text())
    assert done.status.progress == 1
    assert done.status.auroc is not None
    made = list_versions(model)[1]
    assert (made.name, made.active, made.notes) == ("labels-1", False, "what ada saw")
    detector = load_version(model, "labels-1", _fingerprint(model))
    assert detector.watched == (0,)
    assert detector.history["labelled_inputs"] == 24
    held_out = detector.history["held_out"]
    assert [len(held_out[name]) for name in ("inputs", "over_attended", "scores")] == [24] * 3
    assert sum(held_out["over_attended"]) == 8
    epochs = store.epochs(begun.id)
    assert {one.network for one in epochs} == {
        "layer 0",
        *(f"layer 0, without part {part} of 3" for part in (1, 2, 3)),
    }
    last = [one for one in epochs if one.number == one.of]
    first = [one for one in epochs if one.number == 1]
    assert len(last) == len(first) == 4
    assert all(end.loss < start.loss for start, end in zip(first, last, strict=True))
    assert all((one.auroc is None) == (one.network == "layer 0") for one in epochs)
    assert not list((model / "atpatch" / "versions").glob(".writing-*"))


def test_the_same_training_runs_once_and_a_cancelled_one_leaves_nothing(
    model: Path, labels: str, tmp_path: Path
) -> None:
    store = TrainingStore(tmp_path / "trainings")
    outcomes = FORK.SimpleQueue()

    def start(number: int) -> None:
        try:
            outcomes.put(store.start(_request(model, labels, f"v{number}")).id)
        except TrainingError as error:
            outcomes.put(str(error))

    processes = [FORK.Process(target=start, args=(number,)) for number in range(6)]
    for one in processes:
        one.start()
    said = [outcomes.get() for _ in processes]
    for one in processes:
        one.join()
    refused = [one for one in said if "running already" in one]
    assert len(refused) == 5, said
    (running,) = store.trainings(model)
    assert not running.over
    with pytest.raises(TrainingError, match="choose another name"):
        store.start(
            Request(model, Sources(labels=(labels, STORE)), Settings(), running.request.version)
        )  # other sources, same name
    _wait(lambda: len(store.epochs(running.id)) > 3)
    store.cancel(running.id)
    stopped = _over(store, running)
    assert (stopped.status.state, stopped.status.problem) == (State.CANCELLED, None)
    assert _names(model) == ["shipped"]
    again = store.start(_request(model, labels, running.request.version))
    store.cancel(again.id)
    assert _over(store, again).status.state is State.CANCELLED
    assert _names(model) == ["shipped"]


def test_a_killed_training_is_told_from_a_running_one_and_leaves_no_version(
    model: Path, labels: str, tmp_path: Path
) -> None:
    store = TrainingStore(tmp_path / "trainings")
    begun = store.start(_request(model, labels))
    _wait(lambda: len(store.epochs(begun.id)) > 3)
    running = store.get(begun.id)
    assert running is not None
    assert running.status.process is not None
    left = running.seconds_left(time.time())
    assert left is None or left >= 0
    os.kill(running.status.process, signal.SIGKILL)
    dead = _over(store, begun)
    assert dead.status.state is State.FAILED
    assert "ended from outside" in (dead.status.problem or "")
    assert _names(model) == ["shipped"]
    again = store.start(_request(model, labels))
    assert not again.over
    seen = store.get(begun.id)
    assert seen is not None
    assert seen.over  # the lock is held, but by another one
    store.cancel(again.id)
    _over(store, again)


def test_what_cannot_be_learnt_is_said_in_a_sentence(model: Path, tmp_path: Path) -> None:
    store = TrainingStore(tmp_path / "trainings")
    empty = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    failed = _over(store, store.start(_request(model, empty)))
    assert failed.status.state is State.FAILED
    assert failed.status.problem == "Nothing is labelled yet for this model: submit answers on the Label page first."
    with pytest.raises(DetectorError, match="name"):
        store.start(_request(model, empty, "../x"))
