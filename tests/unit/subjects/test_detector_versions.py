"""Versions beside a model: kept whole, activated at once, rolled back."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from atpatch_core.detector.networks import PerHead
from atpatch_core.detector.storage import load_detector, save_detector
from atpatch_core.detector.trained import TrainedDetector
from atpatch_core.errors import DetectorError
from atpatch_core.subjects import detector_versions as versions

WEIGHTS = "ab" * 32


def _detector(threshold: float = 0.5, made_for: str = WEIGHTS) -> TrainedDetector:
    return TrainedDetector(
        "per-head", {0: PerHead(2, 5)}, (torch.rand(2, 5, 5),) * 2, "mean", threshold, (0,), made_for
    )


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model folder with a shipped detector (threshold .5) and two further versions (.25 and .75)."""
    save_detector(_detector(), tmp_path / "atpatch")
    versions.save_version(_detector(0.25), tmp_path, "v1", "first labels")
    versions.save_version(_detector(0.75), tmp_path, "v2")
    return tmp_path


def test_a_saved_version_is_listed_but_not_active(model: Path) -> None:
    found = versions.list_versions(model)
    assert [(one.name, one.active, one.notes) for one in found] == [
        ("shipped", True, "Came with the model."),
        ("v1", False, "first labels"),
        ("v2", False, ""),
    ]
    assert load_detector(found[1].folder).threshold == 0.25


def test_activation_and_rolling_back(model: Path) -> None:
    assert versions.can_roll_back(model) is None
    for name in ("v1", "v2", "v2"):
        versions.activate(model, name, WEIGHTS)
        assert versions.active_version(model) == name
    folder = versions.active_folder(model)
    assert folder is not None
    assert load_detector(folder).threshold == 0.75
    assert versions.roll_back(model, WEIGHTS) == "v1"
    assert versions.roll_back(model, WEIGHTS) == "shipped"
    assert versions.active_folder(model) == model / "atpatch"
    with pytest.raises(DetectorError, match="nothing to roll back"):
        versions.roll_back(model, WEIGHTS)


@pytest.mark.parametrize("name", ["v3", "../v1", "", "v1/..", ".hidden", "x" * 65])
def test_an_unknown_version_is_refused(model: Path, name: str) -> None:
    with pytest.raises(DetectorError):
        versions.activate(model, name, WEIGHTS)
    assert versions.active_version(model) == "shipped"


@pytest.mark.parametrize("name", ["v1", "shipped", "../x", "a b", "", "x" * 65, "v."])
def test_a_name_that_is_taken_or_cannot_be_is_refused(model: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in model.rglob("*") if path.is_file()}
    with pytest.raises(DetectorError):
        versions.save_version(_detector(), model, name)
    assert {path: path.read_bytes() for path in model.rglob("*") if path.is_file()} == before


def _break_weights(folder: Path) -> None:
    (folder / "detector.safetensors").write_bytes(b"x")


def _change_weights(folder: Path) -> None:
    settings = json.loads((folder / "detector.json").read_text())
    (folder / "detector.json").write_text(json.dumps(settings | {"model": "cd" * 32}))


@pytest.mark.parametrize("damage", [_break_weights, _change_weights])
def test_a_version_that_cannot_be_used_does_not_become_active(model: Path, damage: Callable[[Path], None]) -> None:
    damage(model / "atpatch" / "versions" / "v1")
    with pytest.raises(DetectorError):
        versions.activate(model, "v1", WEIGHTS)
    assert versions.active_version(model) == "shipped"


@pytest.mark.parametrize("content", ["", "[]", '{"version": "gone"}', '{"version": 5, "before": "x"}', "{"])
def test_a_damaged_choice_leaves_the_shipped_detector_active(model: Path, content: str) -> None:
    (model / "atpatch" / "active.json").write_text(content)
    assert versions.active_version(model) == "shipped"
    assert versions.can_roll_back(model) is None
    versions.activate(model, "v1", WEIGHTS)
    assert versions.active_version(model) == "v1"


def test_the_label_of_a_version_changes_with_its_files(model: Path) -> None:
    first = versions.version_label(model, "v1")
    assert first.startswith("v1 ")
    assert first == versions.version_label(model, "v1") != versions.version_label(model, "v2")
    save_detector(_detector(0.3), model / "atpatch" / "versions" / "v1")
    assert versions.version_label(model, "v1") != first


def test_without_a_detector_there_is_no_version(tmp_path: Path) -> None:
    assert versions.list_versions(tmp_path) == ()
    assert versions.active_folder(tmp_path) is None


def test_a_reader_never_sees_a_half_made_choice(model: Path) -> None:
    done = threading.Event()
    seen: set[str | None] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(versions.active_version(model))

    reader = threading.Thread(target=read)
    versions.activate(model, "v1", WEIGHTS)
    reader.start()
    for _ in range(50):
        versions.activate(model, "v2", WEIGHTS)
        versions.activate(model, "v1", WEIGHTS)
    done.set()
    reader.join()
    assert seen <= {"v1", "v2"}
    assert seen


def test_what_a_killed_process_left_half_written_is_no_version_and_is_cleared_away(model: Path) -> None:
    folder = model / "atpatch" / "versions"
    for name, age in ((".writing-old", 7_200), (".writing-new", 0)):
        (folder / name).mkdir()
        (folder / name / "detector.json").write_text("{}")
        os.utime(folder / name, (time.time() - age,) * 2)
    assert [one.name for one in versions.list_versions(model)] == ["shipped", "v1", "v2"]
    versions.save_version(_detector(), model, "v3")
    assert sorted(path.name for path in folder.iterdir()) == [".writing-new", "v1", "v2", "v3"]
