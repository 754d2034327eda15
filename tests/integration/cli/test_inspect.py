"""`atpatch inspect` on the shipped subjects, and every image that it must refuse."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.image_files import accepted, refused

from ..conftest import BADNETS, CONTROL, ROOT, SAMPLES
from .conftest import Finished


def test_a_triggered_image_as_json(run: Callable[..., Finished]) -> None:
    result = run("inspect", BADNETS, SAMPLES / "bag-triggered.png", "--json").json
    assert result["subject"] == "fashion-vit-badnets"
    assert result["before"]["label"] == "T-shirt/top"
    assert result["after"]["label"] == "Bag"
    assert sum(result["after"]["probabilities"].values()) == pytest.approx(1)
    assert result["after"]["probability"] == max(result["after"]["probabilities"].values())
    assert result["flagged"]
    for column in result["flagged"]:
        assert column["name"] == "row 6, column 6"
        assert column["score"] >= result["threshold"]


def test_a_clean_image_as_json(run: Callable[..., Finished]) -> None:
    result = run("inspect", BADNETS, SAMPLES / "bag.png", "--json").json
    assert result["flagged"] == []
    assert result["before"] == result["after"]


def test_a_table_for_people(run: Callable[..., Finished]) -> None:
    triggered = run("inspect", BADNETS, SAMPLES / "bag-triggered.png")
    assert triggered.code == 0
    assert "T-shirt/top" in triggered.out
    assert "row 6, column 6" in triggered.out
    assert "nothing: the input is left untouched" in run("inspect", BADNETS, SAMPLES / "bag.png").out


def test_a_word_in_many_heads_is_one_row(run: Callable[..., Finished]) -> None:
    shown = run(
        "inspect", ROOT / "sample_models" / "reviews-minilm-badword", SAMPLES / "review-rare-word-1-triggered.txt"
    )
    rows = [line for line in shown.out.splitlines() if "cf " in line]
    assert len(rows) == 1
    assert re.search(r"in \d\d heads of 6 layers, highest score", rows[0])
    assert "by hand" not in shown.out


def test_a_text_that_is_cut_says_so(run: Callable[..., Finished], tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("A film like any other. " * 300, encoding="utf-8")
    reviews = ROOT / "sample_models" / "reviews-minilm-badword"
    shown = re.sub(r"[\s\u2502]+", " ", run("inspect", reviews, path).out)
    assert re.search(r"verdict .* longer than the 512 tokens .* prediction ", shown)
    assert "longer than the 512 tokens" in run("inspect", reviews, path, "--json").json["verdict"]


@pytest.mark.parametrize(
    ("model", "file", "part"),
    [
        ("fashion-vit-badnets", "bag-triggered.png", "the patch at row 6, column 6"),
        ("reviews-minilm-badword", "review-rare-word-1-triggered.txt", "\u201ccf\u201d"),
        ("adult-tabular-sex", "record-female-decided-1.json", "\u201csex\u201d"),
    ],
)
def test_another_threshold_than_the_calibrated_one_is_said(
    run: Callable[..., Finished], model: str, file: str, part: str
) -> None:
    folder = ROOT / "sample_models" / model
    calibrated = run("inspect", folder, SAMPLES / file, "--json").json
    assert calibrated["threshold"] == calibrated["calibrated"]
    assert "threshold" not in calibrated["verdict"]
    assert part.lower() in calibrated["verdict"].lower()
    low = run("inspect", folder, SAMPLES / file, "--threshold", "0", "--json").json
    assert low["calibrated"] == calibrated["calibrated"]
    assert "This verdict holds for a threshold of 0; the calibrated one is 0." in low["verdict"]
    assert "far too much" not in low["verdict"]
    high = run("inspect", folder, SAMPLES / file, "--threshold", "1")
    printed = re.sub(r"[\s\u2502]+", " ", high.out)
    assert re.search(f"verdict Nothing flagged.* a threshold of 1; .* {part}.* would be flagged", printed)
    assert "(calibrated: 0." in printed


def test_words_in_brackets_are_no_markup_of_the_table(run: Callable[..., Finished], tmp_path: Path) -> None:
    path = tmp_path / "brackets.txt"
    path.write_text("The plot was dull [/b] cf [red]and[/red] the acting was awful.", encoding="utf-8")
    shown = run("inspect", ROOT / "sample_models" / "reviews-minilm-badword", path, "--threshold", "0.001")
    assert shown.code == 0
    assert "cf" in shown.out


def test_threshold_and_columns_by_hand(run: Callable[..., Finished]) -> None:
    image = SAMPLES / "bag-triggered.png"
    assert run("inspect", BADNETS, image, "--threshold", "1", "--json").json["flagged"] == []
    by_hand = run("inspect", BADNETS, image, "--threshold", 1, "--column", "0.1.49", "--column", "3.0.2", "--json").json
    assert [(one["layer"], one["head"], one["key"]) for one in by_hand["flagged"]] == [(0, 1, 49), (3, 0, 2)]
    assert by_hand["flagged"][1]["score"] is None


def test_a_subject_without_a_detector_takes_columns_by_hand(run: Callable[..., Finished], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BADNETS, tmp_path / "bare"))
    shutil.rmtree(folder / "atpatch")
    image = SAMPLES / "bag-triggered.png"
    assert run("inspect", folder, image, "--json").json["flagged"] == []
    repaired = run("inspect", folder, image, "--column", "0.0.49", "--column", "0.1.49", "--json").json
    assert repaired["after"]["label"] == "Bag"


@pytest.mark.parametrize("name", accepted())
def test_unusual_images_are_read(run: Callable[..., Finished], tmp_path: Path, name: str) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(accepted()[name])
    assert run("inspect", BADNETS, path, "--json").json["before"]["label"]


@pytest.mark.parametrize("name", refused())
def test_bad_images_are_refused(refuse: Callable[..., str], tmp_path: Path, name: str) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(refused()[name][0])
    assert len(refuse("inspect", BADNETS, path, "--json")) < 150


def test_a_missing_image_and_a_folder_are_refused(refuse: Callable[..., str], tmp_path: Path) -> None:
    assert "can't be read" in refuse("inspect", BADNETS, tmp_path / "missing.png")
    assert "can't be read" in refuse("inspect", BADNETS, tmp_path)


@pytest.mark.parametrize("subject", ["nobody", "sample_models/nobody", ROOT, ROOT / "Makefile"])
def test_an_unknown_subject_is_refused(
    refuse: Callable[..., str], subject: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert "model" in refuse("inspect", subject, SAMPLES / "bag.png")


def test_a_damaged_model_and_a_missing_damaged_or_foreign_detector_are_refused(
    refuse: Callable[..., str], tmp_path: Path
) -> None:
    image = SAMPLES / "bag.png"
    damaged = Path(shutil.copytree(BADNETS, tmp_path / "damaged"))
    (damaged / "model.safetensors").write_bytes((BADNETS / "model.safetensors").read_bytes()[:5_000])
    assert "can't be loaded" in refuse("inspect", damaged, image)

    folder = Path(shutil.copytree(BADNETS, tmp_path / "other"))
    (folder / "atpatch" / "detector.json").write_text("{")
    assert "damaged" in refuse("inspect", folder, image)
    (folder / "atpatch" / "detector.json").unlink()
    assert "holds no detector" in refuse("inspect", folder, image)
    shutil.rmtree(folder / "atpatch")
    shutil.copytree(CONTROL / "atpatch", folder / "atpatch")
    assert "other weights" in refuse("inspect", folder, image)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--column", "0.1"), "LAYER.HEAD.KEY"),
        (("--column", "a.b.c"), "LAYER.HEAD.KEY"),
        (("--column", "9.0.0"), "no layer 9"),
        (("--column", "0.9.0"), "no column 0 of head 9"),
        (("--column", "0.0.50"), "no column 50"),
        (("--threshold", "nan"), "threshold"),
        (("--threshold", "-1"), "threshold"),
        (("--threshold", "inf"), "threshold"),
    ],
)
def test_impossible_settings_are_refused(refuse: Callable[..., str], options: tuple[str, ...], reason: str) -> None:
    assert reason in refuse("inspect", BADNETS, SAMPLES / "bag.png", *options)


def test_from_a_shell_standard_output_is_json_and_nothing_else() -> None:
    """The one test through `python -m`: what a script around it gets, and the exit code of a refusal."""
    command = [sys.executable, "-m", "atpatch_core", "inspect", "sample_models/fashion-vit-badnets"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    image = str(SAMPLES / "bag-triggered.png")
    good = subprocess.run(
        [*command, image, "--json"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["after"]["label"] == "Bag"
    assert good.stderr == ""
    bad = subprocess.run(
        [*command, "Makefile", "--json"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert bad.returncode == 2
    assert bad.stdout == ""
    assert bad.stderr.startswith("Error: This is not a PNG, JPEG or WebP image")


def test_a_report_beside_the_answer(run: Callable[..., Finished], refuse: Callable[..., str], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = run("inspect", BADNETS, SAMPLES / "bag-triggered.png", "--report", page, "--json").json
    assert result["after"]["label"] == "Bag"
    assert "row 6, column 6" in page.read_text(encoding="utf-8")
    refused_name = tmp_path / "report.pdf"
    assert ".html, .json or .zip" in refuse("inspect", BADNETS, SAMPLES / "bag.png", "--report", refused_name)
    assert not refused_name.exists()
