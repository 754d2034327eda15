"""What a killed dashboard left half-written in any of its folders is gone when the next one starts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, cast

import pytest

from pages.shared.left_behind import swept_at_start
from tests.support.asynchronous import run_apart

_LEFT = f".writing-{'0' * 16}"


def test_all_folders_are_swept_once_and_nothing_else_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("models", "uploads", "trainings", "jobs", "debug-sets", "scratch"):
        (tmp_path / name).mkdir()
    for variable, name in (
        ("ATPATCH_MODELS", "models"),
        ("ATPATCH_UPLOADS", "uploads"),
        ("ATPATCH_TRAININGS", "trainings"),
        ("ATPATCH_JOBS", "jobs"),
        ("ATPATCH_DEBUG_SETS", "debug-sets"),
    ):
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    places = [
        "uploads",
        "trainings/20260101-one",
        "jobs/20260101-one",
        "debug-sets/one",
        "debug-sets/one/triggers",
        "models/one",
        "models/one/atpatch",
        "models/one/atpatch/versions",
        "models/one/atpatch/versions/v1",
    ]
    for place in places:
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / _LEFT).write_text("half")
        (tmp_path / place / "kept").write_text("whole")
    (tmp_path / "scratch" / f"atpatch-writing-{'0' * 16}").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / _LEFT).write_text("not ours to look into")
    (tmp_path / "models" / "link").symlink_to(elsewhere)

    async def live() -> None:
        async with swept_at_start(cast(Any, None)):
            pass

    run_apart(live())
    left = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*writing-*")]
    assert left == [f"elsewhere/{_LEFT}"]
    assert all((tmp_path / place / "kept").read_text() == "whole" for place in places)


def test_folders_that_are_not_there_need_no_sweeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ATPATCH_MODELS", "ATPATCH_UPLOADS", "ATPATCH_TRAININGS", "ATPATCH_JOBS", "ATPATCH_DEBUG_SETS"):
        monkeypatch.setenv(variable, str(tmp_path / "nowhere"))

    async def live() -> None:
        async with swept_at_start(cast(Any, None)):
            pass

    run_apart(live())
