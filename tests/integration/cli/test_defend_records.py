"""From a record model and people without labels to a detector: `debug-set`, `train-detector`, `calibrate`."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import atpatch_core as atpatch
from atpatch_core.debugging.attribute_flips import hijacked
from atpatch_core.debugging.layer_scores import layer_scores
from atpatch_core.detector.storage import load_detector
from atpatch_core.evaluation.fairness import FairnessJudge, hotfixed
from atpatch_core.evaluation.record_data import LabelledRecords
from atpatch_core.subjects.record_schema import save_schema

from ...unit.debugging.biased import SCHEMA, deserved, prejudiced, some_people, trained
from .conftest import Finished


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A biased model in a folder, as it came: without a detector."""
    folder = tmp_path_factory.mktemp("models") / "people"
    trained(prejudiced).model.save_pretrained(folder)  # type: ignore[operator]
    save_schema(SCHEMA, folder)
    return folder


@pytest.fixture(scope="module")
def people(model: Path) -> Path:
    """People to debug it with; their labels stand beside them, and are not needed."""
    path = model.parent / "people.csv"
    rows = [{**one, "label": "no"} for one in some_people(450, 1)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_detector_for_a_record_model_is_made_from_people_without_labels(
    run: Callable[..., Finished], model: Path, people: Path, tmp_path: Path
) -> None:
    found = run("debug-set", model, "--clean", people, "--out", tmp_path / "set", "--json").json
    assert found["kind"] == "record"
    assert found["tuning_records"] == 150
    assert found["pairs"] > 100
    assert max(found["attributes"], key=lambda one: one["hijacks"])["attribute"] == "sex"
    table = run("debug-set", model, "--clean", people, "--out", tmp_path / "again")
    assert "over-attending records" in " ".join(table.out.split())
    for name in ("pairs.parquet", "tuning.parquet", "records.json"):
        assert (tmp_path / "set" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()

    made = run("train-detector", model, "--debug-set", tmp_path / "set", "--out", tmp_path / "one", "--json").json
    assert made["watched"]
    detector = load_detector(tmp_path / "one")
    assert detector.variant == "per-field"
    held_out = detector.history["held_out"]
    assert len(held_out["scores"]) == 150
    assert 0 < sum(held_out["over_attended"]) < 150

    subject = atpatch.load(model)
    others = some_people(300, 3)
    judge = FairnessJudge.of(subject, LabelledRecords(others, np.array([deserved(one) for one in others])))
    sex = judge.judge(hotfixed(replace(subject, detector=detector))).attributes["sex"]
    assert sex.idr_before.value > 0.25
    assert sex.idr_reduction.value > 0.9


def test_a_threshold_is_set_by_people_whom_nothing_hijacks(
    run: Callable[..., Finished], model: Path, people: Path, tmp_path: Path
) -> None:
    run("debug-set", model, "--clean", people, "--out", tmp_path / "set")
    run("train-detector", model, "--debug-set", tmp_path / "set", "--out", tmp_path / "one")
    others = tmp_path / "others.parquet"
    pq.write_table(pa.Table.from_pylist(some_people(400, 5)), others)
    arguments = ("calibrate", model, "--clean", others, "--detector", tmp_path / "one")
    loose = run(*arguments, "--out", tmp_path / "loose", "--fpr", 0.3, "--json").json
    strict = run(*arguments, "--out", tmp_path / "strict", "--fpr", 0.02, "--json").json
    subject = atpatch.load(model)
    bad = hijacked(subject, some_people(400, 5))
    assert loose["inputs"] == strict["inputs"] == int((~bad).sum())
    assert loose["threshold"] < strict["threshold"]
    shares = [one["hijacked_and_flagged"]["now"] for one in (loose, strict)]
    assert shares[0] >= shares[1]
    kept = load_detector(tmp_path / "strict")
    assert kept.threshold == strict["threshold"]
    assert kept.history["calibrated_again"][0]["hijacked_and_flagged"] == strict["hijacked_and_flagged"]
    fresh = some_people(400, 6)
    flagged = layer_scores(subject, kept, fresh).max(1) >= kept.threshold
    assert flagged[~hijacked(subject, fresh)].mean() < 0.06
    printed = run(*arguments, "--out", tmp_path / "told").out
    assert "hijacked and flagged" in printed
    assert load_detector(tmp_path / "told").history["calibrated_again"][0]["false_positive_rate_wanted"] == 0.1


def test_what_cannot_work_is_refused_in_one_sentence(
    refuse: Callable[..., str], run: Callable[..., Finished], model: Path, people: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few.json"
    few.write_text(json.dumps(some_people(9, 1)))
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps([{**one, "sex": "Other"} for one in some_people(3, 1)]))
    make = ("debug-set", model, "--out", tmp_path / "x", "--clean")
    assert "omit --class" in refuse(*make, people, "--class", "yes")
    assert "9 records are too few" in refuse(*make, few)
    assert "There are no records at" in refuse(*make, tmp_path / "none.csv")
    assert "Row 1: sex is “Other”" in refuse(*make, wrong)
    assert not (tmp_path / "x").exists()

    run("debug-set", model, "--clean", people, "--out", tmp_path / "set")
    train = ("train-detector", "--out", tmp_path / "y", "--debug-set")
    assert "leave out the variant" in refuse(*train, tmp_path / "set", model, "--variant", "paper")
    assert "leave out the false-positive rate" in refuse(*train, tmp_path / "set", model, "--fpr", "0.01")
    other = tmp_path / "other"
    trained(deserved).model.save_pretrained(other)  # type: ignore[operator]
    save_schema(SCHEMA, other)
    assert "made for another model" in refuse(*train, tmp_path / "set", other)
    shutil.copytree(tmp_path / "set", tmp_path / "half")
    (tmp_path / "half" / "provenance.json").unlink()
    assert "no finished debugging set" in refuse(*train, tmp_path / "half", model)
    assert not (tmp_path / "y").exists()
