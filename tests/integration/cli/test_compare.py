"""`atpatch evaluate --defences ... --attacks ...`: one table of defences and attacks, and what it must refuse."""

from __future__ import annotations

import csv
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

from ..conftest import BADNETS, MODELS
from .conftest import Finished


def _write(data: LabelledImages, path: Path) -> Path:
    write_labelled_images(np.stack([as_array(image) for image in data.images]), data.labels, LABELS, path)
    return path


@pytest.fixture(scope="module")
def files(clean: LabelledImages, triggered: Triggered, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """200 images to judge on, the same with the trigger, and 200 others for the defender."""
    folder = tmp_path_factory.mktemp("data")
    inputs: Any = triggered.inputs
    return {
        "judged": _write(LabelledImages(clean.images[:200], clean.labels[:200]), folder / "judged.parquet"),
        "bad": _write(LabelledImages(inputs.images[:200], inputs.labels[:200]), folder / "corner.parquet"),
        "clean": _write(LabelledImages(clean.images[200:400], clean.labels[200:400]), folder / "clean.parquet"),
    }


def _entry(result: Any, defence: str, attack: str) -> Any:
    return next(one for one in result["table"] if (one["defence"], one["attack"]) == (defence, attack))


def test_defences_against_attacks_in_one_table(run: Callable[..., Finished], files: dict[str, Path]) -> None:
    names = "no-fix,atpatch,oracle,random-columns,always-on,painted-over"
    table, sheet = files["judged"].with_suffix(".md"), files["judged"].with_suffix(".csv")
    result = run(
        *("evaluate", BADNETS, "--data", files["judged"], "--clean", files["clean"], "--defences", names),
        *("--attacks", "badnets,corners", "--csv", sheet, "--markdown", table, "--json"),
    ).json
    assert (result["n"], result["defender_n"], result["unavailable"]) == (200, 200, {})
    assert {(one["defence"], one["attack"]) for one in result["table"]} == {
        (defence, attack) for defence in names.split(",") for attack in ("badnets", "corners")
    }
    untouched, own, bound = (_entry(result, name, "badnets") for name in ("no-fix", "atpatch", "oracle"))
    assert untouched["asr_before"]["value"] == untouched["asr_after"]["value"] >= 0.99
    assert own["excess_asr"]["value"] <= 0.02
    assert own["tpr_per_input"]["value"] >= 0.98
    assert own["recovery"]["value"] >= own["clean_accuracy_after"]["value"] - 0.05
    assert bound["excess_asr"]["value"] <= 0.02
    assert bound["cost"] is None
    assert own["cost"]["value"] > 0
    assert own["harm"]["value"] < min(
        _entry(result, name, "badnets")["harm"]["value"] for name in ("random-columns", "always-on")
    )
    assert table.read_text(encoding="utf-8").count("| atpatch |") == 2
    assert len(list(csv.DictReader(sheet.open(encoding="utf-8")))) == 12


def test_images_that_were_brought_are_judged_without_the_oracle(
    run: Callable[..., Finished], files: dict[str, Path]
) -> None:
    finished = run(
        *("evaluate", BADNETS, "--data", files["judged"], "--clean", files["clean"], "--triggered", files["bad"]),
        *("--target", "T-shirt/top", "--defences", "no-fix,atpatch"),
    )
    assert finished.code == 0, finished.error
    assert "corner turns" in finished.out
    assert "With AtPatch" in finished.out


def test_ablations_and_seeds(run: Callable[..., Finished], files: dict[str, Path]) -> None:
    result = run(
        *("evaluate", BADNETS, "--data", files["judged"], "--clean", files["clean"], "--ablations"),
        *("--attacks", "badnets", "--seeds", 2, "--json"),
    ).json
    assert result["seeds"] == [0, 1]
    assert len(result["runs"]) == 2
    names = {one["defence"] for one in result["table"]} | set(result["unavailable"])
    assert {"no-fix", "atpatch", "flagged-to-zero", "no-rescale", "all-layers", "head-mean", "fpr-5%"} <= names
    assert _entry(result, "fpr-20%", "badnets")["fpr_per_input"]["value"] > 0.05
    assert _entry(result, "atpatch", "badnets")["recovery"]["spread"] == 0


def test_what_cant_be_compared_is_refused(refuse: Callable[..., str], files: dict[str, Path], tmp_path: Path) -> None:
    data = ("evaluate", BADNETS, "--data", files["judged"])
    assert "no defence magic" in refuse(*data, "--defences", "magic")
    assert "no attack magic" in refuse(*data, "--attacks", "magic")
    assert "--clean and --csv are only for comparing" in refuse(
        *data, "--clean", files["clean"], "--csv", tmp_path / "a"
    )
    assert "--threshold is set by each defence" in refuse(*data, "--defences", "all", "--threshold", 0.5)
    assert "There is no folder" in refuse(
        *("evaluate", BADNETS, "--data", files["judged"], "--defences", "no-fix", "--attacks", "badnets"),
        *("--csv", tmp_path / "missing" / "table.csv"),
    )
    assert "on the Evaluate page" in refuse("evaluate", MODELS / "adult-tabular-sex", "--defences", "all")


def test_defences_for_texts_are_compared_in_the_same_table(run: Callable[..., Finished], tmp_path: Path) -> None:
    subject = MODELS / "reviews-minilm-badword"
    rows = pq.read_table(subject / "eval" / "texts.parquet")
    pq.write_table(rows.take(list(range(0, len(rows), len(rows) // 200))), tmp_path / "texts.parquet")
    result = run(
        *("evaluate", subject, "--data", tmp_path / "texts.parquet", "--defences", "atpatch,random-words"),
        *("--attacks", "rare-word", "--markdown", tmp_path / "table.md", "--json"),
    ).json
    assert (result["n"], result["defender_n"]) == (100, 100)
    untouched, own, other = (_entry(result, name, "rare-word") for name in ("no-fix", "atpatch", "random-words"))
    assert untouched["asr_after"]["value"] >= 0.95
    assert own["excess_asr"]["value"] <= 0.05
    assert other["excess_asr"]["value"] > own["excess_asr"]["value"]
    assert "| atpatch |" in (tmp_path / "table.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--defences", "magic"), "There is no defence magic"),
        (("--attacks", "magic"), "There is no attack magic"),
        (("--ablations",), "--ablations is for models that take images"),
    ],
)
def test_what_cannot_be_compared_for_texts_is_refused(
    run: Callable[..., Finished], options: tuple[str, ...], problem: str
) -> None:
    finished = run("evaluate", MODELS / "reviews-minilm-badword", *options)
    assert finished.code == 2
    assert problem in finished.error
