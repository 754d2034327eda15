"""Labelled records from CSV, JSON and Parquet, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atpatch_core.errors import InputError
from atpatch_core.evaluation.record_data import (
    LabelledRecords,
    read_labelled_records,
    read_people,
    write_labelled_records,
)
from atpatch_core.subjects.record_schema import CategoryField, NumberField, Protected, RecordSchema

SCHEMA = RecordSchema(
    (NumberField("age", 17, 90, (30,), 40), CategoryField("sex", ("Female", "Male"), "Male")),
    (Protected("sex", ("Male",)),),
    ">50K",
)
LABELS = ("<=50K", ">50K")
DATA = LabelledRecords([{"age": 20, "sex": "Male"}, {"age": 70, "sex": "Female"}], np.array([1, 0]))


def _rows() -> list[dict[str, object]]:
    return [{**record, "label": LABELS[label]} for record, label in zip(DATA.records, DATA.labels, strict=True)]


def _same(read: LabelledRecords) -> bool:
    return read.records == DATA.records and read.labels.tolist() == DATA.labels.tolist()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_labelled_records(DATA, LABELS, tmp_path / "people.parquet")
    assert _same(read_labelled_records(tmp_path / "people.parquet", SCHEMA, LABELS))


def test_csv_and_json_hold_the_same_with_names_or_numbers_of_classes(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text(json.dumps(_rows()))
    with (tmp_path / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "sex", "age"])
        writer.writerows([[1, "Male", 20], [0, "Female", 70]])
    for name in ("people.json", "people.csv"):
        assert _same(read_labelled_records(tmp_path / name, SCHEMA, LABELS))


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([{"age": 20, "sex": "Male"}], "needs a column label"),
        ([{"age": 20, "sex": "Male", "label": "rich"}], "'rich'"),
        ([{"age": 20, "sex": "Male", "label": 2}], "Row 1 has a label 2 that"),
        ([{"age": 20, "sex": "Male", "label": True}], "has a label True that"),
        ([{"age": 200, "sex": "Male", "label": 1}] * 2, "Row 1: age is 200.* 1 other row"),
        ([{"age": 20, "label": 1}], "lacks sex"),
        ([{"age": 20, "sex": "Male", "race": "A", "label": 1}], "race"),
    ],
)
def test_unusable_rows_are_refused(tmp_path: Path, rows: list[dict[str, object]], sentence: str) -> None:
    path = tmp_path / "people.json"
    path.write_text(json.dumps(rows))
    with pytest.raises(InputError, match=sentence):
        read_labelled_records(path, SCHEMA, LABELS)


def test_missing_empty_and_damaged_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1 not really")
    pq.write_table(pa.table({"age": pa.array([], pa.int64())}), tmp_path / "empty.parquet")
    (tmp_path / "people.txt").write_text("age")
    for name, sentence in (
        ("missing.csv", "no records at"),
        ("people.txt", "no records at"),
        ("damaged.parquet", "no readable Parquet"),
        ("empty.parquet", "holds no records"),
    ):
        for read in (lambda path: read_labelled_records(path, SCHEMA, LABELS), lambda path: read_people(path, SCHEMA)):
            with pytest.raises(InputError, match=sentence):
                read(tmp_path / name)


def test_people_are_read_with_and_without_labels(tmp_path: Path) -> None:
    write_labelled_records(DATA, LABELS, tmp_path / "labelled.parquet")
    pq.write_table(pa.Table.from_pylist(DATA.records), tmp_path / "bare.parquet")
    (tmp_path / "unknown.json").write_text(json.dumps([{**row, "label": "whatever"} for row in DATA.records]))
    for name in ("labelled.parquet", "bare.parquet", "unknown.json"):
        assert read_people(tmp_path / name, SCHEMA) == DATA.records


def test_sound_rows_are_kept_and_every_other_one_is_told(tmp_path: Path) -> None:
    rows = [*_rows(), {"age": 200, "sex": "Male", "label": 1}, {"age": 20, "sex": "Male", "label": "rich"}, _rows()[0]]
    (tmp_path / "people.json").write_text(json.dumps(rows))
    with (tmp_path / "people.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["age", "sex", "label"])
        writer.writeheader()
        writer.writerows(rows)
    for name in ("people.json", "people.csv"):
        read = read_labelled_records(tmp_path / name, SCHEMA, LABELS)
        assert read.records == [*DATA.records, DATA.records[0]]
        assert read.labels.tolist() == [1, 0, 1]
        assert [one.row for one in read.left_out] == [3, 4]
        assert "Row 3: age is 200" in read.left_out[0].reason
        assert "Row 4 has a label" in read.left_out[1].reason
        assert "'rich'" in read.left_out[1].reason
        people = read_people(tmp_path / name, SCHEMA)
        assert len(people) == 4
        assert [one.row for one in people.left_out] == [3]


def test_a_row_that_parquet_can_not_give_is_left_out(tmp_path: Path) -> None:
    sexes = pa.array([b"Male", b"M\xff", b"Female"]).view(pa.string())
    path = tmp_path / "people.parquet"
    pq.write_table(pa.table({"age": [20, 30, 70], "sex": sexes, "label": [1, 1, 0]}), path)
    read = read_labelled_records(path, SCHEMA, LABELS)
    assert _same(read)
    assert read.left_out[0].reason == "Row 2 has a wrong sex. It is no text in UTF-8."


@pytest.mark.parametrize("text", ["4_0", "\u0664\u0660", "0x28", "40.00000000000000000001", "4e-1", "--40"])
def test_a_number_is_what_is_written_or_none(text: str) -> None:
    with pytest.raises(InputError, match="not a whole number"):
        SCHEMA.parse({"age": text, "sex": "Male"})


@pytest.mark.parametrize("text", [" 40 ", "+40", "40.0", "4e1", "400e-1", "040"])
def test_a_number_may_be_written_in_several_ways(text: str) -> None:
    assert SCHEMA.parse({"age": text, "sex": "Male"})["age"] == 40
