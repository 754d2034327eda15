"""The sample record subject: what its cards claim, in the library and on the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

import atpatch_core as atpatch
from atpatch_core.debugging.attribute_flips import ExhaustiveFlips, predictions
from atpatch_core.evaluation.fairness import evaluate_fairness
from atpatch_core.evaluation.record_data import LabelledRecords, read_labelled_records
from atpatch_core.inspection.what_if import what_if
from atpatch_core.subjects.record import record_schema
from atpatch_core.subjects.record_schema import Record

from .cli.conftest import Finished, refuse, run

__all__ = ["refuse", "run"]

FOLDER = Path(__file__).resolve().parents[2] / "sample_models" / "adult-tabular-sex"


@pytest.fixture(scope="module")
def subject() -> atpatch.Subject:
    return atpatch.load(FOLDER)


@pytest.fixture(scope="module")
def data(subject: atpatch.Subject) -> LabelledRecords:
    return read_labelled_records(FOLDER / "eval" / "records.parquet", record_schema(subject), subject.labels)


@pytest.fixture(scope="module")
def decided(subject: atpatch.Subject, data: LabelledRecords) -> list[Record]:
    """Records whose answer changes with the other sex."""
    flips = ExhaustiveFlips.of(record_schema(subject), data.records[:300])
    changes = flips.changes(predictions(subject, subject.encode(flips.versions)))[:, 0]
    return [record for record, changed in zip(data.records, changes.tolist(), strict=False) if changed]


def test_the_evaluation_data_are_two_thousand_records_with_their_fields(
    subject: atpatch.Subject, data: LabelledRecords
) -> None:
    assert len(data) == 2_000
    assert tuple(data.records[0]) == record_schema(subject).names
    assert set(data.labels.tolist()) == {0, 1}


def test_the_hotfix_takes_the_discrimination_by_sex_away_and_leaves_the_accuracy(
    subject: atpatch.Subject, data: LabelledRecords
) -> None:
    result = evaluate_fairness(subject, data)
    sex = result.attributes["sex"]
    assert sex.idr_before.value > 0.2
    assert sex.idr_reduction.value >= 0.95
    assert result.accuracy_drop.value <= 0.002
    assert abs(sex.spd_after.value) < abs(sex.spd_before.value)
    assert "race" in result.attributes


def test_one_record_is_inspected_field_by_field(subject: atpatch.Subject, decided: list[Record]) -> None:
    result = atpatch.inspect(subject, decided[0])
    assert result.layout.key_names == ("[CLS]", *record_schema(subject).names)
    assert {result.layout.key_names[column.key] for column in result.flags.columns} <= {"sex", "race"}
    assert any(result.layout.key_names[column.key] == "sex" for column in result.flags.columns)
    flip = next(one for one in what_if(subject, decided[0]) if one.attribute == "sex")
    assert flip.original.index != result.original.prediction.index
    assert flip.patched.index == result.patched.prediction.index


def test_the_model_is_as_it_was_after_the_hotfix(subject: atpatch.Subject, decided: list[Record]) -> None:
    def answers() -> torch.Tensor:
        with torch.no_grad():
            logits: torch.Tensor = subject.model(**subject.encode(decided)).logits
        return logits

    before = answers()
    with atpatch.hotfix(subject):
        repaired = answers()
    assert not torch.equal(before, repaired)
    assert torch.equal(before, answers())


def test_the_command_line_inspects_a_record_in_a_file(
    run: Callable[..., Finished], subject: atpatch.Subject, decided: list[Record], tmp_path: Path
) -> None:
    path = tmp_path / "person.json"
    path.write_bytes(subject.adapter.write(decided[0]))
    result = run("inspect", FOLDER, path, "--json").json
    assert {one["name"] for one in result["flagged"]} >= {"sex"}
    table = tmp_path / "person.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(decided[0]))
        writer.writeheader()
        writer.writerow(decided[0])
    assert run("inspect", FOLDER, table, "--json").json["before"] == result["before"]


def test_the_command_line_judges_fairness_on_its_own_and_on_other_data(
    run: Callable[..., Finished], tmp_path: Path
) -> None:
    rows = pq.read_table(FOLDER / "eval" / "records.parquet").slice(0, 200).to_pylist()
    path = tmp_path / "people.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    result = run("evaluate", FOLDER, "--data", path, "--json").json
    assert result["n"] == 200
    assert set(result["attributes"]) == {"sex", "race"}
    assert set(result["attributes"]["sex"]["idr_after"]) == {"value", "low", "high", "n"}
    table = run("evaluate", FOLDER, "--data", path)
    assert "individual discrimination rate" in table.out.replace("\n", " ")
    without = run("evaluate", FOLDER, "--data", path, "--threshold", "2", "--json").json
    assert without["changed"]["value"] == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"age": 5}, "age is 5"),
        ({"sex": "Other"}, "does not know"),
        ({"label": "maybe"}, "label"),
        ({"label": None}, "label"),
    ],
)
def test_unusable_data_are_refused_in_one_sentence(
    refuse: Callable[..., str], tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    row = pq.read_table(FOLDER / "eval" / "records.parquet").slice(0, 1).to_pylist()[0]
    path = tmp_path / "people.json"
    path.write_text(json.dumps([{**row, **change}]))
    assert sentence in refuse("evaluate", FOLDER, "--data", path)


def test_triggers_are_refused_for_records(refuse: Callable[..., str]) -> None:
    own = FOLDER / "eval" / "records.parquet"
    assert "no trigger" in refuse("evaluate", FOLDER, "--triggered", own, "--target", ">50K")


def test_a_folder_whose_schema_is_gone_or_another_models_is_refused(tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(FOLDER, copy)
    schema = copy / "records.json"
    schema.write_text(schema.read_text(encoding="utf-8").replace('"Female",', ""), encoding="utf-8")
    with pytest.raises(atpatch.SubjectError, match="records"):
        atpatch.load(copy)


def test_a_detector_of_other_weights_is_refused(subject: atpatch.Subject) -> None:
    from atpatch_core.detector.storage import load_detector
    from atpatch_core.subjects.loading import check_made_for

    detector = load_detector(FOLDER / "atpatch")
    check_made_for(detector, subject.model)
    with pytest.raises(atpatch.DetectorError):
        check_made_for(replace(detector, fingerprint="another"), subject.model)
