"""`atpatch evaluate`: the documented JSON, other data and detectors, and what it must refuse."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from atpatch_core.evaluation.datasets import LabelledImages, write_labelled_images
from atpatch_core.evaluation.evaluate import Triggered
from atpatch_core.subjects.image_files import as_array
from sample_models.recipes.images.fashion_mnist import LABELS
from tests.support.image_files import grey, png

from ..conftest import BADNETS, CONTROL
from .conftest import Finished


def _write(data: LabelledImages, path: Path) -> Path:
    write_labelled_images(np.stack([as_array(image) for image in data.images]), data.labels, LABELS, path)
    return path


@pytest.fixture(scope="module")
def clean_file(clean: LabelledImages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 clean images as Parquet."""
    part = LabelledImages(clean.images[:200], clean.labels[:200])
    return _write(part, tmp_path_factory.mktemp("data") / "clean.parquet")


@pytest.fixture(scope="module")
def triggered_file(triggered: Triggered, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the trigger."""
    part = LabelledImages(triggered.inputs.images[:200], triggered.inputs.labels[:200])
    return _write(part, tmp_path_factory.mktemp("data") / "corner.parquet")


def _is_rate(value: dict[str, Any]) -> bool:
    return set(value) == {"value", "low", "high", "n"} and value["low"] <= value["value"] <= value["high"]


def test_by_default_the_subjects_own_data_and_triggers_are_used(run: Callable[..., Finished]) -> None:
    result = run("evaluate", BADNETS, "--json").json
    assert result["n"] == 2_000
    assert _is_rate(result["clean_accuracy_before"])
    assert _is_rate(result["clean_accuracy_after"])
    assert set(result["attacks"]) == {"badnets"}
    attack = result["attacks"]["badnets"]
    for name in ("asr_before", "asr_after", "clean_base_rate", "excess_asr_after", "recovery"):
        assert _is_rate(attack[name]), name
    assert attack["n"] == attack["asr_before"]["n"] < 2_000
    for name in ("auroc", "fpr_per_input", "tpr_per_input"):
        assert _is_rate(result["detector"][name]), name
    assert 0 < result["detector"]["threshold"] < 1
    # What the subject promises, on its own 2,000 images.
    assert result["clean_accuracy_before"]["value"] >= 0.87
    assert attack["asr_before"]["value"] >= 0.99
    assert attack["excess_asr_after"]["value"] <= 0.005
    assert attack["recovery"]["value"] >= result["clean_accuracy_after"]["value"] - 0.025


def test_other_clean_and_triggered_data(run: Callable[..., Finished], clean_file: Path, triggered_file: Path) -> None:
    result = run(
        "evaluate", BADNETS, "--data", clean_file, "--triggered", triggered_file, "--target", "T-shirt/top", "--json"
    ).json
    assert result["n"] == 200
    assert set(result["attacks"]) == {"corner"}
    assert result["attacks"]["corner"]["asr_before"]["value"] >= 0.98
    assert result["attacks"]["corner"]["asr_after"]["value"] <= 0.1
    table = run("evaluate", BADNETS, "--data", clean_file, "--triggered", triggered_file, "--target", "T-shirt/top")
    assert "corner: ASR after" in table.out
    assert "%" in table.out


def test_a_folder_of_images(run: Callable[..., Finished], clean: LabelledImages, tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / LABELS[clean.labels[number]].replace("/", "-")
        folder.mkdir(exist_ok=True)
        clean.images[number].save(folder / f"{number}.png")
    result = run("evaluate", BADNETS, "--data", tmp_path, "--json").json
    assert result["n"] == 20
    assert result["attacks"]["badnets"]["n"] <= 20


def test_another_detector_and_threshold(run: Callable[..., Finished], clean_file: Path) -> None:
    paper = run("evaluate", BADNETS, "--data", clean_file, "--detector", BADNETS / "atpatch" / "paper", "--json").json
    own = run("evaluate", BADNETS, "--data", clean_file, "--json").json
    assert paper["detector"]["threshold"] != own["detector"]["threshold"]
    never = run("evaluate", BADNETS, "--data", clean_file, "--threshold", 1, "--json").json
    assert never["detector"]["threshold"] == 1
    assert never["changed"]["value"] == 0
    assert never["attacks"]["badnets"]["asr_after"] == never["attacks"]["badnets"]["asr_before"]


def test_a_subject_without_a_detector_is_measured_without_fix(
    run: Callable[..., Finished], tmp_path: Path, clean_file: Path
) -> None:
    folder = Path(shutil.copytree(BADNETS, tmp_path / "bare"))
    shutil.rmtree(folder / "atpatch")
    result = run("evaluate", folder, "--data", clean_file, "--json").json
    assert result["detector"] is None
    assert result["clean_accuracy_after"] == result["clean_accuracy_before"]


def test_triggered_data_and_target_belong_together(refuse: Callable[..., str], triggered_file: Path) -> None:
    assert "belong together" in refuse("evaluate", BADNETS, "--triggered", triggered_file, "--json")
    assert "belong together" in refuse("evaluate", BADNETS, "--target", "Bag")
    assert "no class 'Hat'" in refuse("evaluate", BADNETS, "--triggered", triggered_file, "--target", "Hat")


def test_missing_and_foreign_detectors_are_refused(refuse: Callable[..., str], tmp_path: Path) -> None:
    assert "holds no detector" in refuse("evaluate", BADNETS, "--detector", tmp_path)
    assert "holds no detector" in refuse("evaluate", BADNETS, "--detector", tmp_path / "missing")
    assert "other weights" in refuse("evaluate", BADNETS, "--detector", CONTROL / "atpatch")


def test_a_subject_without_data_of_its_own_asks_for_some(refuse: Callable[..., str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BADNETS, tmp_path / "no-data"))
    shutil.rmtree(folder / "eval")
    assert "--data" in refuse("evaluate", folder)


def test_an_unknown_subject_is_refused(refuse: Callable[..., str]) -> None:
    assert "no model folder nobody" in refuse("evaluate", "nobody", "--json")


@pytest.mark.parametrize("threshold", ["nan", "-0.5"])
def test_an_impossible_threshold_is_refused(refuse: Callable[..., str], clean_file: Path, threshold: str) -> None:
    assert "threshold" in refuse("evaluate", BADNETS, "--data", clean_file, "--threshold", threshold)


def test_unusable_data_are_refused(refuse: Callable[..., str], tmp_path: Path, clean_file: Path) -> None:
    def evaluate(path: Path) -> str:
        return refuse("evaluate", BADNETS, "--data", path, "--json")

    assert "There are no images" in evaluate(tmp_path / "missing.parquet")
    assert "holds no images" in evaluate(tmp_path)
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(clean_file.read_bytes()[:2_000])
    assert "no readable Parquet" in evaluate(damaged)
    damaged.write_bytes(b"")
    assert "no readable Parquet" in evaluate(damaged)

    table = pq.read_table(clean_file).slice(0, 3)
    renamed = tmp_path / "renamed.parquet"
    pq.write_table(table.rename_columns(["picture", "label"]), renamed)
    assert "needs the columns" in evaluate(renamed)
    unknown = tmp_path / "unknown.parquet"
    pq.write_table(table.set_column(1, "label", [["Hat", "Hat", "Hat"]]), unknown)
    assert "'Hat'" in evaluate(unknown)
    broken = tmp_path / "broken.parquet"
    pq.write_table(table.set_column(0, "image", [[b"no image", png(grey())[:300], b""]]), broken)
    assert "Image 1 of broken.parquet" in evaluate(broken)


def test_a_row_that_is_not_usable_is_told_and_the_others_are_judged(
    run: Callable[..., Finished], tmp_path: Path, clean_file: Path
) -> None:
    table = pq.read_table(clean_file)
    labels = table["label"].to_pylist()
    labels[6] = "Hat"
    path = tmp_path / "some.parquet"
    pq.write_table(table.set_column(1, "label", [labels]), path)
    finished = run("evaluate", BADNETS, "--data", path, "--json")
    assert finished.json["n"] == 199
    assert "1 row was left out of 200: Image 7 of some.parquet has a label 'Hat'" in finished.error


def test_images_too_small_or_too_varied_for_the_trigger_are_refused(refuse: Callable[..., str], tmp_path: Path) -> None:
    for number, side in enumerate((28, 30)):
        (tmp_path / "Bag").mkdir(exist_ok=True)
        (tmp_path / "Bag" / f"{number}.png").write_bytes(png(grey(side, side)))
    assert "images of one size" in refuse("evaluate", BADNETS, "--data", tmp_path)
