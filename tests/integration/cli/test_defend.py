"""From a model and clean images alone to a detector: `debug-set`, `train-detector`, `calibrate`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atpatch_core as atpatch
from atpatch_core.detector.storage import load_detector
from atpatch_core.evaluation.datasets import LabelledImages, read_labelled_images, write_labelled_images
from atpatch_core.evaluation.evaluate import Triggered, evaluate
from atpatch_core.subjects.image_files import as_array
from sample_models.recipes.images.fashion_mnist import LABELS

from ..conftest import BADNETS, CONTROL
from .conftest import Finished


def _atpatch(*arguments: object) -> Any:
    command = [sys.executable, "-m", "atpatch_core", *map(str, arguments), "--json"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backdoored model as it came: no detector, no known trigger."""
    folder = tmp_path_factory.mktemp("models") / "stranger"
    shutil.copytree(BADNETS, folder, ignore=shutil.ignore_patterns("atpatch", "eval"))
    return folder


@pytest.fixture(scope="module")
def clean_file(badnets: atpatch.Subject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last 400 of its evaluation images."""
    whole = read_labelled_images(BADNETS / "eval" / "images.parquet", badnets.labels)
    path = tmp_path_factory.mktemp("data") / "clean.parquet"
    pixels = np.stack([as_array(image) for image in whole.images[-400:]])
    write_labelled_images(pixels, whole.labels[-400:], LABELS, path)
    return path


@pytest.fixture(scope="module")
def debugging_set(stranger: Path, clean_file: Path) -> Path:
    """Made for the one class that was suspected, to save time."""
    folder = clean_file.parent / "set"
    found = _atpatch("debug-set", stranger, "--clean", clean_file, "--out", folder, "--class", "T-shirt/top")
    assert found["pairs"] == 4_000
    assert any(one["suspicious"] and one["kind"] == "window" for one in found["triggers"])
    return folder


@pytest.fixture(scope="module")
def detector(stranger: Path, debugging_set: Path) -> Path:
    """Trained from it."""
    folder = debugging_set.parent / "detector"
    result = _atpatch("train-detector", stranger, "--debug-set", debugging_set, "--out", folder)
    assert result["watched"]
    return folder


@pytest.mark.slow
def test_a_detector_that_never_saw_the_true_trigger_repairs_the_model(
    stranger: Path, detector: Path, clean: LabelledImages, triggered: Triggered
) -> None:
    subject = atpatch.load(stranger)
    own = load_detector(detector)
    repaired = atpatch.Subject(**{**vars(subject), "detector": own})
    result = evaluate(repaired, clean, {"true": triggered})
    attack = result.attacks["true"]
    assert attack.asr_before.value > 0.99
    assert attack.excess_asr_after.value < 0.02
    assert attack.recovery.value > result.clean_accuracy_before.value - 0.05
    assert result.changed.value <= 0.005


def test_a_killed_search_resumes_and_ends_with_the_same_set(
    run: Callable[..., Finished], stranger: Path, clean_file: Path, debugging_set: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    shutil.copy(debugging_set / "search.json", folder)
    shutil.copytree(debugging_set / "triggers", folder / "triggers")
    for leftover in ("pairs.partial", "triggers/1-mask-0.partial"):
        (folder / leftover).write_bytes(b"half")
    refused = run("train-detector", stranger, "--debug-set", folder, "--out", tmp_path / "detector")
    assert refused.code == 2
    assert "no finished debugging set" in refused.error
    assert not (tmp_path / "detector").exists()
    run("debug-set", stranger, "--clean", clean_file, "--out", folder, "--class", "T-shirt/top")
    for name in ("pairs.parquet", "benign.parquet"):
        assert (folder / name).read_bytes() == (debugging_set / name).read_bytes()


def test_calibrating_moves_the_threshold_and_nothing_else(
    run: Callable[..., Finished], stranger: Path, clean_file: Path, detector: Path, tmp_path: Path
) -> None:
    result = run(
        *("calibrate", stranger, "--clean", clean_file, "--detector", detector, "--fpr", 0.05),
        *("--out", tmp_path / "loose", "--json"),
    ).json
    before, after = load_detector(detector), load_detector(tmp_path / "loose")
    assert after.threshold == result["threshold"] < before.threshold
    assert (after.watched, after.reference, after.fingerprint) == (before.watched, before.reference, before.fingerprint)
    assert after.history["calibrated_again"][0]["inputs"] == 400


def test_half_replaced_detectors_are_refused(detector: Path, tmp_path: Path) -> None:
    shutil.copytree(detector, tmp_path / "half")
    shutil.copy(BADNETS / "atpatch" / "detector.safetensors", tmp_path / "half")
    with pytest.raises(atpatch.DetectorError, match="not those its"):
        load_detector(tmp_path / "half")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("debug-set", BADNETS, "--clean", "nowhere", "--out", "{tmp}/a"), "There are no images at nowhere"),
        (("debug-set", BADNETS, "--clean", "{few}", "--out", "{tmp}/a"), "8 clean images are too few"),
        (("debug-set", BADNETS, "--clean", "{few}", "--out", "{tmp}/a", "--class", "Hat"), "no class 'Hat'"),
        (("debug-set", BADNETS, "--clean", "{clean}", "--out", "{few}"), "can't be written"),
        (("train-detector", BADNETS, "--debug-set", "{tmp}", "--out", "{tmp}/a"), "no finished debugging set"),
        (("train-detector", BADNETS, "--debug-set", "{tmp}", "--out", "{tmp}/a", "--variant", "x"), "no variant 'x'"),
        (("train-detector", BADNETS, "--debug-set", "{tmp}", "--out", "{tmp}/a", "--fpr", "2"), "between 0 and 1"),
        (("calibrate", BADNETS, "--clean", "{few}", "--out", "{tmp}/a"), "too few to bound"),
        (("calibrate", BADNETS, "--clean", "{few}", "--out", "{tmp}/a", "--detector", "{tmp}"), "holds no detector"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(
    run: Callable[..., Finished], clean_file: Path, tmp_path: Path, arguments: tuple[object, ...], sentence: str
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for number in range(8):
        shutil.copy(BADNETS.parents[1] / "assets" / "samples" / "bag.png", few / f"{number}.png")
    known = {"tmp": str(tmp_path), "few": str(few), "clean": str(clean_file)}
    if "can't be written" in sentence:
        known["few"] = str(few / "0.png")
    result = run(*(str(one).format(**known) for one in arguments))
    assert result.code == 2
    assert sentence in result.error
    assert len(result.error.strip().splitlines()) == 1


def test_a_set_for_another_model_is_refused(
    run: Callable[..., Finished], debugging_set: Path, clean_file: Path, tmp_path: Path
) -> None:
    trained = run("train-detector", CONTROL, "--debug-set", debugging_set, "--out", tmp_path / "a")
    assert trained.code == 2
    assert "made for another model" in trained.error
    searched = run("debug-set", CONTROL, "--clean", clean_file, "--out", debugging_set)
    assert searched.code == 2
    assert "of another model, seed or choice of images" in searched.error


def test_a_damaged_set_is_refused(
    run: Callable[..., Finished], stranger: Path, debugging_set: Path, tmp_path: Path
) -> None:
    shutil.copytree(debugging_set, tmp_path / "set")
    pairs = tmp_path / "set" / "pairs.parquet"
    pairs.write_bytes(pairs.read_bytes()[:500])
    result = run("train-detector", stranger, "--debug-set", tmp_path / "set", "--out", tmp_path / "a")
    assert result.code == 2
    assert "is damaged" in result.error
    assert json.loads((debugging_set / "provenance.json").read_text())["not_inverted"] == []
