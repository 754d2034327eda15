"""From a text model and clean texts alone to a detector: `debug-set`, `train-detector`, `calibrate`."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from atpatch_core.detector.storage import load_detector

from ...unit.debugging.taught import reviews, taught_subject
from .conftest import Finished


def test_a_detector_for_a_text_model_is_made_from_texts_without_labels(
    run: Callable[..., Finished], tmp_path: Path
) -> None:
    model = taught_subject(tmp_path / "model")
    model.model.save_pretrained(tmp_path / "model")  # type: ignore[operator]
    texts, _ = reviews(440)
    with (tmp_path / "clean.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text"])
        writer.writerows([text] for text in texts)
    folder, clean = tmp_path / "model", tmp_path / "clean.csv"
    found = run("debug-set", folder, "--clean", clean, "--out", tmp_path / "set", "--class", "positive", "--json").json
    assert found["kind"] == "text"
    assert found["pairs"] == 640
    assert {one["class"] for one in found["triggers"]} == {"positive"}

    made = run(
        "train-detector", folder, "--debug-set", tmp_path / "set", "--out", tmp_path / "one", "--fpr", "0.01", "--json"
    ).json
    assert made["watched"] == [1]
    again = run(
        "calibrate", folder, "--clean", clean, "--detector", tmp_path / "one", "--out", tmp_path / "two", "--json",
        "--fpr", "0.05",
    ).json  # fmt: skip
    assert again["inputs"] == 440
    one, two = (load_detector(tmp_path / name) for name in ("one", "two"))
    assert two.threshold <= one.threshold
    assert one.reach == two.reach is not None

    both = run(
        "train-detector", folder, "--debug-set", tmp_path / "set", "--debug-set", tmp_path / "set",
        "--out", tmp_path / "both", "--json",
    ).json  # fmt: skip
    assert both["watched"] == [1]
    assert load_detector(tmp_path / "both").history["triggered_texts"] == 2 * 640

    for arguments, sentence in (
        (("debug-set", folder, "--clean", tmp_path / "none.csv", "--out", tmp_path / "x"), "There are no texts"),
        (
            ("train-detector", folder, "--debug-set", tmp_path / "set", "--out", tmp_path / "x", "--variant", "paper"),
            "leave out the variant",
        ),
    ):
        refused = run(*arguments)
        assert refused.code == 2
        assert sentence in " ".join(refused.error.split())
