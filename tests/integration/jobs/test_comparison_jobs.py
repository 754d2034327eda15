"""Comparisons in processes of their own: they outlive whoever started them, and are found again by what was asked."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

import atpatch_core as atpatch
from atpatch_core.errors import ComparisonError
from atpatch_core.evaluation.attacks import attacks_of
from atpatch_core.evaluation.comparison import compare
from atpatch_core.evaluation.comparison_data import own_file, read_file, read_upload
from atpatch_core.evaluation.comparison_request import KIND, ComparisonRequest
from atpatch_core.evaluation.comparison_result import read_comparison
from atpatch_core.evaluation.labelled import drawn
from atpatch_core.jobs import Job, JobStore, State, Status
from atpatch_core.subjects.stamp import stamp
from pages.shared.uploads import UploadStore

from ..conftest import BADNETS

PATIENCE = 300
FORK = get_context("fork")
Comparisons = JobStore[ComparisonRequest, Status]


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _over(store: Comparisons, job: Job[ComparisonRequest, Status]) -> Job[ComparisonRequest, Status]:
    found: list[Job[ComparisonRequest, Status]] = []

    def look() -> bool:
        one = store.get(job.id)
        assert one is not None
        found.append(one)
        return one.over

    _wait(look)
    return found[-1]


@pytest.fixture
def asked(badnets: atpatch.Subject, tmp_path: Path) -> ComparisonRequest:
    """A comparison of a second or two."""
    attacks = {"badnets": attacks_of(badnets)["badnets"]}
    uploads = tmp_path / "uploads"
    files = stamp(BADNETS, "shipped")
    return ComparisonRequest(
        BADNETS, "shipped", files, uploads, "", 200, attacks, ("no-fix", "atpatch", "always-on"), 0.001, 1
    )


def _start_and_hang(store: Comparisons, request: ComparisonRequest) -> None:
    store.start(request)
    time.sleep(PATIENCE)


def test_a_comparison_outlives_a_killed_app_and_is_found_again(
    badnets: atpatch.Subject, asked: ComparisonRequest, tmp_path: Path
) -> None:
    folder = tmp_path / "jobs"
    app = FORK.Process(target=_start_and_hang, args=(JobStore(folder, KIND), asked))
    app.start()
    _wait(lambda: JobStore(folder, KIND).latest(asked.key) is not None)
    app.kill()
    app.join()
    store = JobStore(folder, KIND)  # as after a restart
    running = store.latest(asked.key)
    assert running is not None
    assert not running.over
    with pytest.raises(ComparisonError, match="The same comparison is running already"):
        store.start(asked)
    done = _over(store, running)
    assert done.status.state is State.DONE, (done.status, (folder / done.id / "log").read_text())
    assert done.status.progress == 1
    data = read_file(badnets, own_file(badnets))
    found = read_comparison(folder / done.id, badnets, data, asked)
    assert found is not None
    methods = asked.methods(badnets)
    here = compare(badnets, methods, drawn(data, 200), asked.attack_functions(), None, 0.001)
    for name, answers in here.answers.items():
        for condition, one in answers.items():
            assert (one.labels == found.answers[name][condition].labels).all()
    assert [list(run.defences) for run in found.runs] == [["no-fix", "atpatch", "always-on"]]
    assert not list((folder / done.id).glob(".writing-*"))


def test_an_uploaded_file_is_compared_on_and_one_that_is_gone_is_said_to_be(
    badnets: atpatch.Subject, asked: ComparisonRequest, tmp_path: Path
) -> None:
    store = JobStore(tmp_path / "jobs", KIND)
    digest = UploadStore(asked.uploads).put(own_file(badnets).read_bytes(), "mine.parquet")
    mine = replace(asked, upload=digest, defences=("no-fix",))
    done = _over(store, store.start(mine))
    assert done.status.state is State.DONE, (done.status, (store.folder / done.id / "log").read_text())
    data = read_upload(badnets, asked.uploads, digest)
    assert read_comparison(store.folder / done.id, badnets, data, mine) is not None
    failed = _over(store, store.start(replace(mine, upload="0" * 64)))
    assert failed.status.state is State.FAILED
    assert failed.status.problem == "The file to compare on is no longer kept here: upload it again."


def test_a_cancelled_or_killed_comparison_leaves_no_result(asked: ComparisonRequest, tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs", KIND)
    long = replace(asked, count=2_000, defences=("no-fix", "strip", "patch-drop"))

    def works() -> bool:
        job = store.latest(long.key)
        return job is not None and job.status.stage == "strip"

    for end in (State.CANCELLED, State.FAILED):
        begun = store.start(long)
        _wait(works)
        running = store.get(begun.id)
        assert running is not None
        assert running.status.process is not None
        if end is State.CANCELLED:
            store.cancel(begun.id)
        else:
            os.kill(running.status.process, signal.SIGKILL)
        stopped = _over(store, begun)
        assert (stopped.status.state, stopped.status.problem) == (end, KIND.killed if end is State.FAILED else None)
        assert not (store.folder / begun.id / "comparison.json").exists()


def test_a_model_that_was_changed_meanwhile_is_not_compared(asked: ComparisonRequest, tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs", KIND)
    shutil.copytree(BADNETS, tmp_path / "model", ignore=shutil.ignore_patterns("versions", "active.json"))
    failed = _over(store, store.start(replace(asked, subject=tmp_path / "model")))
    assert (failed.status.state, failed.status.problem) == (
        State.FAILED,
        "The model's files were changed meanwhile: compare again.",
    )
